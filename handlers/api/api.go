// Package api is /api/v1: what the console does, for programs. openapi.json
// describes it; a test holds the two together.
package api

import (
	_ "embed"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/engine"
	"ritorno/internal/store"
)

//go:embed openapi.json
var description []byte

// Description is the OpenAPI 3.1 document of all routes.
func Description() []byte { return description }

// Limits of a list.
const (
	usualPage = 50
	maxPage   = 100
)

type api struct {
	srv    *handlers.Server
	engine *engine.Engine
	store  *store.Store
	o      handlers.Options
}

// Mount adds all routes to g. It is meant for handlers.Options.API.
func Mount(srv *handlers.Server, g *echo.Group) {
	o := srv.Options()
	a := &api{srv: srv, engine: o.Engine, store: o.Store, o: o}
	owner, support, ingest := srv.Guard(auth.Owner), srv.Guard(auth.Support), srv.Guard(auth.Ingest)

	g.GET("/openapi.json", a.describe)

	g.GET("/contacts", a.listContacts, support)
	g.GET("/contacts/:contact", a.showContact, support)
	g.DELETE("/contacts/:contact", a.eraseContact, owner)
	g.GET("/contacts/:contact/export", a.exportContact, support)
	g.POST("/contacts/:contact/journeys", a.startJourney, support)

	g.GET("/deadletters", a.listDead, support)
	g.GET("/deadletters/:id", a.showDead, support)
	g.POST("/deadletters/replay", a.replayAllDead, owner)
	g.POST("/deadletters/:id/replay", a.replayDead, owner)
	g.DELETE("/deadletters/:id", a.deleteDead, owner)

	g.GET("/outgoing", a.listOutgoing, support)
	g.GET("/outgoing/:id", a.showOutgoing, support)
	g.POST("/outgoing/:id/replay", a.replayOutgoing, owner)
	g.DELETE("/outgoing/:id", a.dropOutgoing, owner)

	g.GET("/messages", a.listMessages, support)
	g.POST("/messages/:id/resolve", a.resolveMessage, support)

	g.GET("/sources", a.listSources, support)
	g.GET("/journeys", a.listJourneys, support)
	g.GET("/counts", a.counts, support)

	g.GET("/tokens", a.listTokens, owner)
	g.POST("/tokens", a.makeToken, owner)
	g.DELETE("/tokens/:id", a.revokeToken, owner)

	g.POST("/events", a.postEvent, ingest)
}

func (a *api) describe(c echo.Context) error {
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, description)
}

var (
	errLimit = &handlers.Fault{Status: 400, Code: "limit_unreadable", Detail: "limit is a number from 1 to 100."}
	errAfter = &handlers.Fault{Status: 400, Code: "after_unreadable", Detail: "after is what the page before answered, or is left out."}
)

// known is nil for the time that never was.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// limit is the number of entries that the caller wants.
func limit(c echo.Context) (int, error) {
	text := c.QueryParam("limit")
	if text == "" {
		return usualPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, errLimit
	}
	return min(n, maxPage), nil
}

var errBody = &handlers.Fault{Status: 400, Code: "body_not_json", Detail: "Send one JSON object with the documented fields."}

const maxBody = 64 << 10

// readJSON reads a small JSON object. Unknown fields are mistakes, and so is
// whatever two readers could understand differently: the same field twice, also
// in another letter case, bytes that are no UTF-8, anything behind the end.
func readJSON(c echo.Context, into any) error {
	body, err := handlers.ReadBody(c, maxBody)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, into, json.RejectUnknownMembers(true)) != nil {
		return errBody
	}
	return nil
}
