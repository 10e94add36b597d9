package natslog_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
)

// Goal: Examine notices a setting that was changed while the log is open.
func TestExamine(t *testing.T) {
	nc := connect(t, serve(t))
	name := nuid.Next()
	o := natslog.Options{Stream: "TEST-" + name, Prefix: "test.log." + name}
	if err := natslog.Provision(t.Context(), nc, o); err != nil {
		t.Fatal(err)
	}
	l, err := natslog.Open(t.Context(), nc, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var examiner log.Examiner = l
	if err := examiner.Examine(t.Context()); err != nil {
		t.Fatal(err)
	}
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.StreamInfo(o.Stream)
	if err != nil {
		t.Fatal(err)
	}
	c := info.Config
	c.MaxAge = time.Hour
	if _, err := js.UpdateStream(&c, nats.Context(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := examiner.Examine(t.Context()); !errors.Is(err, log.ErrMisconfigured) || !strings.Contains(err.Error(), "max age") {
		t.Errorf("%v, want ErrMisconfigured for the max age", err)
	}
}
