package rehearse

import (
	"cmp"
	"hash/fnv"
	"io"
	"strings"
	"sync"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
)

// keys are the normal forms by which a person is found.
type keys struct {
	ref   string // source and customer id; empty: none
	email string
	phone string
	in    string // the country that the phone number was read in
}

// keysOf reads the keys of all people, some at once: a phone number takes 25 µs.
func (h *History) keysOf(r *lifecycle.Rules, workers int) []keys {
	all := make([]keys, len(h.people))
	var group sync.WaitGroup
	step := (len(all) + workers - 1) / max(workers, 1)
	for from := 0; from < len(all); from += step {
		group.Go(func() {
			for i := from; i < min(from+step, len(all)); i++ {
				all[i] = h.people[i].keys(r)
			}
		})
	}
	group.Wait()
	return all
}

// keys are as the service's own look-ups see them.
func (p *teller) keys(r *lifecycle.Rules) (k keys) {
	if p.CustomerID != "" {
		k.ref = p.source + "\x00" + p.CustomerID
	}
	if key, ok := identity.Email(p.Email); p.madeUp[lifecycle.Email] {
		k.email = p.Email
	} else if ok && !r.Nobody(key) {
		k.email = key
	}
	if p.madeUp[lifecycle.SMS] {
		k.phone, k.in = p.Phone, cmp.Or(p.Country, r.Country)
		return k
	}
	if strings.TrimSpace(p.Phone) == "" {
		return k
	}
	country := cmp.Or(p.Country, r.Country)
	if key, ok := identity.Phone(p.Phone, country); ok {
		k.phone, k.in = key, country
	}
	return k
}

// union joins the people of which an address, a customer id or an order id
// says that they may be one.
type union []int32

func newUnion(n int) union {
	u := make(union, n)
	for i := range u {
		u[i] = int32(i)
	}
	return u
}

func (u union) root(i int32) int32 {
	for u[i] != i {
		u[i] = u[u[i]]
		i = u[i]
	}
	return i
}

// join lets the lower number stand for both.
func (u union) join(a, b int32) {
	a, b = u.root(a), u.root(b)
	u[max(a, b)] = min(a, b)
}

// groups puts the tellings of each group together, in the order of time; the
// groups are in the order of their first people.
func (h *History) groups(ks []keys) [][]telling {
	h.sort()
	u := newUnion(len(h.people))
	for _, of := range []func(keys) string{
		func(k keys) string { return k.ref }, func(k keys) string { return k.email }, func(k keys) string { return k.phone },
	} {
		first := make(map[string]int32, len(ks))
		for i := range ks {
			key := of(ks[i])
			if key == "" {
				continue
			}
			if other, ok := first[key]; ok {
				u.join(other, int32(i))
			} else {
				first[key] = int32(i)
			}
		}
	}
	h.joinOrders(u)
	return h.deal(u)
}

// joinOrders joins people who are named with one order id. Two ids of the same
// digest only put two groups together, which changes no decision.
func (h *History) joinOrders(u union) {
	first := make(map[uint64]int32, len(h.tellings))
	for i := range h.tellings {
		t := &h.tellings[i]
		if t.order == nil {
			continue
		}
		d := fnv.New64a()
		_, _ = io.WriteString(d, t.order.ID) // a hash never fails
		if other, ok := first[d.Sum64()]; ok {
			u.join(other, t.person)
		} else {
			first[d.Sum64()] = t.person
		}
	}
}

func (h *History) deal(u union) [][]telling {
	size := make([]int, len(h.people))
	for i := range h.tellings {
		size[u.root(h.tellings[i].person)]++
	}
	all := make([]telling, len(h.tellings))
	start := make([]int, len(h.people))
	var groups [][]telling
	at := 0
	for p, n := range size {
		if n == 0 {
			continue
		}
		start[p] = at
		groups = append(groups, all[at:at+n:at+n])
		at += n
	}
	for i := range h.tellings {
		p := u.root(h.tellings[i].person)
		all[start[p]] = h.tellings[i]
		start[p]++
	}
	return groups
}
