package engine

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ritorno/internal/lifecycle"
)

// metrics are the engine's own numbers; docs/metrics.md lists them.
type metrics struct {
	events  *prometheus.CounterVec
	sends   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	claimed prometheus.Counter
	late    prometheus.Gauge
	last    prometheus.Gauge
	lost    prometheus.Counter
	errors  *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		events:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_events_total", Help: "Events taken in, by type and outcome."}, []string{"type", "outcome"}),
		sends:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_send_attempts_total", Help: "Attempts to hand a message to a provider, by channel and outcome."}, []string{"channel", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ritorno_send_seconds", Help: "Real time of one request to a provider.", Buckets: prometheus.ExponentialBuckets(0.01, 2.5, 10)}, []string{"channel"}),
		claimed: prometheus.NewCounter(prometheus.CounterOpts{Name: "ritorno_claims_total", Help: "Contacts claimed because their timer fired."}),
		late:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "ritorno_oldest_due_seconds", Help: "Age of the oldest timer that has not been worked off, in program time."}),
		last:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "ritorno_last_claim_timestamp_seconds", Help: "Real time of the last successful look for due contacts."}),
		lost:    prometheus.NewCounter(prometheus.CounterOpts{Name: "ritorno_attempts_lost_total", Help: "Attempts whose process ended before the answer was recorded."}),
		errors:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_engine_errors_total", Help: "Errors of the engine by place; each is tried again."}, []string{"place"}),
	}
	r.MustRegister(m.events, m.sends, m.seconds, m.claimed, m.late, m.last, m.lost, m.errors)
	return m
}

func (m *metrics) event(t lifecycle.Type, out Outcome, err error) {
	outcome := "stored"
	switch {
	case err != nil:
		outcome = "error"
	case out.Duplicate:
		outcome = "duplicate"
	case out.Parked:
		outcome = "parked"
	case out.Ignored:
		outcome = "ignored"
	}
	m.events.WithLabelValues(string(t), outcome).Inc()
}

func (m *metrics) send(ch lifecycle.Channel, o lifecycle.Outcome, took time.Duration) {
	m.sends.WithLabelValues(ch.String(), o.String()).Inc()
	m.seconds.WithLabelValues(ch.String()).Observe(took.Seconds())
}
