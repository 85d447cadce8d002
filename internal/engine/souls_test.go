package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
)

// soul is one real person, and what they use.
type soul struct {
	n           int
	first, last string
	mail, phone string
	mailbox     int               // of whom: a family may share one
	accounts    map[string]string // customer ids by source
	second      string            // another account at Shopify, with secondMail
	secondMail  string
	told        []told
}

// told is one event and the soul that it truly is about.
type told struct {
	ev   lifecycle.Event
	soul int
}

// shares are how many of the souls do what confuses. They are above what shops
// report, so that few souls suffice.
const (
	withoutMail   = 0.03
	withPhone     = 0.60
	familyPhone   = 0.08
	familyMail    = 0.01
	movesMail     = 0.05
	twoAccounts   = 0.02
	recycledPhone = 0.01
	guestOrder    = 0.30
	tagged        = 0.01
	dotted        = 0.01
	loud          = 0.05
	fillsIn       = 0.03
	national      = 0.30
)

var (
	firsts   = strings.Fields("Anna Luca Giulia Marco Sofia Paolo Elena Matteo Chiara Davide Sara Andrea Laura Simone Marta Pietro Irene Nicola Alice Fabio")
	lasts    = strings.Fields("Rossi Bianchi Russo Ferrari Esposito Romano Gallo Costa Fontana Conti Ricci Bruno Moretti Greco Barbieri Lombardi")
	systems  = []string{"shopify", "woo", "stripe", "erp"}
	fillers  = []string{"noreply@bottega.example", "guest@bottega.example", "pos@bottega.example", "x7f3q@marketplace.amazon.it", "bancone@bottega.example"}
	lifetime = 400 * day
)

// souls makes n people and what the sources tell of them, in the order of time.
// The same seed makes the same.
func souls(seed uint64, n int) ([]soul, []told) {
	r := rand.New(rand.NewPCG(seed, 7))
	all := make([]soul, n)
	for i := range all {
		all[i] = born(r, all[:i], i)
	}
	var news []told
	for i := range all {
		all[i].live(r)
		news = append(news, all[i].told...)
	}
	slices.SortStableFunc(news, func(a, b told) int { return a.ev.At.Compare(b.ev.At) })
	return all, news
}

func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// born makes somebody, perhaps of a family that is there already.
func born(r *rand.Rand, before []soul, n int) soul {
	s := soul{n: n, mailbox: n, first: firsts[r.IntN(len(firsts))], last: lasts[r.IntN(len(lasts))], accounts: map[string]string{}}
	s.mail = strings.ToLower(fmt.Sprintf("%s.%s%d@gmail.com", s.first, s.last, n))
	if chance(r, withPhone) {
		s.phone = fmt.Sprintf("+39333%07d", n)
	}
	if chance(r, withoutMail) {
		s.mail, s.phone = "", fmt.Sprintf("+39333%07d", n)
	}
	if len(before) > 0 {
		kin := &before[r.IntN(len(before))]
		other := kin.first == s.first
		switch {
		case kin.phone != "" && !other && chance(r, familyPhone):
			s.last, s.phone = kin.last, kin.phone
		case kin.phone != "" && s.mail != "" && chance(r, recycledPhone):
			s.phone = kin.phone // given up by a stranger of whatever name
		case kin.mail != "" && s.mail != "" && chance(r, familyMail):
			s.last, s.mail, s.mailbox = kin.last, kin.mail, kin.mailbox
		}
	}
	for i, system := range systems {
		if i == 0 || chance(r, 0.3) {
			s.accounts[system] = fmt.Sprint(1000 + n) // small ids: equal in all systems
			if system == "shopify" {
				s.accounts[system] = fmt.Sprint(7_000_000_000_000 + n)
			}
		}
	}
	if s.mail != "" && chance(r, twoAccounts) {
		s.second, s.secondMail = fmt.Sprint(8_000_000_000_000+n), fmt.Sprintf("second%d@libero.it", n)
	}
	return s
}

func (s *soul) add(ev lifecycle.Event) {
	ev.Key = fmt.Sprintf("%d.%d", s.n, len(s.told))
	s.told = append(s.told, told{ev, s.n})
}

