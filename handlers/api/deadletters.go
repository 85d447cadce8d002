package api

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/store"
)

// letter is a dead letter. Its body is raw personal data: only owners see it,
// one letter at a time.
type letter struct {
	ID     string            `json:"id"`
	Source string            `json:"source"`
	Reason string            `json:"reason"`
	At     time.Time         `json:"at"`
	Tries  int               `json:"tries"`
	Header map[string]string `json:"header,omitempty"`
	Body   *string           `json:"body,omitempty"`   // when it is UTF-8
	Bytes  []byte            `json:"base64,omitempty"` // when it is not
}

type letterList struct {
	Letters []letter `json:"dead_letters"`
	After   string   `json:"after,omitempty"`
}

func (a *api) listDead(c echo.Context) error {
	n, err := limit(c)
	if err != nil {
		return err
	}
	letters, err := a.store.ListDead(c.Request().Context(), handlers.Shop(c), c.QueryParam("after"), n)
	if err != nil {
		return err
	}
	list := letterList{Letters: make([]letter, 0, len(letters))}
	for _, l := range letters {
		list.Letters = append(list.Letters, shown(l))
	}
	if len(letters) == n {
		list.After = letters[n-1].ID
	}
	return c.JSON(http.StatusOK, list)
}

func shown(l store.DeadLetter) letter {
	return letter{ID: l.ID, Source: l.Source, Reason: l.Reason, At: l.At.UTC(), Tries: l.Tries}
}

func (a *api) showDead(c echo.Context) error {
	l, err := a.store.GetDead(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "id"))
	if err != nil {
		return err
	}
	out := shown(l)
	if auth.Role(handlers.Token(c).Role).Allows(auth.Owner) {
		out.Header = l.Header
		if utf8.Valid(l.Body) {
			text := string(l.Body)
			out.Body = &text
		} else {
			out.Bytes = l.Body
		}
		a.audit(c, "dead letter read")
	}
	return c.JSON(http.StatusOK, out)
}

// replayDead tries a letter again, after its cause was mended. 422: it is still
// not understood, and stays.
func (a *api) replayDead(c echo.Context) error {
	ctx := c.Request().Context()
	l, err := a.store.GetDead(ctx, handlers.Shop(c), handlers.Param(c, "id"))
	if err != nil {
		return err
	}
	out, err := a.srv.Replay(ctx, l)
	if err != nil {
		return err
	}
	a.audit(c, "dead letter replayed")
	return c.JSON(http.StatusOK, out)
}

type replays struct {
	handlers.Replays
	After string `json:"after,omitempty"` // for the next page
}

// replayAllDead tries a page of letters again, of one source or of all.
func (a *api) replayAllDead(c echo.Context) error {
	n, err := limit(c)
	if err != nil {
		return err
	}
	shop, source := handlers.Shop(c), c.QueryParam("source")
	if _, known := a.o.Sources[shop][source]; source != "" && !known {
		return errNoSource
	}
	report, next, err := a.srv.ReplayAll(c.Request().Context(), shop, source, c.QueryParam("after"), n)
	if err != nil {
		return err
	}
	a.audit(c, "dead letters replayed")
	return c.JSON(http.StatusOK, replays{report, next})
}

var errNoSource = &handlers.Fault{Status: 404, Code: "source_unknown", Detail: "The shop has no source of this name in the configuration: correct source, or leave it out for all."}

func (a *api) deleteDead(c echo.Context) error {
	if err := a.store.DeleteDead(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "id")); err != nil {
		return err
	}
	a.audit(c, "dead letter deleted")
	return c.NoContent(http.StatusNoContent)
}
