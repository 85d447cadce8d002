package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// healthz says that the process answers. It never asks the store: restarting
// us would not bring the store back.
func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready   bool     `json:"ready"`
	Store   string   `json:"store"`            // "ok" or "unreachable"
	Sending bool     `json:"sending"`          // false: nothing leaves; held says why
	Held    []string `json:"held"`             // why messages wait: all of them, or those of single shops
	Durable bool     `json:"durable"`          // acknowledged writes survive a crash
	Why     string   `json:"why,omitempty"`    // why they may not
	Clock   string   `json:"clock,omitempty"`  // the program's time
	Offset  string   `json:"offset,omitempty"` // how far it is from real time, when it was moved
	Dev     bool     `json:"dev_clock"`        // the clock can be moved
	Spooled int      `json:"spooled"`          // deliveries on disk that wait for the store
}

// readyz is 200 as long as the store answers, also while sends are held:
// webhooks must still come in.
func (s *Server) readyz(c echo.Context) error {
	ctx := c.Request().Context()
	r := Readiness{Store: "ok", Held: s.engine.Held(), Dev: s.o.DevClock, Spooled: s.o.Spool.Len()}
	if r.Held == nil {
		r.Held = []string{}
	}
	r.Durable, r.Why = s.store.Durable()
	r.Sending = len(r.Held) == 0
	if err := s.store.Ready(ctx); err != nil {
		s.log.Warn("not ready", "request", requestID(c), "error", err)
		r.Store = "unreachable"
		return c.JSON(http.StatusServiceUnavailable, r)
	}
	if shops, err := s.engine.HeldShops(ctx); err == nil { // the store answers, which is what this is about
		r.Held = append(r.Held, shops...)
	}
	if real, program, err := s.engine.Now(ctx); err == nil {
		r.Clock = program.UTC().Format("2006-01-02T15:04:05Z")
		if d := program.Sub(real); d != 0 {
			r.Offset = d.String()
		}
	}
	r.Ready = true
	return c.JSON(http.StatusOK, r)
}
