package transfer_test

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/events/log/transfer"
)

// A log is copied, and the copy is compared by its Merkle root. A second run finds
// everything there.
func ExampleRun() {
	ctx := context.Background()
	source, target := memlog.New(), memlog.New()
	commit := log.Commit{ID: "c-1", Boundary: "placement", Events: [][]byte{[]byte(`{"n":1}`), []byte(`{"n":2}`)}}
	if _, _, err := source.Append(ctx, commit, 0); err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		report, err := transfer.Run(ctx, source, target, nil)
		fmt.Println(report.Found, report.Target.Events, report.Same(), err)
	}
	// Output:
	// 0 2 true <nil>
	// 1 2 true <nil>
}
