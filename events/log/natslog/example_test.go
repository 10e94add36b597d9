package natslog_test

import (
	"context"
	"fmt"
	"os"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "muster")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	server, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		panic(err)
	}
	defer server.Shutdown()
	nc, err := server.Connect()
	if err != nil {
		panic(err)
	}
	defer nc.Close()
	if err := natslog.Provision(ctx, nc, natslog.Options{}); err != nil {
		panic(err)
	}
	l, err := natslog.Open(ctx, nc, natslog.Options{})
	if err != nil {
		panic(err)
	}
	defer l.Close()

	c := log.Commit{ID: "0190b0a5", Boundary: "placement", Events: [][]byte{[]byte(`{"type":"hire.placed"}`)}}
	if _, _, err := l.Append(ctx, c, 0); err != nil {
		panic(err)
	}
	for c, err := range l.Read(ctx, log.Position{}, log.Filter{Boundary: "placement"}) {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %s\n", c.Position, c.Events[0])
	}
	// Output: 1-0 {"type":"hire.placed"}
}
