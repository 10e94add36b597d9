package natslog

import (
	"fmt"
	"testing"
	"time"

	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/events/log"
)

// TestMessageLayout compares the message of a commit with a frozen one. Messages are
// never written again, so every layout that was ever written must be readable.
func TestMessageLayout(t *testing.T) {
	l := &driver{options: Options{Prefix: "muster.log"}}
	c := log.Commit{ID: "0190b0a5-0000", Boundary: "placement", Events: [][]byte{[]byte(`{"id":"1"}`), []byte(`{"id":"2","name":"岗位"}`)}}
	imported := c
	imported.Imported = time.Date(2022, 5, 1, 8, 30, 0, 5000, time.FixedZone("", 8*60*60))
	text := func(c log.Commit) string {
		m := l.message(c, 41, nil)
		return fmt.Sprintf("%s %v %s", m.Subject, m.Header, m.Data) // fmt prints maps in the order of their keys
	}
	layouttest.Check(t, layouttest.Form{Name: "message", Constant: layouttest.Forever, Version: []int{1}},
		layouttest.Case{Name: "live", Text: text(c)}, layouttest.Case{Name: "imported", Text: text(imported)})
}
