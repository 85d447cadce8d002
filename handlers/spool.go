package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"ritorno/internal/spool"
	"ritorno/internal/store"
)

const (
	// spoolEvery is how often a waiting spool tries the store.
	spoolEvery = 500 * time.Millisecond
	// spooledWithin bounds the work on one spooled delivery.
	spooledWithin = 30 * time.Second
)

// spooled is a verified delivery as it waits on disk. It holds what a dead
// letter holds: no signature is needed again, and no token is kept.
type spooled struct {
	Shop   string            `json:"shop"`
	Source string            `json:"source"`
	Method string            `json:"method"`
	Query  string            `json:"query,omitempty"`
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
	At     time.Time         `json:"at"` // program time of arrival
}

// spool keeps a delivery on disk. It is acknowledged once it is there.
func (s *Server) spool(d delivery) (Accepted, error) {
	if d.req.Now.IsZero() { // the store was not there to tell
		d.req.Now = time.Now().UTC().Add(s.store.Offset())
	}
	src := s.o.Sources[d.shop][d.source]
	if events, err := normalise(src.Source, d.req); err == nil && len(events) == 0 {
		return Accepted{Accepted: true, Ignored: true}, nil
	}
	entry, err := json.Marshal(spooled{
		Shop: d.shop, Source: d.source, Method: d.req.Method, Query: withoutSecrets(d.req.Query),
		Header: keptHeaders(d.req.Header, src.Source), Body: d.req.Body, At: d.req.Now,
	})
	if err == nil {
		err = s.o.Spool.Append(entry)
	}
	if err != nil {
		s.log.Error("delivery not spooled: it is lost unless the source sends it again", "shop", d.shop, "source", d.source, "error", err)
		return Accepted{}, fmt.Errorf("spool: %w: %w", store.ErrUnavailable, err)
	}
	if !s.waits.Swap(true) {
		s.log.Warn("the store is away: deliveries of sources that never repeat are kept on disk until it is back", "shop", d.shop, "source", d.source)
	}
	s.m.hooks.WithLabelValues(d.shop, d.source, "spooled").Inc()
	return Accepted{Accepted: true, Spooled: true}, nil
}

// RunSpool applies what waits on disk as soon as the store takes it, until ctx
// ends.
func (s *Server) RunSpool(ctx context.Context) {
	ticker := time.NewTicker(spoolEvery)
	defer ticker.Stop()
	for {
		if n, err := s.DrainSpool(ctx); n > 0 {
			s.log.Info("deliveries that waited on disk are stored", "deliveries", n, "left", s.o.Spool.Len())
		} else if err != nil && !Unconfirmed(err) {
			s.log.Error("the spool cannot be worked off", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// fromSpool marks the work on what comes from the spool.
type fromSpool struct{}

// DrainSpool applies what waits on disk, in the order in which it came, and
// returns how many deliveries that were. An error means that the store did not
// take one: it and those behind it stay. A delivery that was applied before a
// kill is known by its events' keys.
func (s *Server) DrainSpool(ctx context.Context) (int, error) {
	if s.o.Spool.Len() == 0 {
		return 0, nil
	}
	n, err := s.ApplySpool(ctx, s.o.Spool)
	if s.o.Spool.Len() == 0 {
		s.waits.Store(false)
	}
	return n, err
}

// ApplySpool is DrainSpool on a spool that a process before left.
func (s *Server) ApplySpool(ctx context.Context, from *spool.Spool) (int, error) {
	return from.Drain(context.WithValue(ctx, fromSpool{}, true), s.unspool)
}

// BeforeErasing applies what waits on disk, so that news from before an erasure
// does not come after it. When it fails nothing may be erased yet.
func (s *Server) BeforeErasing(ctx context.Context) error {
	if ctx.Value(fromSpool{}) != nil {
		return nil // all that came before it is applied
	}
	_, err := s.DrainSpool(ctx)
	return err
}

// unspool applies one delivery as if it had just been verified.
func (s *Server) unspool(ctx context.Context, entry []byte) error {
	ctx, cancel := context.WithTimeout(ctx, spooledWithin)
	defer cancel()
	var w spooled
	if err := json.Unmarshal(entry, &w); err != nil {
		s.log.Error("an entry of the spool cannot be read and is given up", "bytes", len(entry))
		return nil
	}
	d := delivery{shop: w.Shop, source: w.Source, req: s.requestOf(store.DeadLetter{
		Shop: w.Shop, Source: w.Source, Method: w.Method, Query: w.Query, Header: w.Header, Body: w.Body, At: w.At,
	})}
	src, known := s.o.Sources[w.Shop][w.Source]
	if !known {
		_, err := s.bury(ctx, d, "the source is no longer in the configuration", nil)
		return err
	}
	d.kind = src.Kind
	_, err := s.take(ctx, d, src.Source)
	return err
}
