package log_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// Two writers decide on the same revision of a boundary. The second one is told
// that the boundary has moved; the first one may append its commit again.
func Example() {
	ctx := context.Background()
	l := memlog.New()
	first := log.Commit{ID: "c-1", Boundary: "placement", Events: [][]byte{[]byte(`{"n":1}`), []byte(`{"n":2}`)}}
	second := log.Commit{ID: "c-2", Boundary: "placement", Events: [][]byte{[]byte(`{"n":3}`)}}

	position, revision, err := l.Append(ctx, first, 0)
	fmt.Println(position, revision, err)
	_, _, err = l.Append(ctx, second, 0)
	fmt.Println(errors.Is(err, log.ErrConflict))
	position, _, err = l.Append(ctx, first, 0)
	fmt.Println(position, err)

	for c, err := range l.Read(ctx, log.Position{}, log.Filter{Boundary: "placement"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, event := range c.Events {
			fmt.Printf("%v %s\n", c.Position.Event(i), event)
		}
	}
	// Output:
	// 1-0 1 <nil>
	// true
	// 1-0 <nil>
	// 1-0 {"n":1}
	// 1-1 {"n":2}
}
