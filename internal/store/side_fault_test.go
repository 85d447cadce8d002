package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// sideCalls is every call of the side tables, on records that exist.
func sideCalls(s *store.Store, dead string) map[string]func(context.Context) error {
	d, id, tok := digestOf("secret@example.com"), contactID(1), token(1)
	link := store.Link{Contact: id, Message: "m1"}
	l := letter("main", "secret body")
	l.ID = dead
	return map[string]func(context.Context) error{
		"Lookup":      func(ctx context.Context) error { _, err := s.Lookup(ctx, d); return err },
		"ClaimLookup": func(ctx context.Context) error { _, err := s.ClaimLookup(ctx, d, id); return err },
		"Point":       func(ctx context.Context) error { return s.Point(ctx, d, id) },
		"Crowd":       func(ctx context.Context) error { _, err := s.Crowd(ctx, d); return err },
		"Unpoint":     func(ctx context.Context) error { return s.Unpoint(ctx, d, id) },
		"DropLookups": func(ctx context.Context) error { return s.DropLookups(ctx, id, []store.Digest{d}) },
		"PointOrder":  func(ctx context.Context) error { return s.PointOrder(ctx, d, id, sideNoon) },
		"LookupOrder": func(ctx context.Context) error { _, err := s.LookupOrder(ctx, d); return err },
		"DropOrders":  func(ctx context.Context) error { return s.DropOrders(ctx, id, []store.Digest{d}) },
		"Suppress":    func(ctx context.Context) error { return s.Suppress(ctx, d, "bounced") },
		"Suppressed":  func(ctx context.Context) error { _, err := s.Suppressed(ctx, d); return err },
		"Unsuppress":  func(ctx context.Context) error { return s.Unsuppress(ctx, d) },
		"Park":        func(ctx context.Context) error { return s.Park(ctx, d, []byte("secret body")) },
		"Parked":      func(ctx context.Context) error { _, err := s.Parked(ctx, d); return err },
		"Unpark":      func(ctx context.Context) error { return s.Unpark(ctx, d, []byte("secret body")) },
		"ParkedCount": func(ctx context.Context) error { _, err := s.ParkedCount(ctx); return err },
		"PutDead":     func(ctx context.Context) error { _, err := s.PutDead(ctx, l); return err },
		"ListDead":    func(ctx context.Context) error { _, err := s.ListDead(ctx, "bottega", "", 10); return err },
		"GetDead":     func(ctx context.Context) error { _, err := s.GetDead(ctx, "bottega", dead); return err },
		"CountDead":   func(ctx context.Context) error { _, err := s.CountDead(ctx, "bottega"); return err },
		"PutLink":     func(ctx context.Context) error { return s.PutLink(ctx, "secretcode", link, time.Hour) },
		"GetLink":     func(ctx context.Context) error { _, err := s.GetLink(ctx, "secretcode"); return err },
		"DropLinks":   func(ctx context.Context) error { return s.DropLinks(ctx, "othersecret") },
		"PutToken":    func(ctx context.Context) error { return s.PutToken(ctx, tok) },
		"FindToken":   func(ctx context.Context) error { _, err := s.FindToken(ctx, tok.Hash); return err },
		"ListTokens":  func(ctx context.Context) error { _, err := s.ListTokens(ctx); return err },
		"TouchToken":  func(ctx context.Context) error { return s.TouchToken(ctx, tok.Hash, sideNoon) },
		"NoteDelivery": func(ctx context.Context) error {
			return s.NoteDelivery(ctx, "bottega", "main", store.Note{At: sideNoon, Outcome: store.OutcomeDead})
		},
		"SourceStatus": func(ctx context.Context) error { _, err := s.SourceStatus(ctx, "bottega", "main"); return err },
		"NoteOrder": func(ctx context.Context) error {
			return s.NoteOrder(ctx, "bottega", "main", orderAt(sideNoon, 1, 1))
		},
		"Feed":         func(ctx context.Context) error { _, err := s.Feed(ctx, "bottega", "main"); return err },
		"WaiveSilence": func(ctx context.Context) error { return s.WaiveSilence(ctx, "bottega", "main", sideNoon) },
		"Brakes":       func(ctx context.Context) error { _, err := s.Brakes(ctx); return err },
		"Brake":        func(ctx context.Context) error { _, err := s.Brake(ctx, "sms:secret", "why", nil); return err },
		"Release":      func(ctx context.Context) error { return s.Release(ctx, "sms:secret", sideNoon) },
		"Holding":      func(ctx context.Context) error { _, _, err := s.Holding(ctx, "hold", "sms:secret"); return err },
		"Tallies":      func(ctx context.Context) error { _, err := s.Tallies(ctx, 1, 2); return err },
		"Flags":        func(ctx context.Context) error { _, err := s.Flags(ctx, "hold", "other"); return err },
		"Flag":         func(ctx context.Context) error { _, err := s.Flag(ctx, "hold"); return err },
		"SetFlag":      func(ctx context.Context) error { return s.SetFlag(ctx, "hold", "secret body", 0) },
		"DeleteDead":   func(ctx context.Context) error { return s.DeleteDead(ctx, "bottega", "00000000000000000000000000") },
		"RevokeToken":  func(ctx context.Context) error { return s.RevokeToken(ctx, "never made") },
	}
}

