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
	looks   *prometheus.CounterVec

	uncertain, oldestUncertain prometheus.Gauge
	held                       *prometheus.GaugeVec
	skew                       prometheus.Gauge
	guards, lastOrder          *prometheus.GaugeVec
	rollbacks, forgotten       prometheus.Counter
	errors                     *prometheus.CounterVec
	replies                    *prometheus.CounterVec
	coupons                    *prometheus.CounterVec
	offers                     *prometheus.CounterVec
	pool                       *prometheus.GaugeVec
	looked, prevented          *prometheus.CounterVec
	outgoing                   *prometheus.CounterVec
	waiting, givenUp           *prometheus.GaugeVec
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
	m.looks = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_lookups_total", Help: "Questions to providers' records about single messages, by channel and outcome."}, []string{"channel", "outcome"})
	m.uncertain = prometheus.NewGauge(prometheus.GaugeOpts{Name: "ritorno_uncertain_contacts", Help: "Contacts with a message of which nobody knows whether the provider took it."})
	m.oldestUncertain = prometheus.NewGauge(prometheus.GaugeOpts{Name: "ritorno_oldest_uncertain_seconds", Help: "Age of the oldest message of unknown outcome, in real time; 0: there is none."})
	m.held = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ritorno_sends_held", Help: "1 while all sends of this process are held for the reason: clock, rollback."}, []string{"reason"})
	m.skew = prometheus.NewGauge(prometheus.GaugeOpts{Name: "ritorno_clock_skew_seconds", Help: "The store's time less this host's."})
	m.rollbacks = prometheus.NewCounter(prometheus.CounterOpts{Name: "ritorno_store_rollbacks_total", Help: "Times that the store was found to have forgotten acknowledged changes."})
	m.forgotten = prometheus.NewCounter(prometheus.CounterOpts{Name: "ritorno_store_forgotten_changes_total", Help: "Acknowledged changes that the store forgot."})
	m.replies = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_replies_total", Help: "SMS from contacts that were taken in, by what they were taken for."}, []string{"kind"})
	m.guards = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ritorno_guard", Help: "1 while a guard of a shop acts: feed SOURCE (silent), brake CHANNEL. Shop * stands for all shops."}, []string{"shop", "guard"})
	m.lastOrder = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ritorno_last_order_timestamp_seconds", Help: "Real time of the last new order that this process took in live, by source."}, []string{"shop", "source"})
	m.coupons = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_coupons_total", Help: "Coupons wanted by messages that were about to leave, by shop and outcome."}, []string{"shop", "outcome"})
	m.offers = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_offers_total", Help: "Offers with a budget wanted by messages that were about to leave, by shop, offer and outcome."}, []string{"shop", "offer", "outcome"})
	m.pool = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ritorno_coupon_pool_codes", Help: "Codes left in the pool of a shop that has one."}, []string{"shop"})
	m.looked = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_last_looks_total", Help: "Questions to shops whether somebody has bought whose message was about to leave, by outcome."}, []string{"shop", "source", "outcome"})
	m.prevented = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_last_look_prevented_total", Help: "Messages that did not leave because of what a shop told at the last look."}, []string{"shop"})
	r.MustRegister(m.looked, m.prevented)
	m.outgoing = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_outgoing_total", Help: "Tries to tell a destination of a contact, by outcome: told, nobody (it is not known there), failed, given_up, dropped."}, []string{"shop", "destination", "outcome"})
	m.waiting = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ritorno_outgoing_waiting", Help: "Contacts of which a destination has not been told everything yet."}, []string{"shop", "destination"})
	m.givenUp = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ritorno_outgoing_given_up", Help: "Of the waiting ones, those that were given up after a week of failures."}, []string{"shop", "destination"})
	r.MustRegister(m.outgoing, m.waiting, m.givenUp)
	r.MustRegister(m.guards, m.lastOrder, m.replies, m.coupons, m.offers, m.pool)
	r.MustRegister(m.events, m.sends, m.seconds, m.claimed, m.late, m.last, m.lost, m.errors,
		m.looks, m.uncertain, m.oldestUncertain, m.held, m.skew, m.rollbacks, m.forgotten)
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
