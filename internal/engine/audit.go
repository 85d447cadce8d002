package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// What an audit finds beside the store's own kinds. docs/operations.md has a
// table of them.
const (
	kindSkew      store.Kind = "clock_skew"
	kindMoved     store.Kind = "clock_moved"
	kindHeld      store.Kind = "sends_held"
	kindPaused    store.Kind = "shop_paused"
	kindNobody    store.Kind = "nobody_works"
	kindLate      store.Kind = "timers_late"
	kindUncertain store.Kind = "uncertain_old"
	kindDead      store.Kind = "dead_letters"
	kindNever     store.Kind = "source_never"
	kindSilent    store.Kind = "source_silent"
	kindGone      store.Kind = "source_gone"
	kindFailing   store.Kind = "source_failing"
	kindUntold    store.Kind = "outgoing_failing"
	kindGivenUp   store.Kind = "outgoing_given_up"
	kindNowhere   store.Kind = "outgoing_nowhere"
)

// From when on it is worth a word.
const (
	skewWorth   = 2 * time.Second
	lateWorth   = 5 * time.Minute
	unsureWorth = 24 * time.Hour
	silentWorth = 7 * 24 * time.Hour
)

// AuditOptions say how to audit.
type AuditOptions struct {
	Repair bool          // mend index entries
	Own    bool          // the server is run by Ritorno itself
	Pause  time.Duration // between two looks at what seems wrong; 0: 500 ms
}

// Audit holds the installation against what must always hold, while it works,
// and tells what needs somebody's attention. It changes nothing unless it is to
// repair, and then index entries only.
func (e *Engine) Audit(ctx context.Context, o AuditOptions) (*store.Findings, error) {
	var names []string
	for _, s := range e.o.Shops {
		names = append(names, s.Name)
	}
	f, err := e.st.Audit(ctx, store.AuditOptions{Shops: names, Pointers: e.pointersOf, Pause: o.Pause, Repair: o.Repair})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	servers, err := e.st.AuditServers(ctx, o.Own)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	for _, x := range servers.List {
		f.Add(x)
	}
	c := checkup{e: e, f: f}
	if c.real, c.now, err = e.st.Now(ctx); err != nil {
		return nil, err
	}
	c.skew = e.st.Skew()
	for _, step := range []func(context.Context) error{c.clock, c.work, c.uncertain, c.shops} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
	}
	f.Sort()
	return f, nil
}

// pointersOf are the look-ups that must lead to a contact; none where its shop
// is not in the configuration.
func (e *Engine) pointersOf(c lifecycle.Contact) []store.Pointer {
	s, ok := e.shops[c.Shop]
	if !ok {
		return nil
	}
	return e.pointers(s, c)
}

// pointers are the look-ups that lead to a contact.
func (e *Engine) pointers(s *Shop, c lifecycle.Contact) []store.Pointer {
	var list []store.Pointer
	if c.Email.Key != "" {
		list = append(list, store.Pointer{Digest: store.Digest(e.keys.Email(s.Name, c.Email.Key)), What: "e-mail address"})
	}
	if c.Phone.Key != "" {
		list = append(list, store.Pointer{Digest: store.Digest(e.keys.Phone(s.Name, c.Phone.Key)), What: "phone number", Shared: true})
	}
	for _, ref := range c.Refs {
		list = append(list, store.Pointer{Digest: store.Digest(e.keys.Ref(s.Name, ref.Source, ref.ID)), What: "customer id of " + ref.Source})
	}
	return list
}

// checkup looks at how the installation is doing.
type checkup struct {
	e         *Engine
	f         *store.Findings
	real, now time.Time     // of the store, real and the program's
	skew      time.Duration // the store's real time less this host's
}

func (c *checkup) warn(kind store.Kind, shop, mend, format string, args ...any) {
	c.f.Add(store.Finding{Level: store.LevelWarning, Kind: kind, Shop: shop, Mend: mend, Text: fmt.Sprintf(format, args...)})
}

func (c *checkup) clock(ctx context.Context) error {
	if c.skew.Abs() > skewWorth {
		held := ""
		if c.skew.Abs() > clockSlack {
			held = ", and sends are held"
		}
		c.warn(kindSkew, "", "set both clocks by NTP", "the store's clock and this host's differ by %s%s", c.skew.Round(time.Millisecond), held)
	}
	moved, err := c.e.st.ClockMoved(ctx)
	if err != nil {
		return err
	}
	if moved {
		c.warn(kindMoved, "", "for real use take another data_dir or database", "the clock of this store was moved by --dev-clock, now by %s: its times are not real", c.now.Sub(c.real).Round(time.Second))
		return nil
	}
	c.f.OK("clock", "never moved, and "+c.skew.Abs().Round(time.Millisecond).String()+" from this host's")
	return nil
}

