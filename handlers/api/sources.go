package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/store"
)

// source is how an integration is doing.
type source struct {
	Name      string                  `json:"name"`
	Kind      string                  `json:"kind"`
	URL       string                  `json:"url"` // to paste into the shop or CRM
	First     *time.Time              `json:"first_delivery_at"`
	Last      *time.Time              `json:"last_delivery_at"`
	LastTopic string                  `json:"last_topic"`
	Counts    map[store.Outcome]int64 `json:"deliveries"`
	Topics    []topic                 `json:"topics"`
	Error     string                  `json:"last_error"`
	ErrorAt   *time.Time              `json:"last_error_at"`
	Domain    string                  `json:"domain"`
	Gone      *time.Time              `json:"disconnected_at"` // the shop said so; the owner must confirm
	Orders    feed                    `json:"orders"`
}

// feed is how the orders of a source come in.
type feed struct {
	Last    *time.Time `json:"last_at"`           // arrival of the last new order
	Guarded bool       `json:"guarded"`           // enough is known for its silence to say something
	Usual   int64      `json:"usual_gap_seconds"` // longest gap in the last 56 days; 0 where not guarded
	Silent  *time.Time `json:"silent_since"`      // null: orders flow
	Holds   bool       `json:"holds"`             // and messages wait because of it
}

type topic struct {
	Name string    `json:"topic"`
	Last time.Time `json:"last_at"`
}

type sourceList struct {
	Sources []source `json:"sources"`
}

func (a *api) listSources(c echo.Context) error {
	shop := handlers.Shop(c)
	all := a.o.Sources[shop]
	list := sourceList{Sources: make([]source, 0, len(all))}
	feeds, err := a.feeds(c, shop)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		st, err := a.store.SourceStatus(c.Request().Context(), shop, name)
		if err != nil {
			return err
		}
		s := describe(name, all[name], st)
		s.URL = a.hookURL(c, shop, name)
		s.Orders = feeds[name]
		list.Sources = append(list.Sources, s)
	}
	return c.JSON(http.StatusOK, list)
}

// feeds are the order feeds of a shop by source.
func (a *api) feeds(c echo.Context, shop string) (map[string]feed, error) {
	verdicts, err := a.engine.Feeds(c.Request().Context(), shop)
	if err != nil {
		return nil, err
	}
	out := map[string]feed{}
	for _, v := range verdicts {
		f := feed{Last: known(v.Since), Guarded: v.Guarded, Usual: int64(v.Usual / time.Second), Holds: v.Holds()}
		if v.Silent {
			f.Silent = f.Last
		}
		out[v.Name] = f
	}
	return out, nil
}

// hookURL is what the owner pastes. Where the token in it is all that protects
// the source, only owners see it.
func (a *api) hookURL(c echo.Context, shop, name string) string {
	u := a.o.PublicURL + "/hooks/" + url.PathEscape(shop) + "/" + url.PathEscape(name)
	token := a.o.Sources[shop][name].Token
	switch {
	case token == "":
		return u
	case auth.Role(handlers.Token(c).Role).Allows(auth.Owner):
		return u + "?token=" + url.QueryEscape(token)
	}
	return u + "?token=***"
}

func describe(name string, src handlers.Source, st store.SourceStatus) source {
	s := source{
		Name: name, Kind: src.Kind, First: known(st.First), Last: known(st.Last), LastTopic: st.LastTopic,
		Counts: st.Counts, Topics: []topic{}, Error: st.Error, ErrorAt: known(st.ErrorAt), Domain: st.Domain, Gone: known(st.Gone),
	}
	if s.Counts == nil {
		s.Counts = map[store.Outcome]int64{}
	}
	for _, t := range st.Topics {
		s.Topics = append(s.Topics, topic{t.Topic, t.Last})
	}
	return s
}

// known is nil for the time that never was.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
