package handlers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"ritorno/connectors"
	"ritorno/internal/point"
	"ritorno/internal/store"
)

// Times of reading a source, real time.
const (
	// readOverlap is how much of the time before the last round is read again:
	// shops' clocks differ from ours, and what a shop dates with one moment it may
	// show a little later.
	readOverlap = 10 * time.Minute
	// readLease outlives one page: the call, what it brought, and a pause.
	readLease = 3 * time.Minute
	// pageLimit is the longest one call may take, waiting for its turn included.
	pageLimit = 45 * time.Second
	// applyLimit is the longest that what a page brought may take to be stored.
	applyLimit = time.Minute
	// readAgain is how soon a round is tried again that could not be finished; it
	// doubles up to the source's own interval.
	readAgain = 30 * time.Second
)

// Caught is what one round of reading a source did.
type Caught struct {
	Read  int  // deliveries
	Found int  // new orders among them, that no webhook had told by then
	First bool // the source was never read before: history is for an import
	// Late: the round was begun long ago and is finished only now, so another one
	// is due at once.
	Late bool
}

// RunCatchUp reads every source that can be read until ctx ends: at once, since
// webhooks may have been lost while nobody listened, then each at its own
// interval.
func (s *Server) RunCatchUp(ctx context.Context) {
	var loops sync.WaitGroup
	for shop, sources := range s.o.Sources {
		for name, src := range sources {
			if src.Reader != nil && src.Every > 0 {
				loops.Go(func() { s.readOn(ctx, shop, name, src) })
			}
		}
	}
	loops.Wait()
}

func (s *Server) readOn(ctx context.Context, shop, name string, src Source) {
	force, failed := s.o.Exclusive, 0
	for ctx.Err() == nil {
		got, err := s.catchUp(ctx, shop, name, force)
		var wait time.Duration
		wait, failed = nextRound(src.Every, got, err, failed)
		wait += rand.N(wait/20 + 1) // not all sources at once
		force = force && errors.Is(err, store.ErrUnavailable)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		t.Stop()
	}
}

// nextRound is how long until a source is read again, and how many rounds failed
// in a row. The shop's own wish always counts.
func nextRound(every time.Duration, got Caught, err error, failed int) (time.Duration, int) {
	var fault *connectors.ReadFault
	switch {
	case err == nil && got.Late:
		return time.Second, 0
	case err == nil:
		return every, 0
	case errors.Is(err, store.ErrLeased):
		return min(every, readAgain), failed
	}
	wait := min(readAgain<<min(failed, 10), every)
	if errors.As(err, &fault) {
		wait = max(wait, fault.RetryAfter)
	}
	return wait, failed + 1
}

// CatchUp reads one round of a source through its shop's own API, page by page,
// and takes what it brings as if webhooks had. How far it got is kept after each
// page that is stored: whoever is killed goes on there, and what was stored
// already is known by its keys. store.ErrLeased: another process is at it. An
// error of the shop is a *connectors.ReadFault, and is kept for the source's
// status.
func (s *Server) CatchUp(ctx context.Context, shop, name string) (Caught, error) {
	return s.catchUp(ctx, shop, name, false)
}

func (s *Server) catchUp(ctx context.Context, shop, name string, force bool) (Caught, error) {
	src := s.o.Sources[shop][name]
	if src.Reader == nil {
		return Caught{}, fmt.Errorf("source %s/%s: there is no access to its shop's API", shop, name)
	}
	r := reading{s: s, shop: shop, name: name, src: src, started: time.Now()}
	err := r.take(ctx, force)
	if err == nil {
		err = r.round(ctx)
		r.leave(ctx, err)
	}
	s.m.rounds.WithLabelValues(shop, name, outcomeOfRound(err)).Inc()
	return r.sum, err
}

// reading is one round at work.
type reading struct {
	s          *Server
	shop, name string
	src        Source
	started    time.Time // this process's clock
	now        time.Time // the store's, at the same moment
	at         store.Reading
	was        string // what was wrong before
	sum        Caught
}

// take gets the lease and finds out where to begin.
func (r *reading) take(ctx context.Context, force bool) (err error) {
	if r.at, r.now, err = r.s.store.TakeReading(ctx, r.shop, r.name, readLease, force); err != nil {
		return err
	}
	r.was = r.at.Error
	if r.at.Since.IsZero() {
		r.at.Since, r.sum.First = r.now.Add(-readOverlap), true
	}
	if a, bounded := r.src.Reader.(connectors.Reacher); bounded && r.now.Sub(r.at.Since) > a.Reach() {
		r.s.log.Error("a source was not read for so long that its shop has forgotten changes: import what is missing",
			"shop", r.shop, "source", r.name, "read_until", r.at.Since, "forgotten_before", r.now.Add(-a.Reach()))
		r.at.Since, r.at.Next = r.now.Add(-a.Reach()), ""
	}
	return nil
}

func (r *reading) clock() time.Time { return r.now.Add(time.Since(r.started)) }

// round reads to the end. A mark that is taken no more sends it back to the
// first page, once.
func (r *reading) round(ctx context.Context) error {
	for again := false; ; {
		if r.at.Next == "" {
			r.at.Began = r.clock()
		}
		page, err := r.page(ctx)
		if fault := (*connectors.ReadFault)(nil); errors.As(err, &fault) && fault.Restart && r.at.Next != "" && !again {
			again, r.at.Next = true, ""
			continue
		}
		if err != nil {
			return err
		}
		if done, err := r.store(ctx, page); done || err != nil {
			return err
		}
		if err := restFor(ctx, page.Pause); err != nil {
			return err
		}
	}
}

