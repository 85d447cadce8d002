package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ritorno/internal/defect"
	"ritorno/internal/guard"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// freshOrder is how old an order may be when its news comes, to show that
// orders flow: a shop that tells of last year's orders anew shows nothing.
const freshOrder = 72 * time.Hour

// tells reports whether an event is news of a new order as a source tells it
// when it is placed.
func tells(s *Shop, ev lifecycle.Event, out Outcome, t lifecycle.Transition) bool {
	o := ev.Order
	if o == nil || o.Partial || out.Duplicate || ev.Historical && !defect.On("feed_import") || ev.Type != lifecycle.OrderPlaced && ev.Type != lifecycle.Renewed {
		return false
	}
	// Nobody can be told from it, or not yet: it flowed all the same.
	return out.Ignored || out.Parked || slices.Contains(t.SeenOrders, s.Rules.OrderKeys(&ev).Own.Key)
}

// fresh reports whether an event brought a purchase that was not known.
// Another name of a known one is none.
func fresh(ev lifecycle.Event, out Outcome) bool {
	return ev.Order != nil && !ev.Order.Partial && !out.Duplicate && out.counted.Orders > 0
}

// noteOrder remembers that a new order came in. It is a statistic: failing it
// never fails the delivery.
func (e *Engine) noteOrder(ctx context.Context, s *Shop, ev lifecycle.Event) {
	if !slices.Contains(s.Sources, ev.Source) {
		return
	}
	real, now, err := e.st.Now(ctx)
	at := ev.Order.At
	if at.IsZero() {
		at = ev.At
	}
	if err == nil && !at.IsZero() && now.Sub(at) > freshOrder {
		return
	}
	if err == nil {
		day, hour := calendar(s).Slot(now)
		err = e.st.NoteOrder(ctx, s.Name, ev.Source, store.NewOrder{At: now, Real: real.Add(e.passed), Day: day, Hour: hour, Keep: guard.KeepDays})
	}
	if err != nil {
		e.trouble("feed", err)
		return
	}
	e.m.lastOrder.WithLabelValues(s.Name, ev.Source).Set(float64(real.UnixMilli()) / 1000)
	if e.guards.silent(s.Name) {
		e.guards.again()
		e.wakeUp()
	}
}

func calendar(s *Shop) guard.Calendar {
	c := guard.Calendar{Zone: s.Rules.Location, Country: s.Rules.Country}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	return c
}

// Feeds are the sources of a shop and what their silence says.
func (e *Engine) Feeds(ctx context.Context, shop string) ([]guard.Verdict, error) {
	s, ok := e.shops[shop]
	if !ok {
		return nil, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	judged, err := e.judgeFeeds(ctx, s)
	return judged[shop], err
}

// judgeFeeds judges the sources of some shops.
func (e *Engine) judgeFeeds(ctx context.Context, shops ...*Shop) (map[string][]guard.Verdict, error) {
	real, now, err := e.st.Now(ctx)
	if err != nil {
		return nil, err
	}
	var names [][2]string
	for _, s := range shops {
		for _, name := range s.Sources {
			names = append(names, [2]string{s.Name, name})
		}
	}
	rhythms, err := e.st.Feeds(ctx, names...)
	if err != nil {
		return nil, err
	}
	read, err := e.readLately(ctx, shops, real)
	if err != nil {
		return nil, err
	}
	out := map[string][]guard.Verdict{}
	for _, s := range shops {
		feeds := make([]guard.Feed, len(s.Sources))
		for i, name := range s.Sources {
			f := rhythms[i]
			feeds[i] = guard.Feed{Name: name, Rhythm: guard.Rhythm(f), Lived: e.lived(f, real, now), Read: read[[2]string{s.Name, name}]}
		}
		rhythms = rhythms[len(s.Sources):]
		out[s.Name] = guard.JudgeAll(feeds, now, calendar(s))
	}
	return out, nil
}

// readSlack is how late a round of reading may be, beyond the source's own
// interval, before what it said counts no more.
const readSlack = 30 * time.Minute

// readLately tells which sources were read to their end through their shop's own
// API, and so lately that the next round is not overdue.
func (e *Engine) readLately(ctx context.Context, shops []*Shop, real time.Time) (map[[2]string]bool, error) {
	var names [][2]string
	var every []time.Duration
	for _, s := range shops {
		for _, name := range s.Sources {
			if d := s.Reads[name]; d > 0 {
				names, every = append(names, [2]string{s.Name, name}), append(every, d)
			}
		}
	}
	out := map[[2]string]bool{}
	if len(names) == 0 {
		return out, nil
	}
	readings, err := e.st.Readings(ctx, names...)
	if err != nil {
		return nil, err
	}
	for i, r := range readings {
		out[names[i]] = !r.Whole.IsZero() && real.Sub(r.Whole) <= every[i]+every[i]/10+readSlack
	}
	return out, nil
}

// lived is how long no order came: the time that truly passed, for while the
// clock is moved no webhook can come in.
func (e *Engine) lived(f store.Feed, real, now time.Time) time.Duration {
	if defect.On("feed_moved") {
		return now.Sub(f.Last)
	}
	return real.Add(e.passed).Sub(f.LastReal)
}

// watchFeeds judges the feeds of all shops.
func (e *Engine) watchFeeds(ctx context.Context) error {
	shops := make([]*Shop, len(e.o.Shops))
	for i := range e.o.Shops {
		shops[i] = &e.o.Shops[i]
	}
	quiet, err := e.judgeFeeds(ctx, shops...)
	if err != nil {
		return err
	}
	e.guards.mu.Lock()
	defer e.guards.mu.Unlock()
	e.guards.quiet = quiet
	for shop, feeds := range quiet {
		for _, v := range feeds {
			why := ""
			if v.Silent {
				why = silence(v)
			}
			e.show(shop, "feed "+v.Name, why,
				"the order feed of a source is silent: look whether its webhooks still arrive",
				"orders flow again")
		}
	}
	return nil
}

// silence says what a silent source means.
func silence(v guard.Verdict) string {
	text := fmt.Sprintf("no new order from %s since %s (its longest usual gap is %s)", v.Name, v.Since.UTC().Format(time.RFC3339), span(v.Usual))
	switch {
	case v.Covered:
		return text + "; other sources make up for it, nothing waits"
	case v.Read:
		return text + "; the shop itself, read through its API, knows of none either, nothing waits"
	case v.Waived:
		return text + "; passed over by hand until the next order, nothing waits"
	}
	return text + "; messages to people because they have not bought wait"
}

// span is a time in the units of the configuration.
func span(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}
