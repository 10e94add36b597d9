package timeline_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/muster-works/muster/projections/timeline"
	"pgregory.net/rapid"
)

func TestSubjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subject := rapid.Custom(func(t *rapid.T) timeline.Subject {
			return timeline.Subject{Kind: timeline.SubjectKind(rapid.IntRange(0, 2).Draw(t, "kind")), No: rapid.Uint32().Draw(t, "no")}
		})
		events := rapid.SliceOfN(rapid.SliceOfN(subject, 0, 5), 1, 10).Draw(t, "events")
		var b []byte
		for _, e := range events {
			b = timeline.AppendSubjects(b, e)
		}
		for i, e := range events {
			got, err := timeline.ReadSubjects(b, i)
			if err != nil || !slices.Equal(got, e) {
				t.Fatalf("event %d: %v, %v, want %v", i, got, err, e)
			}
		}
		for _, i := range []int{-1, len(events)} {
			if _, err := timeline.ReadSubjects(b, i); !errors.Is(err, timeline.ErrDamaged) {
				t.Fatalf("event %d of %d: %v", i, len(events), err)
			}
		}
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		for i := range events {
			if _, err := timeline.ReadSubjects(b, i); err != nil && !errors.Is(err, timeline.ErrDamaged) {
				t.Fatal(err)
			}
		}
	})
}
