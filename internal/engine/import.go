package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Pace of an import. Events of one person stay in their order: they go to one
// worker. What a worker holds is the window within which a person's events are
// taken in together.
const (
	importWorkers = 4
	importChunk   = 8192 // events that a worker takes in at once
	importTries   = 6    // of a chunk, while the store is away
	importFull    = 0.85 // of the store's memory: webhooks need the rest
)

// ErrFull: the store has no room for an import. Give it more memory.
var ErrFull = errors.New("the store's memory is nearly full")

// Imported is what an import did.
type Imported struct {
	Events  int `json:"events"`       // taken in
	Orders  int `json:"new_orders"`   // of these, purchases that the shop did not know
	Made    int `json:"new_contacts"` // contacts made
	Changed int `json:"changes"`      // times that a contact's record was changed
}

func (i *Imported) add(o Imported) {
	i.Events += o.Events
	i.Orders += o.Orders
	i.Made += o.Made
	i.Changed += o.Changed
}

// Import takes old news in until next returns io.EOF: what Apply does one by
// one, in large batches. It may be repeated with the same events, whole or in
// part: what is known changes nothing. After an error of next or of the store
// some of the events are taken in.
func (e *Engine) Import(ctx context.Context, shop string, next Next) (Imported, error) {
	s, ok := e.shops[shop]
	if !ok {
		return Imported{}, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	if err := e.needVersions(ctx); err != nil {
		return Imported{}, err
	}
	g, ctx := errgroup.WithContext(ctx)
	im := &importer{e: e, s: s}
	var work [importWorkers]chan []lifecycle.Event
	for i := range work {
		work[i] = make(chan []lifecycle.Event)
		g.Go(func() error {
			for chunk := range work[i] {
				if err := im.chunk(ctx, chunk); err != nil {
					return err
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer func() {
			for _, w := range work {
				close(w)
			}
		}()
		return deal(ctx, work[:], next)
	})
	err := g.Wait()
	return im.sum, err
}

// deal hands the events out, each person's to the same worker.
func deal(ctx context.Context, work []chan []lifecycle.Event, next Next) error {
	d := dealer{work, make([][]lifecycle.Event, len(work))}
	for {
		ev, err := next()
		switch {
		case errors.Is(err, io.EOF):
			return d.passAll(ctx)
		case errors.Is(err, ErrEndOfPart):
			err = d.passFull(ctx)
		case err == nil:
			err = d.give(ctx, handOf(ev.Person, len(work)), ev)
		}
		if err != nil {
			return err
		}
	}
}

// dealer gathers the events of each worker.
type dealer struct {
	work  []chan []lifecycle.Event
	hands [][]lifecycle.Event
}

func (d *dealer) give(ctx context.Context, i int, ev lifecycle.Event) error {
	if d.hands[i] == nil {
		d.hands[i] = make([]lifecycle.Event, 0, importChunk)
	}
	d.hands[i] = append(d.hands[i], ev)
	if len(d.hands[i]) < importChunk {
		return nil
	}
	return d.pass(ctx, i)
}

func (d *dealer) pass(ctx context.Context, i int) error {
	if len(d.hands[i]) == 0 {
		return nil
	}
	select {
	case d.work[i] <- d.hands[i]:
		d.hands[i] = nil
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *dealer) passAll(ctx context.Context) error {
	for i := range d.hands {
		if err := d.pass(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// passFull passes on the hands in which one more part has no room.
func (d *dealer) passFull(ctx context.Context) error {
	for i, hand := range d.hands {
		if 10*len(hand) < 7*importChunk {
			continue
		}
		if err := d.pass(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// importer is one import at work.
type importer struct {
	e *Engine
	s *Shop

	mu  sync.Mutex
	sum Imported
}

// chunk takes events in, again where the store was away: repeating changes
// nothing.
func (im *importer) chunk(ctx context.Context, evs []lifecycle.Event) error {
	wait := 200 * time.Millisecond
	for try := 1; ; try++ {
		done, err := im.try(ctx, evs)
		im.mu.Lock()
		im.sum.add(done)
		im.mu.Unlock()
		if err == nil {
			return nil
		}
		if try == importTries || !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		wait *= 2
	}
}

func (im *importer) try(ctx context.Context, evs []lifecycle.Event) (Imported, error) {
	full, err := im.e.st.Full(ctx)
	if err != nil {
		return Imported{}, err
	}
	if full > importFull {
		return Imported{}, fmt.Errorf("%w: %d %% of maxmemory are used; raise it and import again", ErrFull, int(100*full))
	}
	sum, err := im.batch(ctx, im.sort(evs))
	if err == nil {
		sum.Events = len(evs)
	}
	return sum, err
}