func (r *reading) page(ctx context.Context) (connectors.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, pageLimit)
	defer cancel()
	page, err := r.src.Reader.Changes(ctx, r.at.Since, r.at.Next)
	if err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = &connectors.ReadFault{Name: "unreachable", Text: "no answer within " + pageLimit.String()}
	}
	return page, err
}

// store takes a page in, and only then keeps where the next one begins.
func (r *reading) store(ctx context.Context, page connectors.Page) (done bool, err error) {
	point.At("page")
	found, err := r.apply(ctx, page.Deliveries)
	if err != nil {
		return false, err
	}
	point.At("page_stored")
	r.at.Next, r.at.Tried, r.at.Error, r.at.Text = page.Next, r.clock(), "", ""
	lease := readLease
	if done = page.Next == ""; done {
		r.sum.Late = r.src.Every > 0 && r.clock().Sub(r.at.Began) > max(r.src.Every, readOverlap)
		r.at.Whole, r.at.Since, r.at.Began, lease = r.at.Began, r.at.Began.Add(-readOverlap), time.Time{}, 0
	}
	if err := r.s.store.SaveReading(ctx, r.shop, r.name, store.Step{Reading: r.at, Read: len(page.Deliveries), Found: found, Finished: done}, lease); err != nil {
		return false, err
	}
	point.At("page_kept")
	r.sum.Read += len(page.Deliveries)
	r.sum.Found += found
	r.s.m.found.WithLabelValues(r.shop, r.name).Add(float64(found))
	if done {
		r.s.m.whole.WithLabelValues(r.shop, r.name).Set(float64(r.at.Whole.UnixMilli()) / 1000)
	}
	return done, nil
}

// apply takes deliveries in as webhooks are, but counts none of them as one.
func (r *reading) apply(ctx context.Context, list []connectors.Request) (found int, err error) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, fromRead{}, true), applyLimit)
	defer cancel()
	for _, req := range list {
		d := delivery{shop: r.shop, source: r.name, kind: r.src.Kind, req: req}
		d.req.ReceivedAt = time.Now()
		if d.req.Now, err = r.s.now(ctx); err != nil {
			return found, err
		}
		out, err := r.s.take(ctx, d, r.src.Source)
		if err != nil {
			return found, err
		}
		found += out.orders
	}
	return found, nil
}

// fromRead marks the work on what was read and not told.
type fromRead struct{}

// leave keeps what went wrong and gives the lease back. It outlives the
// caller's cancellation, so that the next process need not wait.
func (r *reading) leave(ctx context.Context, err error) {
	fault := (*connectors.ReadFault)(nil)
	switch {
	case err == nil:
		r.told("")
		return
	case errors.Is(err, store.ErrLeased):
		return
	case errors.As(err, &fault):
		r.at.Error, r.at.Text, r.at.Tried, r.at.FailedAt = fault.Name, fault.Text, r.clock(), r.clock()
		r.told(fault.Name)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := r.s.store.SaveReading(ctx, r.shop, r.name, store.Step{Reading: r.at}, 0); err != nil {
		r.s.log.Warn("how far a source was read is not kept; it is read again from before", "shop", r.shop, "source", r.name, "error", err.Error())
	}
}

// told tells the operator once when reading a source begins to fail, and when
// it works again.
func (r *reading) told(is string) {
	switch {
	case is == r.was && r.sum.Found == 0:
	case is != "" && is != r.was:
		r.s.log.Error("a source cannot be read; its webhooks are not concerned", "shop", r.shop, "source", r.name, "error", is, "reason", r.at.Text)
	case is == "" && r.was != "":
		r.s.log.Info("a source can be read again", "shop", r.shop, "source", r.name)
	}
	if r.sum.Found > 0 {
		r.s.log.Info("orders were read that no webhook had told", "shop", r.shop, "source", r.name, "orders", r.sum.Found)
	}
}

// outcomeOfRound is the word for the metrics.
func outcomeOfRound(err error) string {
	var fault *connectors.ReadFault
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &fault):
		return fault.Name
	case errors.Is(err, store.ErrLeased):
		return "leased"
	}
	return "interrupted"
}

func restFor(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(min(d, time.Minute))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Read is how a source is read through its shop's own API, for its status.
type Read struct {
	Every int64      `json:"every_seconds"` // 0: it is not read
	Whole *time.Time `json:"read_until"`    // everything that changed before was read
	Tried *time.Time `json:"last_try_at"`
	Found int64      `json:"orders_found"` // new orders that no webhook had told by then
	Error string     `json:"error"`        // name of what is wrong; empty: nothing
	Mend  string     `json:"mend"`         // what is wrong and what helps

	Text string `json:"-"` // the same in a few words
}

// Reads are how the sources of a shop are read, by name.
func Reads(ctx context.Context, st *store.Store, shop string, sources map[string]Source) (map[string]Read, error) {
	var names [][2]string
	for name := range sources {
		names = append(names, [2]string{shop, name})
	}
	slices.SortFunc(names, func(a, b [2]string) int { return strings.Compare(a[1], b[1]) })
	readings, err := st.Readings(ctx, names...)
	if err != nil {
		return nil, err
	}
	out := map[string]Read{}
	for i, n := range names {
		out[n[1]] = readOf(sources[n[1]], readings[i])
	}
	return out, nil
}

func readOf(src Source, r store.Reading) Read {
	v := Read{Whole: ever(r.Whole), Tried: ever(r.Tried), Found: r.Found, Error: r.Error, Mend: r.Text, Text: "-"}
	if src.Reader == nil || src.Every <= 0 {
		return v
	}
	v.Every = int64(src.Every / time.Second)
	switch {
	case r.Error != "":
		v.Text = "FAILS: " + r.Error
	case r.Whole.IsZero():
		v.Text = "not yet"
	default:
		v.Text = "until " + r.Whole.UTC().Format("2006-01-02 15:04")
	}
	return v
}
