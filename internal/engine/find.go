package engine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

var contactID = regexp.MustCompile(`^[0-9a-z]{12}$`)

// Find looks a person up by what support has at hand: an e-mail address, a
// phone number, the contact's id or any source's customer id. It returns
// store.ErrNotFound when the shop knows nobody of that kind.
func (e *Engine) Find(ctx context.Context, shop, who string) (lifecycle.Contact, error) {
	s, ok := e.shops[shop]
	if !ok {
		return lifecycle.Contact{}, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	who = strings.TrimSpace(who)
	var tomb *lifecycle.Contact // of somebody whose erasure is under way
	if contactID.MatchString(who) {
		c, err := e.load(ctx, who)
		switch {
		case err == nil && c.Shop == shop:
			return c, nil
		case errors.Is(err, errErased) && c.Shop == shop:
			tomb = &c
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return c, err
		}
	}
	further, err := e.importWays(ctx, s, who)
	if err != nil {
		return lifecycle.Contact{}, err
	}
	found, err := e.st.Lookup(ctx, append(e.ways(s, who), further...)...)
	if err != nil {
		return lifecycle.Contact{}, err
	}
	for _, ids := range found {
		for _, id := range ids {
			c, err := e.load(ctx, id)
			if errors.Is(err, errErased) && c.Shop == shop {
				tomb = &c
			}
			if errors.Is(err, store.ErrNotFound) || err == nil && c.Shop != shop {
				continue
			}
			return c, err
		}
	}
	if tomb != nil {
		return *tomb, fmt.Errorf("no such contact in shop %q: %w", shop, errErased)
	}
	return lifecycle.Contact{}, fmt.Errorf("no such contact in shop %q: %w", shop, store.ErrNotFound)
}

// ways are the look-ups under which somebody may be found.
func (e *Engine) ways(s *Shop, who string) []store.Digest {
	var ds []store.Digest
	if key, ok := identity.Email(who); ok {
		ds = append(ds, store.Digest(e.keys.Email(s.Name, key)))
	}
	if key, ok := identity.Phone(who, s.Rules.Country); ok {
		ds = append(ds, store.Digest(e.keys.Phone(s.Name, key)))
	}
	for _, source := range append(append([]string{}, s.Sources...), "import") {
		ds = append(ds, store.Digest(e.keys.Ref(s.Name, source, who)))
	}
	return ds
}

// Status is what support sees of a contact.
func (e *Engine) Status(ctx context.Context, shop, who string) (lifecycle.Status, error) {
	c, err := e.Find(ctx, shop, who)
	if err == nil {
		err = e.needVersions(ctx)
	}
	if err != nil {
		return lifecycle.Status{}, err
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return lifecycle.Status{}, err
	}
	return e.StatusOf(c, now), nil
}

// StatusOf renders a contact that was loaded already.
func (e *Engine) StatusOf(c lifecycle.Contact, now time.Time) lifecycle.Status {
	s, ok := e.shops[c.Shop]
	if !ok {
		s = &Shop{Name: c.Shop, Rules: lifecycle.Rules{Shop: c.Shop}}
	}
	return s.Rules.Status(c, now)
}

// Counts are the shop's exact counters.
func (e *Engine) Counts(ctx context.Context, shop string) (map[string]int64, error) {
	if _, ok := e.shops[shop]; !ok {
		return nil, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	return e.st.Counts(ctx, shop)
}
