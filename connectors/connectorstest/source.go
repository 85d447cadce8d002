// Package connectorstest holds what every connector must pass, whatever it
// connects to.
package connectorstest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Sample is one genuine request to a source.
type Sample struct {
	Name    string
	Request connectors.Request
	// Proof are the headers that prove where the request comes from. Without
	// any of them, or with rubbish in them, it must be refused.
	Proof []string
	// Param is the parameter of the URL that proves it, where nothing is signed:
	// then the body is taken for genuine whatever is in it.
	Param string
	// Stranger is the same kind of source with another secret.
	Stranger connectors.Source
	// Window is how old a request may be, 0 if the scheme knows no time.
	Window time.Duration
}

// Planted stands in mutated bodies and must never come out in an error.
const Planted = "planted.person@example.com"

// Source holds a source against its genuine samples and against what attackers
// and broken senders make of them.
func Source(t *testing.T, s connectors.Source, samples []Sample) {
	t.Helper()
	if len(samples) == 0 {
		t.Fatal("no samples: nothing would be tested")
	}
	mutated := map[string]bool{}
	for _, sample := range samples {
		t.Run(sample.Name, func(t *testing.T) {
			verifies(t, s, sample)
			repeats(t, s, sample)
			// Samples with the same fields are read by the same code: one of
			// them is enough for the thousands of mutations.
			if shape := shape(sample.Request.Body); !mutated[shape] {
				mutated[shape] = true
				survives(t, s, sample)
			}
		})
	}
	keysDiffer(t, s, samples)
}

// verifies checks that the genuine request is taken and no forgery is.
func verifies(t *testing.T, s connectors.Source, sample Sample) {
	t.Helper()
	if err := s.Verify(sample.Request); err != nil {
		t.Fatalf("genuine request: %v", err)
	}
	if err := sample.Stranger.Verify(sample.Request); !errors.Is(err, connectors.ErrSignature) {
		t.Errorf("another secret: err = %v, want ErrSignature", err)
	}
	for name, r := range forgeries(sample) {
		if err := s.Verify(r); !errors.Is(err, connectors.ErrSignature) {
			t.Errorf("%s: err = %v, want ErrSignature", name, err)
		}
	}
}

// forgeries are requests that nobody with the secret has made.
func forgeries(sample Sample) map[string]connectors.Request {
	if sample.Param != "" {
		return strangers(sample)
	}
	out := map[string]connectors.Request{}
	for _, i := range []int{0, len(sample.Request.Body) / 2, len(sample.Request.Body) - 1} {
		body := bytes.Clone(sample.Request.Body)
		body[i] ^= 1
		out[fmt.Sprintf("byte %d changed", i)] = with(sample.Request, func(r *connectors.Request) { r.Body = body })
	}
	out["a byte more"] = with(sample.Request, func(r *connectors.Request) { r.Body = append(bytes.Clone(r.Body), ' ') })
	out["no body"] = with(sample.Request, func(r *connectors.Request) { r.Body = nil })
	out["no headers at all"] = with(sample.Request, func(r *connectors.Request) { r.Header = http.Header{} })
	for _, name := range sample.Proof {
		out["without "+name] = with(sample.Request, func(r *connectors.Request) { r.Header.Del(name) })
		for i, rubbish := range rubbishFor(sample.Request.Header.Get(name)) {
			out[fmt.Sprintf("rubbish %d in %s", i, name)] = with(sample.Request, func(r *connectors.Request) { r.Header.Set(name, rubbish) })
		}
	}
	if sample.Window > 0 {
		for name, away := range map[string]time.Duration{"too late": sample.Window + time.Second, "too early": -sample.Window - time.Second} {
			out[name] = with(sample.Request, func(r *connectors.Request) { r.ReceivedAt = r.ReceivedAt.Add(away) })
		}
	}
	return out
}

