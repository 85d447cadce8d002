package engine_test

import (
	"flag"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

var soulsFlag = flag.Int("souls", 0, "people of the measured identity set; 0: 3000")

// mistakes are what the records got wrong, held against the truth.
type mistakes struct {
	people, events, records int
	strangers               int // people whose record holds somebody else's orders, who shares no mailbox with them
	mailboxes               int // people of a shared mailbox: one contact by the contract
	split                   int // people with several records
	missed                  int // of these, where the rules have proof that it is one
	widened                 int // records that allow a channel which their people closed later, or never opened
}

// TestWhoIsWhoAmongMany tells a made-up shop's news with known truth through the
// real engine and store, and measures who is taken for whom. Of 10,000 people
// fewer than one may share a record with a stranger; nobody of whom the rules
// have proof may be split; no record allows what its people closed.
func TestWhoIsWhoAmongMany(t *testing.T) {
	n := *soulsFlag
	if n == 0 {
		n = 3000
	}
	all, news := souls(20261126, n)
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), strings.Replace(twoShops, "    sources:", "    placeholders: [bancone@bottega.example]\n    sources:", 1))
	b.goTo(t, day0.Add(2*lifetime))
	begun := time.Now()
	b.tellAll(t, all, news)
	m := b.judge(t, all, news)
	t.Logf("%d people, %d events in %s: %d records", m.people, m.events, time.Since(begun).Round(time.Second), m.records)
	t.Logf("false merges: %d people share a record with a stranger: %.2f of 10,000", m.strangers, 10000*float64(m.strangers)/float64(m.people))
	t.Logf("missed merges: %d people with several records, %.2f %%; of these with proof: %d", m.split, 100*float64(m.split)/float64(m.people), m.missed)
	t.Logf("%d people share a mailbox and are one contact by the contract; consent widened: %d", m.mailboxes, m.widened)
	if m.strangers*10000 >= m.people && m.strangers > 0 {
		t.Errorf("%d of %d people share a record with a stranger", m.strangers, m.people)
	}
	if m.missed > 0 || m.widened > 0 {
		t.Errorf("%d people split against proof, %d consents widened", m.missed, m.widened)
	}
	if m.split == 0 || m.mailboxes == 0 || m.records < m.people*9/10 {
		t.Error("the set is too tame: it must hold people whom nothing joins")
	}
}

// tellAll tells the news in their order, at once those of people who have nothing
// in common: what comes out is the same as one by one.
func (b *bench) tellAll(t *testing.T, all []soul, news []told) {
	t.Helper()
	p := proof{}
	for _, s := range all {
		me := fmt.Sprint("soul ", s.n)
		p.join(me, fmt.Sprint("soul ", s.mailbox))
		if s.phone != "" {
			p.join(me, s.phone)
		}
	}
	hands := make([][]lifecycle.Event, 64)
	for _, one := range news {
		h := fnv.New32a()
		_, _ = h.Write([]byte(p.root(fmt.Sprint("soul ", one.soul)))) // a hash never fails
		i := h.Sum32() % uint32(len(hands))
		hands[i] = append(hands[i], one.ev)
	}
	g, ctx := errgroup.WithContext(b.ctx)
	for _, evs := range hands {
		g.Go(func() error {
			for _, ev := range evs {
				if _, err := b.Apply(ctx, "bottega", ev); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// judge reads all records, and finds by the orders in them whose they are.
func (b *bench) judge(t *testing.T, all []soul, news []told) mistakes {
	t.Helper()
	m := mistakes{people: len(all), events: len(news)}
	at := map[string]string{} // record by source and order id
	records := map[string]lifecycle.Contact{}
	for _, c := range b.contacts(t) {
		records[c.ID] = c
		for _, o := range c.Orders {
			at[o.Source+" "+o.ID] = c.ID
		}
	}
	m.records = len(records)
	holds := map[string]map[int]bool{}            // souls by record
	of := make([]map[string]bool, len(all))       // records by soul
	proven, p := map[string]string{}, prove(news) // record by proof
	split := map[int]bool{}
	closed := map[string]map[lifecycle.Channel][2]time.Time{} // by record: when a channel was opened and closed last
	for _, one := range news {
		if one.ev.Order == nil {
			continue
		}
		id := at[one.ev.Source+" "+one.ev.Order.ID]
		if id == "" {
			continue // a filler and no account: of nobody
		}
		if holds[id] == nil {
			holds[id], closed[id] = map[int]bool{}, map[lifecycle.Channel][2]time.Time{}
		}
		if of[one.soul] == nil {
			of[one.soul] = map[string]bool{}
		}
		holds[id][one.soul], of[one.soul][id] = true, true
		for _, n := range one.ev.Consents {
			last := closed[id][n.Channel]
			i := 0
			if n.State == lifecycle.Unsubscribed {
				i = 1
			}
			if n.At.After(last[i]) {
				last[i] = n.At
			}
			closed[id][n.Channel] = last
		}
		if ref, mail := names(one.ev.Source, one.ev.Person); ref+mail != "" {
			root := p.root(ref)
			if ref == "" {
				root = p.root(mail)
			}
			if have, known := proven[root]; known && have != id {
				split[one.soul] = true
			}
			proven[root] = id
		}
	}
	m.missed = len(split)
	for _, list := range holds {
		boxes := map[int]int{}
		for n := range list {
			boxes[all[n].mailbox]++
		}
		for _, people := range boxes {
			if len(boxes) > 1 {
				m.strangers += people
			} else if people > 1 {
				m.mailboxes += people
			}
		}
	}
	for _, list := range of {
		if len(list) > 1 {
			m.split++
		}
	}
	for id, c := range records {
		for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
			if last := closed[id][ch]; c.Consent[ch].State() == lifecycle.Subscribed && !last[0].After(last[1]) {
				m.widened++
				t.Logf("record %s allows %s: opened %s, closed %s", id, ch, last[0], last[1])
			}
		}
	}
	return m
}