// work looks at whether what is due is worked off.
func (c *checkup) work(ctx context.Context) error {
	for _, why := range c.e.Held() {
		c.warn(kindHeld, "", "as it says", "sends are held: %s", why)
	}
	alive, err := c.e.st.Alive(ctx)
	if err != nil {
		return err
	}
	if len(alive) == 0 {
		c.warn(kindNobody, "", "start ritorno serve", "no serve works on this store: nothing is taken in and nothing leaves")
	}
	n, oldest, err := c.e.st.Overdue(ctx, c.now)
	if err != nil {
		return err
	}
	if late := c.now.Sub(oldest); n > 0 && late > lateWorth {
		c.warn(kindLate, "", "look at /readyz (held), at the log (the engine backs off) and at the provider's rate", "%d timers wait, the oldest for %s", n, late.Round(time.Second))
	}
	last, err := c.e.st.LastClaim(ctx)
	if err != nil {
		return err
	}
	text := "none was claimed yet"
	if !last.IsZero() {
		text = "last claimed for " + last.Format(time.RFC3339)
	}
	c.f.OK("timers", fmt.Sprintf("%d are due, %s; %d process(es) work", n, text, len(alive)))
	return nil
}

func (c *checkup) uncertain(ctx context.Context) error {
	n, oldest, err := c.e.st.UncertainCount(ctx)
	if err != nil {
		return err
	}
	if age := c.real.Sub(oldest); n > 0 && age > unsureWorth {
		c.warn(kindUncertain, "", "ritorno uncertain list, then ritorno uncertain resolve", "%d contact(s) with a message of unknown outcome, the oldest since %s", n, oldest.Format(time.RFC3339))
		return nil
	}
	c.f.OK("uncertain", fmt.Sprintf("%d contact(s) with a message of unknown outcome, none older than a day", n))
	return nil
}

func (c *checkup) shops(ctx context.Context) error {
	for _, s := range c.e.o.Shops {
		if err := c.shop(ctx, s); err != nil {
			return err
		}
	}
	parked, err := c.e.st.ParkedCount(ctx)
	if err != nil {
		return err
	}
	c.f.OK("parked", fmt.Sprintf("%d event(s) wait for their person to become known", parked))
	return nil
}

func (c *checkup) shop(ctx context.Context, s Shop) error {
	pauses, err := c.e.Pauses(ctx, s.Name)
	if err != nil {
		return err
	}
	for _, p := range pauses {
		mend := "ritorno resume --shop " + s.Name
		if p.Shared {
			mend = "ritorno resume --channel " + p.Only
		}
		c.warn(kindPaused, s.Name, mend, "messages of the shop wait (%s): %s", p.By, p.Reason)
	}
	dead, err := c.e.st.CountDead(ctx, s.Name)
	if err != nil {
		return err
	}
	if dead > 0 {
		c.warn(kindDead, s.Name, "ritorno deadletter list --shop "+s.Name, "%d signed deliveries could not be understood", dead)
	}
	if err := c.outgoing(ctx, s.Name); err != nil {
		return err
	}
	for _, source := range s.Sources {
		st, err := c.e.st.SourceStatus(ctx, s.Name, source)
		if err != nil {
			return err
		}
		c.source(s.Name, source, st)
	}
	return nil
}

// outgoing looks at what destinations have not been told, also those that left
// the configuration.
func (c *checkup) outgoing(ctx context.Context, shop string) error {
	names, err := c.e.destinations(ctx, shop)
	if err != nil {
		return err
	}
	waiting := int64(0)
	for _, name := range names {
		w, err := c.e.st.WaitingFor(ctx, queueOf(shop, name))
		if err != nil {
			return err
		}
		waiting += w.Lines
		look := "ritorno outgoing list --shop " + shop + " --destination " + name
		switch {
		case w.Lines == 0:
		case !slices.ContainsFunc(c.e.tellers[shop], func(t *teller) bool { return t.to.Name == name }):
			c.warn(kindNowhere, shop, "ritorno outgoing drop --shop "+shop+" --destination "+name+", or put it back into the configuration",
				"%d contact(s) wait for %s, which is not in the configuration any more", w.Lines, name)
		case w.Over > 0:
			c.warn(kindGivenUp, shop, look+", mend it, then ritorno outgoing replay --shop "+shop+" --destination "+name,
				"%s could not be told of %d contact(s) for a week: given up", name, w.Over)
		case w.Failed > 0:
			c.warn(kindUntold, shop, look+" shows the reason", "%s could not be told of %d contact(s) yet; it is tried again", name, w.Failed)
		}
	}
	if len(names) > 0 {
		c.f.OK("outgoing", fmt.Sprintf("%d contact(s) of shop %s wait to be told to %d destination(s)", waiting, shop, len(names)))
	}
	return nil
}

func (c *checkup) source(shop, source string, st store.SourceStatus) {
	const look = "ritorno source status shows the URL to paste and the last error"
	switch {
	case !st.Gone.IsZero():
		c.warn(kindGone, shop, "connect it again, or take it out of the configuration", "source %s said on %s that it was disconnected", source, st.Gone.Format(time.RFC3339))
	case st.Last.IsZero():
		c.warn(kindNever, shop, look, "source %s never delivered anything", source)
	case c.now.Sub(st.Last) > silentWorth:
		c.warn(kindSilent, shop, look, "source %s is silent since %s", source, st.Last.Format(time.RFC3339))
	}
	if st.ErrorAt.After(st.Last) {
		c.warn(kindFailing, shop, look, "the last delivery of source %s failed on %s: %s", source, st.ErrorAt.Format(time.RFC3339), st.Error)
	}
}
