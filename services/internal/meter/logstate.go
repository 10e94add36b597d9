package meter

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// LogState adds the metrics of the log. answers is called at each scrape and reports whether
// the log answers. sound reports whether the log was sound when it was checked last.
func (m *Meter) LogState(answers func(context.Context) bool, sound func() bool) {
	gauge := func(name, help string, f func() bool) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			if f() {
				return 1
			}
			return 0
		})
	}
	m.registry.MustRegister(
		gauge("muster_log_answers", "1 where the log answers, 0 where not.", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
			defer cancel()
			return answers(ctx)
		}),
		gauge("muster_log_sound", "0 where the log is set up so that it may lose commits, or has lost some; looked at every hour.", sound),
	)
}
