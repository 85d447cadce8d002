package engine

import "maps"

// hold keeps every send of this process back, for a reason that is not the
// fault of any contact, shop or provider. Timers are not worked off meanwhile.
func (e *Engine) hold(name, why string) {
	e.holds.Lock()
	defer e.holds.Unlock()
	if e.held[name] != why {
		e.held[name] = why
		e.m.held.WithLabelValues(name).Set(1)
	}
}

// letGo takes a hold back.
func (e *Engine) letGo(name string) {
	e.holds.Lock()
	defer e.holds.Unlock()
	if _, ok := e.held[name]; ok {
		delete(e.held, name)
		e.m.held.WithLabelValues(name).Set(0)
	}
}

// holding says why a hold of that name stands; empty: it does not.
func (e *Engine) holding(name string) string {
	e.holds.Lock()
	defer e.holds.Unlock()
	return e.held[name]
}

// allHolds are the reasons of all holds, by name.
func (e *Engine) allHolds() map[string]string {
	e.holds.Lock()
	defer e.holds.Unlock()
	return maps.Clone(e.held)
}
