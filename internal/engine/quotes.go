package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
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
	if err := e.sweepParked(ctx, s, who, out); err != nil {
		return err
	}
	return e.sweepDead(ctx, s, who, out)
}

func (e *Engine) sweepParked(ctx context.Context, s *Shop, who map[store.Digest]bool, out *Erasure) error {
	return e.st.EachParked(ctx, func(d store.Digest, item []byte) error {
		if !who[d] && !e.parkedNames(s, item, who) {
			return nil
		}
		out.Parked++
		return e.st.Unpark(ctx, d, item)
	})
}

// parkedNames reports whether a parked event is about one of who, or brings
// them along.
func (e *Engine) parkedNames(s *Shop, item []byte, who map[store.Digest]bool) bool {
	var ev lifecycle.Event
	if json.Unmarshal(item, &ev) != nil {
		return false
	}
	people := []lifecycle.Person{ev.Person}
	if ev.Merged != nil {
		people = append(people, *ev.Merged)
	}
	for _, p := range people {
		r := e.digests(s, lifecycle.Event{Source: ev.Source, Person: p})
		if who[r.ref] || who[r.email] || who[r.phone] {
			return true
		}
	}
	return false
}

func (e *Engine) sweepDead(ctx context.Context, s *Shop, who map[store.Digest]bool, out *Erasure) error {
	for before := ""; ; {
		letters, err := e.st.ListDead(ctx, s.Name, before, 100)
		if err != nil || len(letters) == 0 {
			return err
		}
		for _, l := range letters {
			before = l.ID
			full, err := e.st.GetDead(ctx, s.Name, l.ID)
			switch {
			case errors.Is(err, store.ErrUnavailable):
				return err
			case err != nil || !e.quotes(s, l.Source, string(full.Body)+"\n"+full.Query, who):
				continue // gone meanwhile, damaged, or about somebody else
			}
			if err := e.st.DeleteDead(ctx, s.Name, l.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			out.DeadLetters++
		}
	}
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
