package eslog

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// Goal: a checkpoint that lies beyond the events sent does not prove that a commit is
// missing.
// Method: a server that sends such checkpoints.
func TestCheckpointsBeyond(t *testing.T) {
	for name, kinds := range map[string]estest.Checkpoints{
		"when going live":     {Early: true},
		"after an empty page": {EndOfLog: true},
		"over and over":       {Repeated: true, Early: true},
		"all of them":         {Zero: true, Early: true, EndOfLog: true, Repeated: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, estest.Options{Checkpoints: kinds, Others: 100})
			l := openLog(t, s)
			all := fill(t, l, 50)
			for _, from := range []int{-1, 0, 20, 48} {
				at := log.Position{}
				if from >= 0 {
					at = all[from].Position
				}
				if got, err := collect(l, t.Context(), at); err != nil || len(got) != len(all)-from-1 {
					t.Errorf("from commit %d: %d commits, %v; want %d", from, len(got), err, len(all)-from-1)
				}
			}
		})
	}
}

// Goal: a commit that is really gone is reported as damage.
// Method: the log is truncated between the beginning of the read and the
// subscription.
func TestGoneBehindCheckpoint(t *testing.T) {
	for name, behind := range map[string]int{"at the end": 0, "with others behind": 5} {
		t.Run(name, func(t *testing.T) {
			s := start(t, estest.Options{Quiet: true})
			l := openLog(t, s)
			all := fill(t, l, 10)
			s.BeforeSubscription(func() {
				s.Lose("muster-placement", uint64(all[8].Revision))
				s.Write("inventory-17", make([]estest.Event, behind)...)
			})
			got, err := collect(l, t.Context(), log.Position{})
			if !errors.Is(err, log.ErrCorrupt) || !strings.Contains(err.Error(), all[9].Position.String()) || len(got) != 9 {
				t.Errorf("%d commits, then %v; want 9, and ErrCorrupt at %v", len(got), err, all[9].Position)
			}
		})
	}
}

// Goal: if a subscription skips a commit that exists, the driver subscribes again and
// the reader does not notice.
func TestPassedOver(t *testing.T) {
	s := start(t, estest.Options{})
	l := openLog(t, s)
	all := fill(t, l, 10)
	s.PassOver(1)
	begin := time.Now()
	if got, err := collect(l, t.Context(), log.Position{}); err != nil || len(got) != len(all) {
		t.Errorf("%d commits, %v; want %d", len(got), err, len(all))
	}
	if d := time.Since(begin); d > soon {
		t.Errorf("took %v", d)
	}
}