// absent calls ask for what does not exist.
var absent = map[string]bool{"DeleteDead": true, "RevokeToken": true}

func prepareSide(t *testing.T, s *store.Store) (dead string) {
	t.Helper()
	ctx := ctxOf(t)
	ok(t, s.PutToken(ctx, token(1)))
	ok(t, s.PutLink(ctx, "secretcode", store.Link{Contact: contactID(1), Message: "m1"}, time.Hour))
	return must[string](t)(s.PutDead(ctx, letter("main", "secret body")))
}

func wantAllAnswered(t *testing.T, s *store.Store, dead string) {
	t.Helper()
	for name, call := range sideCalls(s, dead) {
		err := call(ctxOf(t))
		if absent[name] && errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSideTablesSayWhenTheServerIsAway(t *testing.T) {
	node := redistest.NewNode(t)
	s := open(t, store.Options{URL: node.URL})
	dead := prepareSide(t, s)
	node.Stop(t)
	var all sync.WaitGroup
	for name, call := range sideCalls(s, dead) {
		all.Go(func() {
			err := call(ctxOf(t))
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: got %v, want ErrUnavailable", name, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the error shows what was asked: %v", name, err)
			}
		})
	}
	all.Wait()
	// A server that comes back has an empty script cache.
	node.Start(t)
	wantAllAnswered(t, s, dead)
}

func TestSideTablesSurviveAFlushedScriptCache(t *testing.T) {
	node := redistest.NewNode(t) // other tests need their scripts
	s := open(t, store.Options{URL: node.URL})
	dead := prepareSide(t, s)
	for name, call := range sideCalls(s, dead) {
		ok(t, s.Client().ScriptFlush(ctxOf(t)).Err())
		if err := call(ctxOf(t)); err != nil && !absent[name] {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSideTablesHoldWithABarrier(t *testing.T) {
	// Debian's 7.0 has no WAITAOF: then nothing may count as confirmed.
	s := oneStore(t)
	dead := prepareSide(t, s)
	version := s.Client().Info(ctxOf(t), "server").Val()
	s.WithWaitAOF()
	err := s.Suppress(ctxOf(t), digestOf("x"), "bounced")
	if strings.Contains(version, "redis_version:7.0.") {
		if err == nil {
			t.Error("a write counts as confirmed although the barrier failed")
		}
		return
	}
	ok(t, err)
	wantAllAnswered(t, s, dead)
}

func TestSideTablesStopWithTheirContext(t *testing.T) {
	s := oneStore(t)
	dead := prepareSide(t, s)
	ctx, cancel := context.WithCancel(ctxOf(t))
	cancel()
	for name, call := range sideCalls(s, dead) {
		if err := call(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want the context's error", name, err)
		}
	}
}
