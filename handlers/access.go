package handlers

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/internal/auth"
	"ritorno/internal/store"
)

const (
	shopKey  = "shop"
	tokenKey = "token"

	touchEvery = time.Minute
)

// Guard opens a route to tokens with the role need, for one shop at a time. It
// is the only place that knows who may do what: 401 without a good token, 403
// with too low a role, 404 for another token's shop.
func (s *Server) Guard(need auth.Role) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			t, err := s.token(c)
			if err != nil {
				return err
			}
			if now := time.Now(); !s.requests.Allow(t.ID, now) {
				return tooMany(s.requests.Wait(t.ID, now))
			}
			if !auth.Role(t.Role).Allows(need) {
				return errRole
			}
			shop, err := s.shopFor(c, t)
			if err != nil {
				return err
			}
			c.Set(tokenKey, t)
			c.Set(shopKey, shop)
			return next(c)
		}
	}
}

// Shop is the shop that a guarded request is about.
func Shop(c echo.Context) string {
	shop, _ := c.Get(shopKey).(string)
	return shop
}

// Token is the token of a guarded request.
func Token(c echo.Context) store.Token {
	t, _ := c.Get(tokenKey).(store.Token)
	return t
}

// token finds the caller's token and notes that it was used.
func (s *Server) token(c echo.Context) (store.Token, error) {
	scheme, plain, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return store.Token{}, errNoToken
	}
	plain = strings.TrimSpace(plain)
	if !auth.WellFormed(plain) {
		return store.Token{}, s.badToken(c)
	}
	ctx, hash := c.Request().Context(), auth.Hash(plain)
	t, err := s.store.FindToken(ctx, hash)
	if err == nil && time.Since(t.LastUsed) > touchEvery {
		err = s.store.TouchToken(ctx, hash, time.Now())
	}
	if errors.Is(err, store.ErrNotFound) {
		return store.Token{}, s.badToken(c)
	}
	return t, err
}

// badToken limits guessing by address.
func (s *Server) badToken(c echo.Context) error {
	now, address := time.Now(), c.RealIP()
	if !s.failures.Allow(address, now) {
		return tooMany(s.failures.Wait(address, now))
	}
	return errBadToken
}

// shopFor is the shop asked for, else the token's, else the only one.
func (s *Server) shopFor(c echo.Context, t store.Token) (string, error) {
	shop := c.QueryParam("shop")
	if shop == "" {
		shop = t.Shop
	}
	if all := s.engine.Shops(); shop == "" && len(all) == 1 {
		shop = all[0].Name
	}
	if shop == "" {
		return "", errShopNeeded
	}
	if _, known := s.engine.Shop(shop); !known || !auth.AllowsShop(t.Shop, shop) {
		return "", errNotFound
	}
	return shop, nil
}

// Param is a part of the path, percent-decoded once.
func Param(c echo.Context, name string) string {
	v := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return v // the path needed no second spelling: it is decoded already
	}
	if decoded, err := url.PathUnescape(v); err == nil {
		return decoded
	}
	return v
}
