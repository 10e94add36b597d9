package simulate

import (
	"runtime"
	"testing"

	"github.com/muster-works/muster/events"
)

// facts counts facts: each line of a sheet or run is one, and any other event is one.
func facts(s Submission) int {
	if s.Event == nil {
		return 1
	}
	switch d := s.Event.Data.(type) {
	case *events.AttendanceReported:
		return len(d.Lines)
	case *events.PaymentInstructed:
		return len(d.Lines)
	case *events.PaymentSettled:
		return len(d.Lines)
	}
	return 1
}

func benchmark(b *testing.B, scale float64) {
	cfg := province(b, scale, 1)
	var n, submitted int
	var most runtime.MemStats
	for b.Loop() {
		n, submitted = 0, 0
		for s := range submissions(b, cfg) {
			n += facts(s)
			if submitted++; submitted%500_000 == 0 {
				var now runtime.MemStats
				if runtime.ReadMemStats(&now); now.HeapInuse > most.HeapInuse {
					most = now
				}
			}
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
	b.ReportMetric(float64(n), "facts")
	b.ReportMetric(float64(submitted), "submissions")
	b.ReportMetric(float64(most.HeapInuse)/1e6, "MB")
}

func BenchmarkHundredth(b *testing.B) { benchmark(b, .01) }
func BenchmarkProvince(b *testing.B)  { benchmark(b, 1) }
