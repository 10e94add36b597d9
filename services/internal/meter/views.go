package meter

import (
	"context"
	"time"

	"github.com/muster-works/muster/projections/query/status"
	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTime is how long one scrape may wait for the log and the views.
const scrapeTime = 3 * time.Second

// Views adds the metrics of the views. standing is called at each scrape and returns how far
// the views have come; fails, whether they stand
// still because of a fault; it is nil in a process that cannot know, and the metric is left out.
func (m *Meter) Views(standing func(context.Context) (status.ViewStatus, error), fails func() bool) {
	m.registry.MustRegister(views{
		standing: standing, fails: fails,
		failing:  prometheus.NewDesc("muster_views_failing", "1 while the views stand still because of a fault, 0 otherwise.", nil, nil),
		readable: prometheus.NewDesc("muster_views_readable", "1 where there are views to ask, 0 where not.", nil, nil),
		lag:      prometheus.NewDesc("muster_views_lag_commits", "Commits in the log that the views do not show; 101 is more than 100.", nil, nil),
		age:      prometheus.NewDesc("muster_views_age_seconds", "How long the first commit that the views do not show has been in the log.", nil, nil),
	})
}

// views is a collector that reads the state of the views at each scrape.
type views struct {
	standing                    func(context.Context) (status.ViewStatus, error)
	fails                       func() bool
	readable, failing, lag, age *prometheus.Desc
}

// Describe is [prometheus.Collector.Describe].
func (v views) Describe(to chan<- *prometheus.Desc) {
	to <- v.readable
	to <- v.failing
	to <- v.lag
	to <- v.age
}

// Collect is [prometheus.Collector.Collect]. If the log or the views do not answer, lag and
// age are unknown and left out.
func (v views) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, n float64) { to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n) }
	if v.fails != nil {
		failing := 0.0
		if v.fails() {
			failing = 1
		}
		gauge(v.failing, failing)
	}
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
