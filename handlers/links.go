package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// landing shows the page of a message. Being fetched is no response yet, and
// being fetched ahead of time is nothing at all.
func (s *Server) landing(c echo.Context) error {
	p, err := s.pageOf(c)
	if err != nil {
		return err
	}
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	if !prefetched(c.Request().Header) {
		if err := s.engine.Opened(c.Request().Context(), Param(c, "code")); err != nil {
			s.log.Warn("opening not stored", "request", requestID(c), "error", err)
		}
	}
	l, err := s.landingOf(c, p)
	if err != nil {
		return err
	}
	if c.QueryParam("here") != "" {
		l.view.Notice = l.view.T.StayNoted
	}
	return s.show(c, http.StatusOK, l.file, l.view)
}

// pageOf finds what a code leads to. Misses are limited by address; codes that
// expired and codes that never were look the same.
func (s *Server) pageOf(c echo.Context) (engine.Page, error) {
	now, address := time.Now(), c.RealIP()
	if wait := s.misses.Wait(address, now); wait > 0 {
		return engine.Page{}, tooMany(wait)
	}
	p, err := s.engine.Page(c.Request().Context(), Param(c, "code"))
	if errors.Is(err, store.ErrNotFound) && !s.misses.Allow(address, now) {
		return p, tooMany(s.misses.Wait(address, now))
	}
	return p, err
}

// prefetched are calls that a browser or a preview makes before anybody asked.
func prefetched(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(h.Get(name)); strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}

// seen takes the sign of a person in front of the page: the response. The
// page's script gets nothing back; its button comes back to the page.
func (s *Server) seen(c echo.Context) error {
	if _, err := s.pageOf(c); err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	code := Param(c, "code")
	if err := s.engine.Respond(c.Request().Context(), code, lifecycle.Response{Kind: lifecycle.ResponseSeen}); err != nil {
		return err
	}
	if form.Get("go") != "" {
		return c.Redirect(http.StatusSeeOther, "/l/"+url.PathEscape(code)+"?here=1")
	}
	return c.NoContent(http.StatusNoContent)
}

// answer takes the answer to a question, a few words or a contest entry.
func (s *Server) answer(c echo.Context) error {
	p, err := s.pageOf(c)
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	l, err := s.landingOf(c, p)
	if err != nil {
		return err
	}
	switch {
	case l.entered: // once is enough
		return s.show(c, http.StatusOK, l.file, l.view)
	case l.closed:
		return s.show(c, http.StatusUnprocessableEntity, l.file, l.view)
	}
	r, missing := l.read(form)
	if missing != "" {
		l.view.Error = missing
		l.view.Body = l.view.Body.(body).with(form)
		return s.show(c, http.StatusUnprocessableEntity, l.file, l.view)
	}
	if err := s.engine.Respond(c.Request().Context(), Param(c, "code"), r); err != nil {
		return err
	}
	v := l.view
	v.Title, v.Lead, v.Seen, v.Quiet = v.T.Thanks, v.T.AnswerIn, "", false
	if r.Kind == lifecycle.ResponseContest {
		v.Lead = v.T.ContestIn
	}
	return s.show(c, http.StatusOK, "thanks.html", v)
}
