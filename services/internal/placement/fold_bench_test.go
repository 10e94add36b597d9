package placement_test

import (
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/placement"
)

// What a start costs a placement, without reading and decoding.
func BenchmarkFold(b *testing.B) {
	var list []*events.Event
	for e := range (history{persons: 45_000}).events() {
		list = append(list, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		s := placement.New()
		for _, e := range list {
			s.Apply(e)
		}
	}
	b.ReportMetric(float64(len(list)*b.N)/b.Elapsed().Seconds(), "events/s")
}
