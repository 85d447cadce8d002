package engine

import (
	"context"
	"errors"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Delivered takes in what a provider reports about a message. A contact that
// is gone meanwhile is no error: there is nothing left to report on.
func (e *Engine) Delivered(ctx context.Context, source string, n lifecycle.News, at time.Time, key string) error {
	id := n.MessageID
	if id == "" {
		id = lifecycle.MessageOf(n.AttemptID)
	}
	contact := lifecycle.ContactOf(id)
	if contact == "" {
		return nil
	}
	_, err := e.ApplyTo(ctx, contact, lifecycle.Event{Type: lifecycle.Delivery, Source: source, At: at, Key: key, News: &n})
	return gone(err)
}

// gone turns "not found" into nothing.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, ErrShop) {
		return nil
	}
	return err
}
