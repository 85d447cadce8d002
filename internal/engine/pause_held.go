package engine

import (
	"context"
	"maps"
	"slices"
)

// watchPauses learns which shops are paused by hand.
func (e *Engine) watchPauses(ctx context.Context) error {
	names := make([]string, len(e.o.Shops))
	for i := range e.o.Shops {
		names[i] = pauseFlag(e.o.Shops[i].Name)
	}
	flags, err := e.st.Flags(ctx, names...)
	if err != nil {
		return err
	}
	e.guards.mu.Lock()
	defer e.guards.mu.Unlock()
	e.guards.paused = map[string]bool{}
	for i, text := range flags {
		if text != "" {
			e.guards.paused[e.o.Shops[i].Name] = true
		}
	}
	return nil
}

// HeldShops are the reasons why messages of single shops wait, as of the last
// look, which is at most half a minute ago; those of the whole process are in
// Held. They name no person.
func (e *Engine) HeldShops(ctx context.Context) ([]string, error) {
	real, _, err := e.st.Now(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.watchIfDue(ctx, real); err != nil {
		return nil, err
	}
	reasons := slices.Concat(e.couponFaults(), e.lookFaults())
	g := &e.guards
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, shop := range slices.Sorted(maps.Keys(g.paused)) {
		reasons = append(reasons, "shop "+shop+": paused by hand; ritorno resume --shop "+shop+" ends it")
	}
	for _, scope := range slices.Sorted(maps.Keys(g.brakes)) {
		who := "all shops"
		if _, shop, _ := splitScope(scope); shop != everyShop {
			who = "shop " + shop
		}
		reasons = append(reasons, who+": "+g.brakes[scope].Reason+"; messages wait until "+resumeBy(scope))
	}
	for _, shop := range slices.Sorted(maps.Keys(g.quiet)) {
		for _, v := range g.quiet[shop] {
			if v.Holds() {
				reasons = append(reasons, "shop "+shop+": "+silence(v))
			}
		}
	}
	return reasons, nil
}
