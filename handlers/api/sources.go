package api

import (
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/auth"
)

type sourceList struct {
	Sources []handlers.SourceStatus `json:"sources"`
}

// listSources shows how the integrations are doing. Where the token in a URL
// is all that protects the source, only owners see it.
func (a *api) listSources(c echo.Context) error {
	shop := handlers.Shop(c)
	all := a.o.Sources[shop]
	owner := auth.Role(handlers.Token(c).Role).Allows(auth.Owner)
	feeds, err := handlers.Feeds(c.Request().Context(), a.engine, shop)
	if err != nil {
		return err
	}
	reads, err := handlers.Reads(c.Request().Context(), a.store, shop, all)
	if err != nil {
		return err
	}
	list := sourceList{Sources: make([]handlers.SourceStatus, 0, len(all))}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		st, err := a.store.SourceStatus(c.Request().Context(), shop, name)
		if err != nil {
			return err
		}
		view := handlers.DescribeSource(a.o.PublicURL, shop, name, all[name], st, owner)
		view.Orders, view.CatchUp = feeds[name], reads[name]
		list.Sources = append(list.Sources, view)
	}
	return c.JSON(http.StatusOK, list)
}
