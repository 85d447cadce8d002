package engine_test

import (
	"fmt"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// flow lets others order so often a day through a source, in shop hours, for a
// time that the clock is moved through.
func (b *bench) flow(source string, d time.Duration, perDay int) error {
	_, now, err := b.st.Now(b.ctx)
	if err != nil {
		return err
	}
	end := now.Add(d)
	for n := 0; ; n++ {
		at := now.Add(time.Duration(n+1) * day / time.Duration(perDay))
		if at.After(end) {
			return nil
		}
		if err := b.Advance(b.ctx, at); err != nil {
			return err
		}
		id := fmt.Sprintf("%s-%d-%d", source, at.Unix(), n)
		ev := orderOf(id, at, named(id, fmt.Sprintf("other%d@example.com", n%7), ""))
		ev.Source, ev.Person.CustomerID = source, ""
		if _, err := b.Apply(b.ctx, "bottega", ev); err != nil {
			return err
		}
	}
}

// tally writes what became of so many messages of a shop that left just now,
// by kind, as a change of some contact would, and lets the guards look.
func (b *bench) tally(t *testing.T, shop string, ch lifecycle.Channel, kinds map[lifecycle.TallyKind]int64) {
	t.Helper()
	tr := lifecycle.Transition{}
	for kind := range kinds {
		tr.Tallies = append(tr.Tallies, lifecycle.Tally{Kind: kind, Channel: ch, At: b.now(t)})
	}
	change := store.Change{Contact: lifecycle.Contact{Shop: shop, MadeAt: b.now(t)}, Write: true, Tallies: b.Tallies(shop, tr)}
	for i := range change.Tallies {
		change.Tallies[i].N = kinds[tr.Tallies[i].Kind]
	}
	if _, err := b.st.Update(b.ctx, store.Request{ID: store.NewID(), Create: true}, func(lifecycle.Contact, store.Known) (store.Change, error) {
		return change, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.Watch(b.ctx); err != nil {
		t.Fatal(err)
	}
}
