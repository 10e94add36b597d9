package meter

import (
	"context"
	"time"

	"github.com/muster-works/muster/projections/query/status"
	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTime bounds what is asked of log and views for one answer.
const scrapeTime = 3 * time.Second

// Views adds how far the views have come, which standing says.
func (m *Meter) Views(standing func(context.Context) (status.ViewStatus, error)) {
	m.registry.MustRegister(views{
		standing: standing,
		readable: prometheus.NewDesc("muster_views_readable", "1 where there are views to ask, 0 where not.", nil, nil),
		lag:      prometheus.NewDesc("muster_views_lag_commits", "Commits in the log that the views do not show; 101 is more than 100.", nil, nil),
		age:      prometheus.NewDesc("muster_views_age_seconds", "How long the first commit that the views do not show has been in the log.", nil, nil),
	})
}

// views asks when it is asked.
type views struct {
	standing           func(context.Context) (status.ViewStatus, error)
	readable, lag, age *prometheus.Desc
}

// Describe is that of prometheus.Collector.
func (v views) Describe(to chan<- *prometheus.Desc) { to <- v.readable; to <- v.lag; to <- v.age }

// Collect is that of prometheus.Collector. Where log or views do not answer, lag
// and age are left out: any number would be a lie.
func (v views) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, n float64) { to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n) }
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	s, err := v.standing(ctx)
	if err != nil {
		gauge(v.readable, 0)
		return
	}
	gauge(v.readable, 1)
	lag := status.FarBehind + 1
	if s.Lag != nil {
		lag = *s.Lag
	}
	gauge(v.lag, float64(lag))
	gauge(v.age, float64(s.Age))
}
