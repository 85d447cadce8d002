package connectorstest

import (
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// mostPages ends a read that goes round in a circle.
const mostPages = 50

// EventsOf is what the source's own Normalise makes of a page at a time.
func EventsOf(t *testing.T, src connectors.Source, p connectors.Page, now time.Time) (out []lifecycle.Event) {
	t.Helper()
	for _, d := range p.Deliveries {
		d.Now = now
		events, err := src.Normalise(d)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, events...)
	}
	return out
}

// ReadAll reads page by page what changed since, and calls between before each
// page but the first.
func ReadAll(t *testing.T, r connectors.Reader, src connectors.Source, since, now time.Time, between func(page int)) (pages int, events []lifecycle.Event) {
	t.Helper()
	for next := ""; ; {
		p, err := r.Changes(t.Context(), since, next)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, EventsOf(t, src, p, now)...)
		if pages++; p.Next == "" {
			return pages, events
		}
		if pages == mostPages {
			t.Fatalf("the read does not end: page %d leads to %q", pages, p.Next)
		}
		next = p.Next
		between(pages)
	}
}
