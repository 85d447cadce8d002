package engine

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"ritorno/internal/defect"
	"ritorno/internal/guard"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// everyShop stands for all shops in the scope of a brake: what brakes them is
// the provider account that they share.
const everyShop = ""

// Brake is why the messages of a shop, or of all, wait on one channel.
type Brake struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"` // real time
}

// brakeScope names the brake of a channel of a shop, or of all shops.
func brakeScope(shop string, ch lifecycle.Channel) string { return ch.String() + ":" + shop }

// tallied are the numbers of one hour by shop and channel.
type tallied map[string]guard.Share // by brakeScope

// tallies are a transition's as the store keeps them. Each belongs to the hour
// in which its message left, and to the time since the brake was last released:
// what came before that does not count again.
func (e *Engine) tallies(shop string, t lifecycle.Transition) (list []store.Tally) {
	if len(t.Tallies) == 0 {
		return nil
	}
	e.guards.mu.Lock()
	defer e.guards.mu.Unlock()
	for _, n := range t.Tallies {
		freed := e.guards.releaseOf(shop, n.Channel)
		if n.At.Before(freed) && !defect.On("brake_anew") {
			continue
		}
		list = append(list, store.Tally{Hour: hourOf(n.At), N: 1, Field: n.Kind.String() + ":" + stamp(freed) + ":" + brakeScope(shop, n.Channel)})
	}
	e.guards.tallied += len(list)
	return list
}

func hourOf(t time.Time) int64 { return t.Unix() / 3600 }

// stamp names the time since a release in the field of a tally.
func stamp(freed time.Time) string {
	if freed.IsZero() || defect.On("brake_anew") {
		return "0"
	}
	return freed.UTC().Format("20060102T150405.000")
}

// releaseOf is when the numbers of a shop and channel began anew: with the last
// release of its own brake or of the account's.
func (g *guards) releaseOf(shop string, ch lifecycle.Channel) time.Time {
	own, all := g.freed[brakeScope(shop, ch)], g.freed[brakeScope(everyShop, ch)]
	if all.After(own) {
		return all
	}
	return own
}