// live is what the sources tell of somebody: orders as a guest and with an
// account, a new address, a merge.
func (s *soul) live(r *rand.Rand) {
	mail := s.mail
	moves := s.mail != "" && s.mailbox == s.n && chance(r, movesMail)
	orders := 1 + r.IntN(5)
	at := day0.Add(time.Duration(r.Int64N(int64(lifetime))))
	for i := range orders {
		at = at.Add(time.Hour + time.Duration(r.Int64N(int64(30*day))))
		if moves && i == orders/2 {
			mail = fmt.Sprintf("new%d@posteo.de", s.n)
			s.add(lifecycle.Event{
				Type: lifecycle.ContactChanged, Source: "shopify", At: at.Add(-time.Minute),
				Person: lifecycle.Person{CustomerID: s.accounts["shopify"], Email: mail, FirstName: s.first, LastName: s.last, Authoritative: true},
			})
		}
		s.add(s.buys(r, at, i, mail))
	}
	if s.second == "" {
		return
	}
	ev := s.order(at.Add(day), 90, "shopify")
	ev.Person = lifecycle.Person{CustomerID: s.second, Email: s.secondMail, FirstName: s.first, LastName: s.last}
	s.add(ev)
	s.add(lifecycle.Event{
		Type: lifecycle.ContactMerged, Source: "shopify", At: at.Add(2 * day),
		Person: lifecycle.Person{CustomerID: s.accounts["shopify"]}, Merged: &lifecycle.Person{CustomerID: s.second},
	})
}

// order is a purchase at a source, under an id that is small and not unique
// where the system counts so.
func (s *soul) order(at time.Time, i int, system string) lifecycle.Event {
	id := fmt.Sprint(10_000 + s.n*100 + i)
	if system == "shopify" {
		id = fmt.Sprint(6_000_000_000_000 + s.n*100 + i)
	}
	return lifecycle.Event{
		Type: lifecycle.OrderPlaced, Source: system, At: at,
		Order: &lifecycle.Order{ID: id, At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 1000, Currency: "EUR"}},
	}
}

func (s *soul) buys(r *rand.Rand, at time.Time, i int, mail string) lifecycle.Event {
	system := systems[r.IntN(len(systems))]
	account := s.accounts[system]
	if account == "" || chance(r, guestOrder) {
		account = ""
	}
	ev := s.order(at, i, system)
	p := lifecycle.Person{CustomerID: account, Email: mail, Phone: s.phone, FirstName: s.first, LastName: s.last, Country: "IT"}
	switch {
	case mail == "":
	case chance(r, fillsIn):
		p.Email = fillers[r.IntN(len(fillers))]
	case chance(r, loud):
		p.Email = " " + strings.ToUpper(mail[:4]) + mail[4:] + " "
	case account == "" && chance(r, tagged):
		p.Email = strings.Replace(mail, "@", "+shop@", 1)
	case account == "" && chance(r, dotted):
		p.Email = strings.Replace(mail, ".", "", 1)
	}
	if p.Phone != "" && chance(r, national) {
		p.Phone = "0039 " + p.Phone[3:6] + " " + p.Phone[6:]
	}
	ev.Person = p
	state := []lifecycle.ConsentState{lifecycle.Subscribed, lifecycle.Subscribed, lifecycle.Unsubscribed, lifecycle.Unknown}[r.IntN(4)]
	for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
		if state != lifecycle.Unknown {
			ev.Consents = append(ev.Consents, lifecycle.ConsentChange{Channel: ch, State: state, At: at})
		}
	}
	return ev
}

// proof is what the rules of docs/identity.md make one: a set of names of which
// each leads to the others.
type proof map[string]string

func (p proof) root(k string) string {
	for p[k] != "" && p[k] != k {
		k = p[k]
	}
	return k
}

func (p proof) join(a, b string) {
	if a != "" && b != "" {
		p[p.root(a)] = p.root(b)
	}
}

// names are the customer id and the e-mail address of an event, as the rules
// see them, written anew: empty where there is none.
func names(source string, who lifecycle.Person) (ref, mail string) {
	if who.CustomerID != "" {
		ref = "ref " + source + " " + who.CustomerID
	}
	if key, ok := identity.Email(who.Email); ok && !slices.Contains(fillers, key) {
		mail = "mail " + key
	}
	return ref, mail
}

// prove joins what e-mail, customer id and told merges make one.
func prove(news []told) proof {
	p := proof{}
	for _, n := range news {
		ref, mail := names(n.ev.Source, n.ev.Person)
		p.join(ref, mail)
		if n.ev.Merged != nil {
			gone, goneMail := names(n.ev.Source, *n.ev.Merged)
			p.join(ref, gone)
			p.join(ref, goneMail)
		}
	}
	return p
}
