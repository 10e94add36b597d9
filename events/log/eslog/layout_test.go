package eslog

import (
	"fmt"
	"testing"
	"time"

	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/events/log"
)

// TestEventLayout compares the events of a commit, with their ids, types and
// metadata, with frozen ones. Events are never written again, so every layout that
// was ever written must be readable.
func TestEventLayout(t *testing.T) {
	c := log.Commit{ID: "0190b0a5-0000", Boundary: "placement", Imported: time.Date(2022, 5, 1, 8, 30, 0, 5000, time.FixedZone("", 8*60*60)),
		Events: [][]byte{[]byte(`{"id":"1","type":"hire.placed"}`), []byte(`{"id":"2","name":"岗位"}`)}}
	list, err := encode(c)
	if err != nil {
		t.Fatal(err)
	}
	var cases []layouttest.Case
	for i, e := range list {
		cases = append(cases, layouttest.Case{Name: fmt.Sprint("event ", i),
			Text: fmt.Sprintf("%s %s %v %s %s", e.EventID, e.EventType, e.ContentType, e.Metadata, e.Data)})
	}
	layouttest.Check(t, layouttest.Form{Name: "event", Constant: layouttest.Forever, Version: []int{1}}, cases...)
}
