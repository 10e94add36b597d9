package folding

import (
	"strconv"
	"testing"

	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/timeline"
)

// TestCheckpointLayout holds the form of a checkpoint to what is frozen for the
// version of the tables, which decides whether an interrupted load goes on.
func TestCheckpointLayout(t *testing.T) {
	f := New(nil, nil)
	for _, name := range []string{"post-1", "岗位-2"} {
		*f.views.Within(len(f.posts)) = "370211102231"
		f.addPost(decoding.HashPost(name), post{name: name, facts: []byte("facts of " + name)})
	}
	f.plans = append(f.plans, planLine{key: timeline.PlanKey{Division: "370211000000", Year: 2022, Area: "rural"}, facts: []byte("plan")})
	var cases []layouttest.Case
	for i, part := range f.Checkpoint() {
		cases = append(cases, layouttest.Case{Name: "part " + strconv.Itoa(i), Bytes: part})
	}
	layouttest.Check(t, layouttest.Form{Name: "checkpoint", Constant: "readmodel.SchemaVersion", Version: []int{readmodel.SchemaVersion}}, cases...)
}