// strangers are requests without the secret part of the URL.
func strangers(sample Sample) map[string]connectors.Request {
	good := sample.Request.Query.Get(sample.Param)
	query := func(values ...string) connectors.Request {
		return with(sample.Request, func(r *connectors.Request) {
			r.Query = maps.Clone(r.Query)
			r.Query[sample.Param] = values
		})
	}
	out := map[string]connectors.Request{
		"no query at all":         with(sample.Request, func(r *connectors.Request) { r.Query = nil }),
		"without " + sample.Param: query(),
		"an empty one":            query(""),
		"two of them":             query(good, "another"),
		"two of them, turned":     query("another", good),
		"in other letters":        query(strings.ToUpper(good)),
		"in a header":             with(query(), func(r *connectors.Request) { r.Header.Set(sample.Param, good) }),
	}
	for i, rubbish := range rubbishFor(good) {
		out[fmt.Sprintf("rubbish %d", i)] = query(rubbish)
	}
	return out
}

// rubbishFor is what may stand in a header in place of a good value.
func rubbishFor(good string) []string {
	half := good[:len(good)/2]
	return []string{" ", "=", "%00", "\xff\xfe", strings.Repeat("A", 10_000), half, good[len(half):], good + "A", "A" + good, ",,,", "v1,", "-1", "1.e9"}
}

// repeats checks that reading has no memory: the same delivery twice gives the
// same events, and each event a key of its own.
func repeats(t *testing.T, s connectors.Source, sample Sample) {
	t.Helper()
	first, err := s.Normalise(sample.Request)
	if err != nil {
		t.Fatalf("Normalise: %v", err)
	}
	second, err := s.Normalise(with(sample.Request, func(*connectors.Request) {}))
	if err != nil {
		t.Fatalf("Normalise again: %v", err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the same delivery twice differs (-first +second):\n%s", diff)
	}
	seen := map[string]bool{}
	for i, ev := range first {
		if ev.Key == "" || seen[ev.Key] {
			t.Errorf("event %d (%s) has key %q: empty, or that of another event", i, ev.Type, ev.Key)
		}
		seen[ev.Key] = true
		if ev.Type == "" {
			t.Errorf("event %d has no type", i)
		}
		wellFormed(t, ev)
	}
}

// wellFormed checks what the core relies on.
func wellFormed(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	for name, at := range map[string]time.Time{"At": ev.At, "Version": ev.Version} {
		if !at.IsZero() && at.Location() != time.UTC {
			t.Errorf("%s of %s is not UTC", name, ev.Type)
		}
	}
	if o := ev.Order; o != nil {
		if o.ID == "" || len(o.Items) > 5 || !o.At.IsZero() && o.At.Location() != time.UTC {
			t.Errorf("order %+v: no id, too many items or not UTC", *o)
		}
		if !o.Partial && o.Total.Currency == "" {
			t.Errorf("order %s has a total without a currency", o.ID)
		}
	}
	if ev.Refund != nil && (ev.Refund.OrderID == "" || ev.Refund.ID == "" || ev.Refund.Amount < 0) {
		t.Errorf("refund %+v: an id is missing, or it is below zero", *ev.Refund)
	}
}

// survives checks that no body makes the source panic, return another error
// than ErrMalformed, or quote what it read.
func survives(t *testing.T, s connectors.Source, sample Sample) {
	t.Helper()
	for name, body := range Mutations(sample.Request.Body) {
		_, err := s.Normalise(with(sample.Request, func(r *connectors.Request) { r.Body = body }))
		if err != nil && !errors.Is(err, connectors.ErrMalformed) {
			t.Errorf("%s: err = %v, want ErrMalformed", name, err)
		}
		if err != nil && strings.Contains(err.Error(), Planted) {
			t.Errorf("%s: the error quotes the body: %v", name, err)
		}
	}
}

// keysDiffer checks that no two samples count as the same delivery.
func keysDiffer(t *testing.T, s connectors.Source, samples []Sample) {
	t.Helper()
	owner := map[string]string{}
	for _, sample := range samples {
		events, err := s.Normalise(sample.Request)
		if err != nil {
			continue // reported above
		}
		for _, ev := range events {
			if other, found := owner[ev.Key]; found && other != sample.Name {
				t.Errorf("%s and %s share the key %q", other, sample.Name, ev.Key)
			}
			owner[ev.Key] = sample.Name
		}
	}
}

// with is a copy of a request with one thing changed.
func with(r connectors.Request, change func(*connectors.Request)) connectors.Request {
	r.Header = r.Header.Clone()
	change(&r)
	return r
}
