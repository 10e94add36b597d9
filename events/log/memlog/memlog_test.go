package memlog_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/memlog"
)

func TestConformance(t *testing.T) {
	logtest.Run(t, func(*testing.T) log.Log { return memlog.New() })
}

func TestClock(t *testing.T) {
	at := time.Date(2022, 5, 10, 0, 0, 0, 0, time.UTC)
	l := memlog.New(memlog.WithClock(func() time.Time { at = at.Add(time.Second); return at }))
	var rev log.Revision
	for i := range 3 {
		c := log.Commit{ID: fmt.Sprint(i), Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}
		var err error
		if _, rev, err = l.Append(t.Context(), c, rev); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Recorded.Second())
	}
	if fmt.Sprint(got) != "[1 2 3]" {
		t.Errorf("recorded at seconds %v, want [1 2 3]", got)
	}
}

// Goal: the log keeps the appended bytes if the caller changes its buffers.
func TestAppendCopies(t *testing.T) {
	l := memlog.New()
	event := []byte(`{"a":1}`)
	c := log.Commit{ID: "a", Boundary: "policy", Events: [][]byte{event}}
	if _, _, err := l.Append(t.Context(), c, 0); err != nil {
		t.Fatal(err)
	}
	copy(event, "XXXXXXX")
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil || string(c.Events[0]) != `{"a":1}` {
			t.Errorf("%s, %v", c.Events[0], err)
		}
	}
}

func Example() {
	ctx := context.Background()
	l := memlog.New()
	defer l.Close()
	first := log.Commit{ID: "0190", Boundary: "placement", Events: [][]byte{[]byte(`{"type":"post.developed"}`)}}
	_, revision, _ := l.Append(ctx, first, 0)
	second := log.Commit{ID: "0191", Boundary: "placement", Events: [][]byte{[]byte(`{"type":"hire.placed"}`), []byte(`{"type":"exit.recorded"}`)}}
	l.Append(ctx, second, revision)
	for c, err := range l.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			panic(err)
		}
		for i, event := range c.Events {
			fmt.Printf("%s %s\n", c.Position.Event(i), event)
		}
	}
	// Output:
	// 1-0 {"type":"post.developed"}
	// 2-0 {"type":"hire.placed"}
	// 2-1 {"type":"exit.recorded"}
}
