package eslog_test

import (
	"context"
	"fmt"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

func Example() {
	server, err := estest.Start(estest.Options{}) // any EventStoreDB can take its place
	if err != nil {
		panic(err)
	}
	defer server.Stop()
	ctx := context.Background()
	l, err := eslog.Open(ctx, server.URL())
	if err != nil {
		panic(err)
	}
	defer l.Close()

	_, revision, err := l.Append(ctx, log.Commit{
		ID:       "0190b0a5-7c1e-7a3b-9d0e-3f2a1b4c5d6e",
		Boundary: "placement",
		Events:   [][]byte{[]byte(`{"type":"hire.placed","id":"h-1"}`), []byte(`{"type":"exit.recorded","id":"x-1"}`)},
	}, 0)
	fmt.Println(revision, err)
	for c, err := range l.Read(ctx, log.Position{}, log.Filter{}) {
		fmt.Println(c.Boundary, len(c.Events), err)
	}
	// Output:
	// 2 <nil>
	// placement 2 <nil>
}
