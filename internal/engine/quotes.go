package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// sweep removes what quotes a person without being theirs by any look-up:
// events that wait for somebody, and dead letters. Who is meant is told by
// digests alone, so that it can be done when the record is gone.
func (e *Engine) sweep(ctx context.Context, s *Shop, g *lifecycle.Erasing, out *Erasure) error {
	who := map[store.Digest]bool{}
	for _, d := range digestsOf(append(append([]string(nil), g.Lookups...), g.Orders...)) {
		who[d] = true
	}
	if len(who) == 0 {
		return nil
	}
	err := e.eachWaiting(ctx, s, who, func(d store.Digest, item []byte, _ lifecycle.Event) error {
		out.Parked++
		return e.st.Unpark(ctx, d, item)
	})
	if err != nil {
		return err
	}
	return e.eachQuoting(ctx, s, who, func(l store.DeadLetter) error {
		err := e.st.DeleteDead(ctx, s.Name, l.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		out.DeadLetters++
		return err
	})
}

// eachWaiting hands every parked event to fn that waits for one of who, is
// about them, or brings them along.
func (e *Engine) eachWaiting(ctx context.Context, s *Shop, who map[store.Digest]bool, fn func(d store.Digest, item []byte, ev lifecycle.Event) error) error {
	return e.st.EachParked(ctx, func(d store.Digest, item []byte) error {
		var ev lifecycle.Event
		readable := json.Unmarshal(item, &ev) == nil
		if who[d] || readable && e.waitsIn(s, d, ev) && e.namesOne(s, ev, who) {
			return fn(d, item, ev)
		}
		return nil
	})
}

// waitsIn reports whether an event that waits for d is a shop's: the same person
// may be another shop's, too, which is none of this one's business.
func (e *Engine) waitsIn(s *Shop, d store.Digest, ev lifecycle.Event) bool {
	return d == e.digests(s, ev).ref || slices.ContainsFunc(s.Rules.OrderKeys(&ev).All(), func(h lifecycle.OrderHandle) bool { return d == e.orderDigest(s, h) })
}

func (e *Engine) namesOne(s *Shop, ev lifecycle.Event, who map[store.Digest]bool) bool {
	people := []lifecycle.Person{ev.Person}
	if ev.Merged != nil {
		people = append(people, *ev.Merged)
	}
	for _, p := range people {
		for _, d := range e.digests(s, lifecycle.Event{Source: ev.Source, Person: p}).digests() {
			if who[d] {
				return true
			}
		}
	}
	return false
}

// What in a raw body may be an address or a customer id. An id of fewer than
// six characters would be found in any body.
var (
	mailLike  = regexp.MustCompile("[^\\s\"'<>(),;:=&\\\\\\[\\]{}|/?]+@[^\\s\"'<>(),;:=&\\\\\\[\\]{}|/?]+")
	phoneLike = regexp.MustCompile(`[+(]?[0-9][0-9 ()./-]{4,24}[0-9]`)
	idLike    = regexp.MustCompile(`[A-Za-z0-9_.@:+-]{6,128}`)
)

// quotes reports whether a raw body has an address or a customer id of one of
// who.
func (e *Engine) quotes(s *Shop, source, body string, who map[store.Digest]bool) bool {
	for _, text := range readings(body) {
		for _, m := range mailLike.FindAllString(text, -1) {
			if key, ok := identity.Email(strings.Trim(m, ".")); ok && who[store.Digest(e.keys.Email(s.Name, key))] {
				return true
			}
		}
		for _, m := range phoneLike.FindAllString(text, -1) {
			if key, ok := identity.Phone(m, s.Rules.Country); ok && who[store.Digest(e.keys.Phone(s.Name, key))] {
				return true
			}
		}
		for _, m := range idLike.FindAllString(text, -1) {
			if who[store.Digest(e.keys.Ref(s.Name, source, m))] {
				return true
			}
		}
	}
	return false
}

var escaped = regexp.MustCompile(`\\u00[0-9A-Fa-f]{2}`)

// readings are a body as it came, and as it reads without the escapes of JSON
// and of forms.
func readings(body string) []string {
	all := []string{body}
	if plain := escaped.ReplaceAllStringFunc(body, unescape); plain != body {
		all = append(all, plain)
	}
	if strings.Contains(body, "%") {
		var lines []string
		for _, part := range strings.FieldsFunc(body, func(r rune) bool { return r == '&' || r == '\n' }) {
			if plain, err := url.QueryUnescape(part); err == nil {
				lines = append(lines, plain)
			}
		}
		all = append(all, strings.Join(lines, "\n"))
	}
	return all
}

func unescape(code string) string {
	var s string
	if json.Unmarshal([]byte(`"`+code+`"`), &s) != nil {
		return code
	}
	return s
}
