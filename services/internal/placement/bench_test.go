package placement_test

import (
	"fmt"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/hire"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	. "github.com/muster-works/muster/services/internal/placement/placementtest"
)

// BenchmarkFold measures applying events at a start, without reading and decoding them.
func BenchmarkFold(b *testing.B) {
	var list []*events.Event
	for e := range (history{persons: 45_000}).events() {
		list = append(list, e)
	}
	b.ReportAllocs()
	for b.Loop() {
		s := placement.New()
		for _, e := range list {
			command.Apply(s, e)
		}
	}
	b.ReportMetric(float64(len(list)*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkDecide measures deciding and applying hires that name no seat: on posts of few
// seats, and on posts so large that the search for a free seat matters.
func BenchmarkDecide(b *testing.B) {
	for _, size := range []int{3, 1000} {
		b.Run(fmt.Sprint(size, "-seats"), func(b *testing.B) {
			var hires []*events.Event
			s := placement.New()
			for p := range 30_000 / size {
				post := fmt.Sprint("p", p)
				command.Apply(s, Developed("d"+post, post, size, "2022-05-01"))
				for i := range size {
					hires = append(hires, Hired(fmt.Sprint(post, "-", i), post, 1+len(hires), 0, "2022-05-02"))
				}
			}
			service := hire.New(s, Rules(b))
			n := 0
			for b.Loop() {
				s.Begin()
				for _, e := range hires {
					record, refused := service.Decide(e)
					if refused != nil {
						b.Fatal(refused)
					}
					command.Apply(s, record)
				}
				s.Rollback()
				n += len(hires)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "hires/s")
		})
	}
}
