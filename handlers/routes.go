package handlers

import (
	"github.com/labstack/echo/v4"

	"ritorno/internal/auth"
)

// routes are all routes in the order of the contract.
func (s *Server) routes(e *echo.Echo) {
	// Shops and CRMs: signed, no login.
	e.POST("/hooks/:shop/:source", s.hook)

	// Support.
	e.GET("/status/:contact", s.status, s.Guard(auth.Support))

	// Contacts: the code or token is the key.
	e.GET("/l/:code", s.landing, asPage)
	e.HEAD("/l/:code", s.landing, asPage)
	e.POST("/l/:code/seen", s.seen, asPage)
	e.POST("/l/:code/answer", s.answer, asPage)
	e.GET("/l/static/:file", s.static, asPage)
	e.GET("/u/:token", s.preferences, asPage)
	e.HEAD("/u/:token", s.preferences, asPage)
	e.POST("/u/:token", s.savePreferences, asPage)

	// Providers: signed, no login.
	e.POST("/callbacks/twilio/status", s.twilioStatus)
	e.POST("/callbacks/twilio/inbound", s.twilioInbound)
	e.POST("/callbacks/sendgrid/events", s.sendgridEvents)

	// Operator.
	e.GET("/healthz", s.healthz)
	e.HEAD("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.HEAD("/readyz", s.readyz)
	e.GET("/metrics", s.metrics())
	if s.o.DevClock {
		e.PUT("/dev/clock", s.devClock)
	}

	// Programs: see handlers/api.
	if s.o.API != nil {
		s.o.API(s, e.Group("/api/v1"))
	}
	e.GET("/", s.home, asPage)
}
