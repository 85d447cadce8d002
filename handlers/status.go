package handlers

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"ritorno/internal/store"
)

// status shows the record of one contact.
func (s *Server) status(c echo.Context) error { return s.Record(c, Param(c, "contact")) }

// Record answers with the record of somebody in the request's shop, and logs
// who looked: by ids, not by what was typed.
func (s *Server) Record(c echo.Context, who string) error {
	st, err := s.engine.Status(c.Request().Context(), Shop(c), who)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.log.Info("record read", "request", requestID(c), "token", Token(c).ID, "shop", Shop(c), "contact", st.ID, "found", err == nil)
	if err != nil {
		return errNotFound
	}
	return c.JSON(http.StatusOK, st)
}
