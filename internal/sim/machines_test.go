package sim_test

import "time"

// machinesFail plans the faults that come by themselves: the store goes away,
// its clock steps.
func (w *world) machinesFail() {
	for range w.f.outages {
		w.at(w.upTo(troubleDays*day), func() { w.st.away(w.between(time.Second, 3*time.Hour)) })
	}
	for range w.f.storeJump {
		w.at(w.upTo(troubleDays*day), func() {
			s := w.st
			by := w.between(-5*time.Minute, 5*time.Minute)
			s.jumps = append(s.jumps, jump{w.t, s.offsetAt(w.t) + by})
			w.note("", "the server's clock steps by %v", by)
			w.indexMoved()
		})
	}
}
