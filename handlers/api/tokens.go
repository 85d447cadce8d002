package api

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/store"
)

// token is an API token without its secret.
type token struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Role     string     `json:"role"`
	Shop     string     `json:"shop"` // empty: all shops
	Made     time.Time  `json:"made_at"`
	LastUsed *time.Time `json:"last_used_at"`
}

type tokenList struct {
	Tokens []token `json:"tokens"`
}

// listTokens shows the tokens of a shop, and to those who may, the ones of all
// shops.
func (a *api) listTokens(c echo.Context) error {
	all, err := a.store.ListTokens(c.Request().Context())
	if err != nil {
		return err
	}
	list := tokenList{Tokens: []token{}}
	for _, t := range all {
		if manages(c, t) {
			list.Tokens = append(list.Tokens, token{t.ID, t.Name, t.Role, t.Shop, t.Made, known(t.LastUsed)})
		}
	}
	return c.JSON(http.StatusOK, list)
}

// manages reports whether the caller may see and revoke t.
func manages(c echo.Context, t store.Token) bool {
	return t.Shop == handlers.Shop(c) || t.Shop == "" && handlers.Token(c).Shop == ""
}

// wantedToken is the body of a request for a token.
type wantedToken struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	AllShops bool   `json:"all_shops"`
}

// madeToken shows the secret, once.
type madeToken struct {
	token
	Token string `json:"token"`
}

var (
	errTokenName  = &handlers.Fault{Status: 400, Code: "name_missing", Detail: "Give the token a name of 1 to 128 bytes, such as who uses it."}
	errTokenRole  = &handlers.Fault{Status: 400, Code: "role_unknown", Detail: "role is owner, support or ingest."}
	errTokenShops = &handlers.Fault{Status: 403, Code: "role_too_low", Detail: "A token of one shop cannot make one for all shops."}
)

func (a *api) makeToken(c echo.Context) error {
	var want wantedToken
	if err := readJSON(c, &want); err != nil {
		return err
	}
	role, err := auth.ParseRole(want.Role)
	switch {
	case err != nil:
		return errTokenRole
	case want.Name == "" || len(want.Name) > 128:
		return errTokenName
	case want.AllShops && handlers.Token(c).Shop != "":
		return errTokenShops
	}
	plain, hash, err := auth.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	t := store.Token{ID: store.NewID(), Name: want.Name, Role: string(role), Shop: handlers.Shop(c), Hash: hash, Made: time.Now().UTC().Truncate(time.Second)}
	if want.AllShops {
		t.Shop = ""
	}
	if err := a.store.PutToken(c.Request().Context(), t); err != nil {
		return err
	}
	a.audit(c, "token made")
	return c.JSON(http.StatusCreated, madeToken{token{t.ID, t.Name, t.Role, t.Shop, t.Made, nil}, plain})
}

func (a *api) revokeToken(c echo.Context) error {
	ctx, id := c.Request().Context(), handlers.Param(c, "id")
	all, err := a.store.ListTokens(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.ID != id || !manages(c, t) {
			continue
		}
		if err := a.store.RevokeToken(ctx, id); err != nil {
			return err
		}
		a.audit(c, "token revoked")
		return c.NoContent(http.StatusNoContent)
	}
	return store.ErrNotFound
}
