package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
)

// journeyStart names the journey that a contact is to enter.
type journeyStart struct {
	Journey string `json:"journey"`
}

// journeyStarted says whether they are in it, and if not, why.
type journeyStarted struct {
	Contact string           `json:"contact"`
	Journey string           `json:"journey"`
	Entered bool             `json:"entered"`
	Why     lifecycle.Reason `json:"why,omitempty"`
}

var (
	errNoJourney    = &handlers.Fault{Status: 404, Code: "journey_unknown", Detail: "The shop has no journey of this name with trigger: api."}
	errUnsubscribed = &handlers.Fault{Status: 409, Code: "contact_unsubscribed", Detail: "Nothing may be sent to this contact; nothing was changed."}
	errKey          = &handlers.Fault{Status: 400, Code: "idempotency_key_unusable", Detail: "Idempotency-Key has at most 200 bytes."}
)

// startJourney lets a contact enter a journey with trigger api. The same
// Idempotency-Key starts it once.
func (a *api) startJourney(c echo.Context) error {
	var in journeyStart
	if err := readJSON(c, &in); err != nil {
		return err
	}
	key := c.Request().Header.Get("Idempotency-Key")
	if len(key) > 200 {
		return errKey
	}
	if key == "" {
		key = c.Response().Header().Get("X-Request-Id")
	}
	id, why, err := a.engine.StartJourney(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "contact"), in.Journey, key)
	switch {
	case errors.Is(err, engine.ErrJourney):
		return errNoJourney
	case errors.Is(err, engine.ErrUnsubscribed):
		return errUnsubscribed
	case err != nil:
		return err
	}
	a.audit(c, "journey started", "contact", id, "journey", in.Journey)
	return c.JSON(http.StatusOK, journeyStarted{id, in.Journey, why == "", why})
}
