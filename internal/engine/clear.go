package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

var noTime time.Time

// clear removes everything that a tombstone names, and says so in it. Each
// step may be done again: whoever is killed in between leaves the rest to the
// process that meets the tombstone next.
func (e *Engine) clear(ctx context.Context, s *Shop, c lifecycle.Contact, out *Erasure) error {
	g := c.Erasing
	if err := e.suppress(ctx, g); err != nil { // before a look-up is gone: whoever finds none is held against the list
		return err
	}
	e.at("erase.suppressed")
	if err := e.sweep(ctx, s, g, out); err != nil {
		return err
	}
	e.at("erase.swept")
	if err := e.st.DropLinks(ctx, g.Codes...); err != nil {
		return err
	}
	for _, id := range append([]string{c.ID}, g.Joined...) {
		if err := e.st.DropOrders(ctx, id, digestsOf(g.Orders)); err != nil {
			return err
		}
	}
	e.at("erase.orders")
	for _, id := range append([]string{c.ID}, g.Joined...) {
		if err := e.st.DropLookups(ctx, id, digestsOf(g.Lookups)); err != nil {
			return err
		}
	}
	for _, id := range g.Joined {
		if err := e.dropJoined(ctx, id); err != nil {
			return err
		}
	}
	e.at("erase.lookups")
	if err := e.wantRewrite(ctx); err != nil {
		return err
	}
	return e.cleared(ctx, s, c.ID)
}

// cleared takes the tombstone away, when nothing else is left.
func (e *Engine) cleared(ctx context.Context, s *Shop, id string) error {
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	_, err = e.st.Update(ctx, store.Request{ID: id}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		return e.change(s.Name, s.Rules.Decide(lifecycle.Event{Type: lifecycle.Cleared, At: now}, c, now)), nil
	})
	e.at("erase.cleared")
	return gone(err)
}

// goOn finishes an erasure that stands still.
func (e *Engine) goOn(ctx context.Context, c lifecycle.Contact) error {
	if defect.On("erase_goes_on") {
		return nil
	}
	s, ok := e.shops[c.Shop]
	if !ok { // taken out of the configuration: what is left of its people goes all the same
		s = &Shop{Name: c.Shop, Rules: lifecycle.Rules{Shop: c.Shop}}
	}
	var out Erasure
	if err := e.clear(ctx, s, c, &out); err != nil {
		return err
	}
	e.log.Info("an erasure that had stopped half-way is finished", "shop", c.Shop, "contact", c.ID, "dead_letters", out.DeadLetters, "parked_events", out.Parked)
	return nil
}

// dropJoined removes what a merged record left: its forwarding address, or all
// of it where a crash came after it was absorbed.
func (e *Engine) dropJoined(ctx context.Context, id string) error {
	_, err := e.st.Update(ctx, store.Request{ID: id}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		if c.Forward == "" {
			return store.Change{Contact: c}, nil
		}
		return store.Change{Remove: true, SeenOrders: []uint64{lifecycle.ErasedKey(id)}}, nil
	})
	return gone(err)
}

// suppress puts the addresses on the list, with the time of the erasure. A
// later erasure of the same address stands.
func (e *Engine) suppress(ctx context.Context, g *lifecycle.Erasing) error {
	ds := digestsOf(g.Suppress)
	marks, err := e.st.Suppressed(ctx, ds...)
	if err != nil {
		return err
	}
	for i, d := range ds {
		if at, ok := erasedAt(marks[i]); ok && !at.Before(g.At) {
			continue
		}
		if err := e.st.Suppress(ctx, d, g.At.UTC().Format(time.RFC3339Nano)+" erased"); err != nil {
			return err
		}
	}
	return nil
}

// erasedAt reads a mark of the suppression list.
func erasedAt(mark string) (time.Time, bool) {
	when, _, _ := strings.Cut(mark, " ")
	at, err := time.Parse(time.RFC3339, when)
	return at, err == nil
}

// digestsOf turns the digests of a record into those of the store.
func digestsOf(texts []string) []store.Digest {
	var ds []store.Digest
	for _, t := range texts {
		var d store.Digest
		if copy(d[:], t) == len(d) {
			ds = append(ds, d)
		}
	}
	return ds
}

// The files of the store's servers hold what was deleted until they are
// rewritten. The flags say when an erasure last asked for that, and which of
// these times the last rewrite came after.
const (
	flagErased    = "erased"
	flagRewritten = "rewritten"
)

// rewriteEvery is how long erasures wait for the rewrite of the files, real
// time; several share one.
const rewriteEvery = time.Hour

func (e *Engine) wantRewrite(ctx context.Context) error {
	real, _, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	return e.st.SetFlag(ctx, flagErased, real.Format(time.RFC3339Nano), 0)
}

// Rewrite rewrites the store's files if somebody was erased since it was done
// last.
func (e *Engine) Rewrite(ctx context.Context) error {
	asked, err := e.st.Flag(ctx, flagErased)
	if err != nil || asked == "" {
		return err
	}
	done, err := e.st.Flag(ctx, flagRewritten)
	if err != nil || done == asked {
		return err
	}
	if err := e.st.Rewrite(ctx); err != nil {
		return errors.Join(errors.New("people were erased, and the store's file that still quotes them cannot be rewritten"), err)
	}
	return e.st.SetFlag(ctx, flagRewritten, asked, 0)
}
