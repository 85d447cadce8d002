package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"ritorno/bench/internal/baseline"
	"ritorno/bench/internal/orders"
	"ritorno/connectors"
)

// fillers fill the stores at once.
const fillers = 64

// contacts measures what needs many contacts: their memory, and claims of
// them. The stores are filled without waiting for the disk; claims wait for it.
func contacts(ctx context.Context, o Options, r *Report) (err error) {
	house, err := Open(ctx, filepath.Join(o.Dir, "many"), "no")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	other, err := startServer(ctx, filepath.Join(o.Dir, "manyplain"), "no")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, other.close()) }()
	plain := baseline.NewPlain(other.own.Socket())
	defer func() { err = errors.Join(err, plain.Close()) }()

	list := orders.NewMaker(secret, time.Now(), 100).Batch(o.Contacts)
	if r.Memory[0], err = fill(ctx, o, house.server, list, house.hand); err != nil {
		return fmt.Errorf("memory of ritorno: %w", err)
	}
	if n, err := house.Store.Contacts(ctx); err != nil || n != int64(o.Contacts) {
		return errors.Join(err, fmt.Errorf("%d orders of different people made %d contacts", o.Contacts, n))
	}
	if r.Memory[1], err = fill(ctx, o, other, list, func(ctx context.Context, d orders.Order) error {
		return plain.Take(ctx, d.Body)
	}); err != nil {
		return fmt.Errorf("memory of the plain baseline: %w", err)
	}
	for _, s := range []*server{house.server, other} {
		if err := s.ConfigSet(ctx, "appendfsync", "always").Err(); err != nil {
			return err
		}
	}
	r.Claims, err = claims(ctx, o, house, other)
	return err
}

// hand gives an order to the service as the hook would, without HTTP.
func (h *House) hand(ctx context.Context, d orders.Order) error {
	r := connectors.Request{Header: http.Header{}, Body: d.Body, Now: time.Now()}
	r.Header.Set("X-Shopify-Topic", orders.Topic)
	r.Header.Set("X-Shopify-Webhook-Id", d.WebhookID)
	return h.take(ctx, r)
}

// Memory is what contacts cost a Redis.
type Memory struct {
	PerContact float64  // bytes of used_memory
	Keys       float64  // for each contact
	Families   []Family // the same by what the keys are for, from MEMORY USAGE
}

// fill hands over the orders, one of each person, and weighs.
func fill(ctx context.Context, o Options, s *server, list []orders.Order, take func(context.Context, orders.Order) error) (m Memory, err error) {
	before, err := s.memory(ctx)
	if err != nil {
		return m, err
	}
	began := time.Now()
	if err := spread(ctx, fillers, len(list), func(ctx context.Context, i int) error { return take(ctx, list[i]) }); err != nil {
		return m, err
	}
	o.say("memory: %d contacts in %.0f s", len(list), time.Since(began).Seconds())
	after, err := s.memory(ctx)
	if err != nil {
		return m, err
	}
	keys, err := s.DBSize(ctx).Result()
	if err != nil {
		return m, err
	}
	n := float64(len(list))
	m.PerContact, m.Keys = float64(after-before)/n, float64(keys)/n
	m.Families, err = census(ctx, s, len(list))
	return m, err
}
