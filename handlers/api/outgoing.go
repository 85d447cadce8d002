package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/engine"
)

type outgoingList struct {
	Outgoing []engine.Outgoing `json:"outgoing"`
	After    string            `json:"after,omitempty"`
}

// listOutgoing shows what waits to be told to shops, CRMs and webhooks.
func (a *api) listOutgoing(c echo.Context) error {
	n, err := limit(c)
	if err != nil {
		return err
	}
	list, err := a.engine.Outgoings(c.Request().Context(), handlers.Shop(c), c.QueryParam("after"), n)
	if err != nil {
		return err
	}
	out := outgoingList{Outgoing: list}
	if len(list) == n {
		out.After = list[n-1].ID
	}
	return c.JSON(http.StatusOK, out)
}

func (a *api) showOutgoing(c echo.Context) error {
	o, err := a.engine.Outgoing(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, o)
}

func (a *api) replayOutgoing(c echo.Context) error {
	if err := a.engine.ReplayOutgoing(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "id")); err != nil {
		return err
	}
	a.audit(c, "outgoing replayed")
	return c.NoContent(http.StatusNoContent)
}

func (a *api) dropOutgoing(c echo.Context) error {
	if err := a.engine.DropOutgoing(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "id")); err != nil {
		return err
	}
	a.audit(c, "outgoing dropped")
	return c.NoContent(http.StatusNoContent)
}
