package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
)

// eventSource is the source that events of the API carry.
const eventSource = "api"

var errEvents = &handlers.Fault{Status: 404, Code: "not_configured", Detail: "This service takes no events here."}

// postEvent takes one event in the body format of the webhook source. With
// Idempotency-Key or webhook-id a repetition changes nothing.
func (a *api) postEvent(c echo.Context) error {
	if a.o.Events == nil {
		return errEvents
	}
	req, err := a.srv.ReadRequest(c)
	if err != nil {
		return err
	}
	if key := req.Header.Get("Idempotency-Key"); key != "" && req.Header.Get("Webhook-Id") == "" {
		req.Header = req.Header.Clone()
		req.Header.Set("Webhook-Id", key)
	}
	events, err := a.o.Events.Normalise(req)
	if err != nil {
		return err
	}
	out := handlers.Accepted{Accepted: true, Ignored: true}
	if len(events) > 0 {
		if out, err = a.srv.Apply(c.Request().Context(), handlers.Shop(c), eventSource, events); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, out)
}
