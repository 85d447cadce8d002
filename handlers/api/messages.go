package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

type messageList struct {
	Messages []engine.Uncertain `json:"messages"`
	After    string             `json:"after,omitempty"`
}

var errStatus = &handlers.Fault{Status: 400, Code: "status_unsupported", Detail: "Only status=uncertain can be listed; one contact's messages stand in /status/{contact}."}

// listMessages lists the messages of which nobody knows whether the provider
// took them.
func (a *api) listMessages(c echo.Context) error {
	n, err := limit(c)
	if err != nil {
		return err
	}
	if s := c.QueryParam("status"); s != "" && s != lifecycle.Uncertain.String() {
		return errStatus
	}
	found, next, err := a.engine.Uncertains(c.Request().Context(), handlers.Shop(c), c.QueryParam("after"), n)
	if errors.Is(err, store.ErrNotFound) {
		return errAfter
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, messageList{append([]engine.Uncertain{}, found...), next})
}

// resolution is a person's word about one message.
type resolution struct {
	Verdict    string `json:"verdict"`
	ProviderID string `json:"provider_id"`
}

// resolved is what became of the message.
type resolved struct {
	ID         string           `json:"id"`
	Status     string           `json:"status"`
	Error      lifecycle.Reason `json:"error"`
	ProviderID string           `json:"provider_id"`
	SentAt     *time.Time       `json:"sent_at"`
}

var verdicts = map[string]lifecycle.VerdictKind{
	"sent": lifecycle.PersonSent, "not_sent": lifecycle.PersonNotSent, "drop": lifecycle.PersonDrop,
}

var (
	errVerdict      = &handlers.Fault{Status: 400, Code: "verdict_unknown", Detail: "verdict is sent, not_sent or drop."}
	errNotUncertain = &handlers.Fault{Status: 409, Code: "not_uncertain", Detail: "The message's outcome is known by now; nothing was changed."}
)

// resolveMessage carries out what a person decided. Again with the same word it
// changes nothing and answers 409.
func (a *api) resolveMessage(c echo.Context) error {
	var in resolution
	if err := readJSON(c, &in); err != nil {
		return err
	}
	kind, ok := verdicts[in.Verdict]
	if !ok || len(in.ProviderID) > 100 {
		return errVerdict
	}
	m, err := a.engine.Resolve(c.Request().Context(), handlers.Shop(c), handlers.Param(c, "id"), engine.Resolution{
		Kind: kind, ProviderID: in.ProviderID, By: "token " + handlers.Token(c).Name,
	})
	if errors.Is(err, engine.ErrNotUncertain) {
		return errNotUncertain
	}
	if err != nil {
		return err
	}
	a.audit(c, "uncertain message resolved as "+in.Verdict)
	out := resolved{ID: m.ID, Status: m.Status.String(), Error: m.Error, ProviderID: m.ProviderID}
	if !m.SentAt.IsZero() {
		out.SentAt = &m.SentAt
	}
	return c.JSON(http.StatusOK, out)
}
