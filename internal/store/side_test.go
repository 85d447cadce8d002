package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"ritorno/internal/store"
)

// everyStore runs a test on one node and on a cluster of three.
func everyStore(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	onBoth(t, func(t *testing.T, where store.Options) { test(t, open(t, where)) })
}

func oneStore(t *testing.T) *store.Store {
	t.Helper()
	return open(t, oneNode(t))
}

func digestOf(text string) store.Digest {
	sum := sha256.Sum256([]byte(text))
	return store.Digest(sum[:16])
}

// contactID makes ids of the length of the real ones.
func contactID(n int) string { return fmt.Sprintf("c%011d", n) }

// deadline of a whole test: far more than a busy machine needs.
const deadline = 2 * time.Minute

var sideNoon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ctxOf(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	return ctx
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
