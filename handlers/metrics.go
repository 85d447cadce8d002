package handlers

import (
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ritorno/internal/spool"
)

// metrics are the numbers of HTTP; the engine has its own.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	hooks    *prometheus.CounterVec

	rounds, found *prometheus.CounterVec
	whole         *prometheus.GaugeVec
}

func newMetrics(r prometheus.Registerer, waiting *spool.Spool) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_http_requests_total", Help: "Requests answered, by route, method and status."}, []string{"route", "method", "status"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ritorno_http_request_seconds", Help: "Real time from the head of a request to its answer.", Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 11)}, []string{"route"}),
		hooks:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_hook_deliveries_total", Help: "Deliveries of configured sources, by what became of them."}, []string{"shop", "source", "outcome"}),
	}
	m.rounds = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_catch_up_rounds_total", Help: "Rounds of reading a source through its shop's own API, by outcome."}, []string{"shop", "source", "outcome"})
	m.found = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "ritorno_catch_up_orders_found_total", Help: "New orders that were read before any webhook told them."}, []string{"shop", "source"})
	m.whole = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "ritorno_catch_up_read_until_timestamp_seconds", Help: "Everything that changed at a source before this real time was read, as far as this process knows."}, []string{"shop", "source"})
	r.MustRegister(m.requests, m.seconds, m.hooks, m.rounds, m.found, m.whole)
	r.MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: "ritorno_spool_deliveries", Help: "Deliveries on disk that wait for the store to come back."},
		func() float64 { return float64(waiting.Len()) },
	), prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Name: "ritorno_spool_bytes", Help: "Size of the deliveries on disk that wait for the store."},
		func() float64 { return float64(waiting.Bytes()) },
	))
	return m
}

// observe counts a request and logs it: route template instead of path, no
// query, no address, so that no token and no personal data get there.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			s.fail(err, c)
		}
		took := time.Since(start)
		route, method, status := s.routeOf(c), methodOf(c.Request().Method), c.Response().Status
		s.m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
		s.m.seconds.WithLabelValues(route).Observe(took.Seconds())
		s.log.LogAttrs(c.Request().Context(), accessLevel(route), "request",
			slog.String("request", requestID(c)), slog.String("method", method), slog.String("route", route),
			slog.Int("status", status), slog.Int64("bytes", c.Response().Size), slog.Duration("took", took))
		return nil
	}
}

// routeOf is the template of the route: what callers type is no label.
func (s *Server) routeOf(c echo.Context) string {
	if s.templates[c.Path()] {
		return c.Path()
	}
	return "none"
}

func methodOf(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// accessLevel keeps the probes out of an ordinary log.
func accessLevel(route string) slog.Level {
	switch route {
	case "/healthz", "/readyz", "/metrics", "/l/static/:file":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// metrics shows all numbers to Prometheus.
func (s *Server) metrics() echo.HandlerFunc {
	return echo.WrapHandler(promhttp.HandlerFor(s.o.Registry, promhttp.HandlerOpts{}))
}
