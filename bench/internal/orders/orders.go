// Package orders makes signed Shopify orders: paid, all different, of people
// who buy again. The same numbers always give the same orders.
package orders

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// Topic is what all orders are sent under.
const Topic = "orders/paid"

// Order is one delivery.
type Order struct {
	Number    int64  // from 0, never the same
	Person    int    // who bought, from 0
	Body      []byte // 3 to 4 KB of JSON
	Signature string // base64 of HMAC-SHA256
	WebhookID string
}

// Maker makes orders one after the other. It is not safe for concurrent use.
type Maker struct {
	key    []byte
	base   time.Time
	chance *rand.Rand
	next   int64
	people int
	fresh  int // of 100 orders, those by new customers
}

// NewMaker signs with secret. The orders were placed within the day before
// base, and fresh of 100 are by people who never bought before.
func NewMaker(secret string, base time.Time, fresh int) *Maker {
	return &Maker{key: []byte(secret), base: base.UTC(), chance: rand.New(rand.NewPCG(7, 11)), fresh: fresh}
}

// People is how many different people bought so far.
func (m *Maker) People() int { return m.people }

// lately is how many of the newest customers do not buy again yet, so that
// nobody's orders are in flight at the same time.
const lately = 200

// Next makes an order.
func (m *Maker) Next() Order {
	who := m.people
	if known := m.people - lately; known > 0 && m.chance.IntN(100) >= m.fresh {
		who = m.chance.IntN(known)
	} else {
		m.people++
	}
	n := m.next
	m.next++
	o := Order{Number: n, Person: who, WebhookID: fmt.Sprintf("b54557e4-bdd9-4b37-8a5f-%012x", n)}
	o.Body = m.body(n, personOf(who))
	mac := hmac.New(sha256.New, m.key)
	mac.Write(o.Body)
	o.Signature = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return o
}

// Batch makes n orders.
func (m *Maker) Batch(n int) []Order {
	all := make([]Order, n)
	for i := range all {
		all[i] = m.Next()
	}
	return all
}

// person is a customer; a number gives always the same one.
type person struct {
	id                   int64
	first, last          string
	email, phone, street string
	city                 string
}

var (
	firstNames = []string{"Anna", "Marco", "Giulia", "Luca", "Sofia", "Matteo", "Chiara", "Nicolò", "Elena", "Davide", "Aurora", "Tommaso"}
	lastNames  = []string{"Bianchi", "Ferrari", "Esposito", "Colombo", "Ricci", "Marino", "Greco", "De Luca", "Conti", "Rizzo", "Moretti"}
	streets    = []string{"Via Garibaldi", "Corso Italia", "Via Mazzini", "Piazza Dante", "Via Verdi", "Viale Europa"}
	cities     = []string{"Bologna", "Torino", "Verona", "Lecce", "Trieste"}
	products   = []string{"Tazza in ceramica", "Grembiule di lino", "Olio extravergine 500 ml", "Miele di castagno", "Candela al fico", "Tovaglia a quadri", "Caffè in grani 1 kg", "Tagliere d'ulivo"}
)

func personOf(n int) person {
	first, last := firstNames[n%len(firstNames)], lastNames[n/len(firstNames)%len(lastNames)]
	return person{
		id: 7_100_000_000_000 + int64(n), first: first, last: last,
		email:  fmt.Sprintf("cliente.%d@posta.example.com", n),
		phone:  fmt.Sprintf("+39340%07d", n%10_000_000),
		street: streets[n%len(streets)] + " " + strconv.Itoa(1+n%120), city: cities[n%len(cities)],
	}
}