// watchShares reads the brakes and, where this process tallied since the last
// look, judges the shares of the last 24 hours and puts a brake on where one is
// too high.
func (e *Engine) watchShares(ctx context.Context, real time.Time) error {
	e.guards.mu.Lock()
	counted := e.guards.tallied
	e.guards.mu.Unlock()
	if err := e.readBrakes(ctx); err != nil || counted == 0 {
		return err
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	hours, err := e.hours(ctx, hourOf(now), real)
	if err != nil {
		return err
	}
	put := false
	for scope, harm := range harms(sum(hours)) {
		on, err := e.brake(ctx, scope, harm, real)
		if err != nil {
			return err
		}
		put = put || on
	}
	if put {
		if err := e.readBrakes(ctx); err != nil {
			return err
		}
	}
	e.guards.mu.Lock()
	defer e.guards.mu.Unlock()
	e.guards.tallied -= counted
	e.guards.judged = real
	return nil
}

// finishedFor is how long the numbers of an hour that is over are believed:
// what becomes of its messages trickles in.
const finishedFor = 10 * time.Minute

// hours reads the numbers of the last 24 hours: those of the hour at hand and
// the one before now, those of the others now and then.
func (e *Engine) hours(ctx context.Context, now int64, real time.Time) ([]tallied, error) {
	g := &e.guards
	g.mu.Lock()
	if real.Sub(g.read).Abs() > finishedFor {
		g.finish, g.read = map[int64]tallied{}, real
	}
	known := g.finish
	g.mu.Unlock()
	var want []int64
	for h := now - guard.Window + 1; h <= now; h++ {
		if _, ok := known[h]; !ok || h >= now-1 {
			want = append(want, h)
		}
	}
	got, err := e.st.Tallies(ctx, want...)
	if err != nil {
		return nil, err
	}
	fresh, all := map[int64]tallied{}, make([]tallied, 0, guard.Window)
	for h := now - guard.Window + 1; h <= now; h++ {
		numbers, ok := known[h]
		if fields, read := got[h]; read {
			numbers, ok = e.numbers(fields), true
		}
		if ok {
			fresh[h] = numbers
			all = append(all, numbers)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.finish = fresh
	return all, nil
}

// numbers are the fields of one hour that belong to the time since the last
// release, and to shops of the configuration.
func (e *Engine) numbers(fields map[string]int64) tallied {
	out := tallied{}
	for field, n := range fields {
		kind, since, scope := splitField(field)
		ch, shop, ok := splitScope(scope)
		k, known := lifecycle.ParseTally(kind)
		if s, ours := e.shops[shop]; !ok || !known || !ours || s.NoBrakes {
			continue
		}
		e.guards.mu.Lock()
		current := stamp(e.guards.releaseOf(shop, ch))
		e.guards.mu.Unlock()
		if since != current {
			continue
		}
		s := out[scope]
		s[k] += n
		out[scope] = s
	}
	return out
}

// splitField takes the field of a tally apart: kind, release, scope.
func splitField(field string) (kind, since, scope string) {
	kind, rest, _ := strings.Cut(field, ":")
	// The stamp of a release holds no colon.
	since, scope, _ = strings.Cut(rest, ":")
	return kind, since, scope
}

// splitScope is the channel and the shop of a brake; the shop is everyShop for
// that of an account.
func splitScope(scope string) (lifecycle.Channel, string, bool) {
	word, shop, _ := strings.Cut(scope, ":")
	ch, ok := lifecycle.ParseChannel(word)
	return ch, shop, ok
}

func sum(hours []tallied) tallied {
	total := tallied{}
	for _, h := range hours {
		for scope, n := range h {
			s := total[scope]
			for k := range s {
				s[k] += n[k]
			}
			total[scope] = s
		}
	}
	return total
}

// harms are the scopes with a share that is too high.
func harms(total tallied) map[string]guard.Harm {
	out := map[string]guard.Harm{}
	accounts := map[lifecycle.Channel]map[string]guard.Share{lifecycle.Email: {}, lifecycle.SMS: {}}
	for scope, s := range total {
		ch, shop, _ := splitScope(scope)
		accounts[ch][shop] = s
		if h, bad := s.Judge(ch); bad && !defect.On("brake") {
			out[scope] = h
		}
	}
	for ch, shops := range accounts {
		if h, bad := guard.JudgeAccount(shops, ch); bad {
			out[brakeScope(everyShop, ch)] = h
		}
	}
	return out
}

// brake puts a brake on, unless somebody released it meanwhile.
func (e *Engine) brake(ctx context.Context, scope string, h guard.Harm, real time.Time) (bool, error) {
	e.guards.mu.Lock()
	_, on := e.guards.brakes[scope]
	all := brakeScope(everyShop, h.Channel)
	known := map[string]time.Time{scope: e.guards.freed[scope], all: e.guards.freed[all]}
	e.guards.mu.Unlock()
	if on {
		return false, nil
	}
	text, err := json.Marshal(Brake{Reason: h.String(), At: real.UTC().Truncate(time.Second)})
	if err != nil {
		return false, err
	}
	return e.st.Brake(ctx, scope, string(text), known)
}

// readBrakes takes over what others did, and tells what changed.
func (e *Engine) readBrakes(ctx context.Context) error {
	b, err := e.st.Brakes(ctx)
	if err != nil {
		return err
	}
	g := &e.guards
	g.mu.Lock()
	defer g.mu.Unlock()
	if !maps.EqualFunc(g.freed, b.Released, time.Time.Equal) {
		g.freed, g.finish, g.read = b.Released, nil, time.Time{} // the numbers begin anew
	}
	was := g.brakes
	g.brakes = map[string]Brake{}
	for scope, text := range b.On {
		g.brakes[scope] = brakeOf(text)
	}
	for _, scope := range slices.Sorted(maps.Keys(both(was, g.brakes))) {
		ch, shop, ok := splitScope(scope)
		if shop == everyShop {
			shop = "*"
		}
		if ok {
			e.show(shop, "brake "+ch.String(), g.brakes[scope].Reason,
				"messages wait until a person lets them go: "+resumeBy(scope), "messages leave again")
		}
	}
	return nil
}

func both(a, b map[string]Brake) map[string]Brake {
	all := maps.Clone(b)
	if all == nil {
		all = map[string]Brake{}
	}
	maps.Copy(all, a)
	return all
}

// brakeOf reads a brake; one that cannot be read is one all the same.
func brakeOf(text string) Brake {
	var b Brake
	if err := json.Unmarshal([]byte(text), &b); err != nil || b.Reason == "" {
		b.Reason = "a brake that this release cannot read"
	}
	return b
}

// resumeBy is the command that releases a brake.
func resumeBy(scope string) string {
	if ch, shop, _ := splitScope(scope); shop == everyShop {
		return "ritorno resume --channel " + ch.String()
	}
	_, shop, _ := splitScope(scope)
	return "ritorno resume --shop " + shop
}
