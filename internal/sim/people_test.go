package sim_test

import (
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
)

// person is one customer, whatever records are kept of them.
type person struct {
	n       int
	who     lifecycle.Person
	skew    time.Duration // of the shop's clock
	orders  int
	cancels int
	events  int

	told      []*delivery
	openStart [2]int    // opt-ins that are on their way, by channel
	stopped   [2]bool   // an opt-out was acknowledged and no opt-in was sent since
	forgotten bool      // an erasure was acknowledged and no opt-in was under way
	pausedTo  time.Time // as was acknowledged last, of what was said at pausedAt
	pausedAt  time.Time
	ids       map[string]bool // records that were ever theirs
}

// kind is what a delivery is about.
type kind uint8

const (
	signUp kind = iota
	purchase
	refund
	cancel
	resume
	optIn
	optOut
	answer
	ask // for a pause
	erase
	failure // of a payment
	call    // a program asks for a journey
	report  // of the provider
)

func (k kind) String() string {
	return [...]string{"sign-up", "purchase", "refund", "cancellation", "resumption", "opt-in", "opt-out", "answer", "pause", "erasure", "failed payment", "call", "report"}[k]
}

// delivery is one piece of news that is told again until it is acknowledged.
type delivery struct {
	person  *person // nil: a provider's report
	kind    kind
	key     string
	contact string // a report's
	channel lifecycle.Channel
	reply   bool // comes by SMS, without a time of its own
	ev      lifecycle.Event
	most    int // tries; 0: until acknowledged

	tries       int
	acked       bool
	sent, ackAt time.Duration
	clean       bool // an opt-out while no opt-in was on its way
}

// peopleArrive plans the lives.
func (w *world) peopleArrive() {
	for i := range 10 + w.rng.IntN(7) {
		n := strconv.Itoa(i)
		p := &person{n: i, ids: map[string]bool{}, who: lifecycle.Person{
			CustomerID: n, Email: "p" + n + "@example.com", Phone: "+3933312345" + strconv.Itoa(10+i), FirstName: "P" + n, Country: "IT",
		}}
		switch w.rng.IntN(6) {
		case 0:
			p.who.Email = ""
		case 1:
			p.who.Phone = ""
		}
		if w.f.shopSkew > 0 {
			p.skew = w.between(-w.f.shopSkew, w.f.shopSkew)
		}
		w.people = append(w.people, p)
		from := w.upTo(20 * day)
		w.at(from, func() { w.tell(p, signUp, 0) })
		w.at(from+w.upTo(time.Minute), func() { w.tell(p, purchase, 0) })
		for range w.rng.IntN(5) {
			w.at(from+w.upTo((troubleDays-1)*day-from), func() { w.something(p) })
		}
	}
}

// something is a day in the life of a customer.
func (w *world) something(p *person) {
	k := purchase
	switch r := w.rng.IntN(100); {
	case r < 25:
	case r < 30:
		k = failure
	case r < 35:
		k = call
	case r < 45:
		k = answer
	case r < 55:
		k = optOut
	case r < 63:
		k = optIn
	case r < 78:
		k = cancel
	case r < 82:
		k = resume
	case r < 88:
		k = ask
	case r < 91:
		k = erase
	default:
		k = refund
	}
	w.tell(p, k, lifecycle.Channel(w.rng.IntN(2)))
}

// newsInBetween lets something happen to the very contact that was claimed.
func (w *world) newsInBetween(c *lifecycle.Contact) {
	if !w.chance(w.f.race) {
		return
	}
	p := w.owner(c.ID)
	if p == nil {
		return
	}
	w.stats.races++
	k := [...]kind{purchase, purchase, answer, optOut, optOut, ask, cancel, erase, refund}[w.rng.IntN(9)]
	if k == erase && w.rng.IntN(3) > 0 {
		k = purchase
	}
	within := [...]time.Duration{5 * time.Millisecond, 300 * time.Millisecond, 2 * time.Second, 20 * time.Second}[w.rng.IntN(4)]
	ch := lifecycle.Channel(w.rng.IntN(2))
	w.after(w.upTo(within), func() { w.tell(p, k, ch) })
}

func (w *world) owner(id string) *person {
	for _, p := range w.people {
		if p.ids[id] {
			return p
		}
	}
	return nil
}

// tell makes news about a person and submits it.
func (w *world) tell(p *person, k kind, ch lifecycle.Channel) {
	p.events++
	key := "e" + strconv.Itoa(p.n) + "-" + strconv.Itoa(p.events)
	d := &delivery{person: p, kind: k, key: key, channel: ch}
	at := epoch.Add(w.t + p.skew).Truncate(time.Millisecond)
	d.ev = lifecycle.Event{Key: key, Source: "erp", At: at, Person: p.who}
	if k != signUp && p.who.Email != "" {
		d.ev.Person.Phone = "" // orders seldom tell it again
	}
	switch k {
	case signUp:
		d.ev.Type, d.ev.Person.Authoritative = lifecycle.ContactChanged, true
		for c := range lifecycle.Channel(2) {
			d.ev.Consents = append(d.ev.Consents, lifecycle.ConsentChange{Channel: c, State: lifecycle.Subscribed, Evidence: key})
		}
	case purchase:
		p.orders++
		d.ev.Type = lifecycle.OrderPlaced
		d.ev.Order = &lifecycle.Order{
			ID: strconv.Itoa(p.n) + "/" + strconv.Itoa(p.orders), At: at, Status: lifecycle.OrderPaid,
			Total: lifecycle.Money{Minor: 1000 + int64(w.rng.IntN(9000)), Currency: "EUR"}, Renewal: w.rng.IntN(8) == 0,
		}
	case refund:
		if p.orders == 0 {
			return
		}
		d.ev.Type = lifecycle.OrderRefunded
		d.ev.Refund = &lifecycle.Refund{OrderID: strconv.Itoa(p.n) + "/" + strconv.Itoa(1+w.rng.IntN(p.orders)), ID: key, Full: true}
	case cancel:
		p.cancels++
		d.ev.Type, d.ev.Subscription = lifecycle.SubscriptionCancelled, &lifecycle.Subscription{ID: strconv.Itoa(p.cancels), Reason: key}
	case resume:
		d.ev.Type, d.ev.Subscription = lifecycle.SubscriptionStarted, &lifecycle.Subscription{ID: strconv.Itoa(max(p.cancels, 1))}
	case optIn:
		p.stopped[ch] = false
		p.openStart[ch]++
		w.o.startSent(p)
		d.consent(w, lifecycle.Subscribed)
	case optOut:
		d.clean = p.openStart[ch] == 0 && !p.startedWithin(ch, w.t-clocksDiffer)
		d.consent(w, lifecycle.Unsubscribed)
	case answer:
		d.reply = true
		d.ev = lifecycle.Event{Type: lifecycle.Responded, Source: "sms", Key: key, Response: &lifecycle.Response{Kind: lifecycle.ResponseReply, Text: key}}
	case ask:
		d.ev = lifecycle.Event{Type: lifecycle.Paused, Source: "page", Key: key, At: at, Until: at.Add(time.Duration(1+w.rng.IntN(30)) * day)}
		d.reply = true
	case failure:
		d.ev.Type, d.ev.Subscription = lifecycle.PaymentFailed, &lifecycle.Subscription{ID: "1"}
	case call:
		d.ev = lifecycle.Event{Type: lifecycle.Started, Source: "api", Key: key, At: at, Journey: "vip"}
		d.reply = true
	case erase:
		d.ev = lifecycle.Event{Type: lifecycle.EraseRequested, Source: "erp", Person: p.who}
	}
	p.told = append(p.told, d)
	w.submit(d)
	if k == erase && w.chance(w.f.race) { // an order in the very moment
		w.after(w.upTo(2*time.Second), func() { w.tell(p, purchase, ch) })
	}
}

// clocksDiffer is how far the clocks of shop and server may be apart in a run.
// The newest decision wins by its own time, so within that time two decisions
// told by different clocks have no order.
const clocksDiffer = 25 * time.Minute

// startedWithin reports whether an opt-in was told since.
func (p *person) startedWithin(ch lifecycle.Channel, since time.Duration) bool {
	for _, d := range p.told {
		if (d.kind == optIn && d.channel == ch || d.kind == signUp) && d.sent >= since {
			return true
		}
	}
	return false
}

// consent is a change of mind: by SMS or page without a time of its own, or
// told by the shop.
func (d *delivery) consent(w *world, s lifecycle.ConsentState) {
	d.ev.Type = lifecycle.ConsentChanged
	n := lifecycle.ConsentChange{Channel: d.channel, State: s, Evidence: d.key}
	if d.reply = w.rng.IntN(3) > 0; d.reply {
		d.ev.At, d.ev.Person, d.ev.Source = time.Time{}, lifecycle.Person{}, "page"
	}
	d.ev.Consents = []lifecycle.ConsentChange{n}
}

// submit tells it for the first time.
func (w *world) submit(d *delivery) {
	w.stats.events++
	d.sent = w.t
	if d.most == 0 {
		w.open++
	}
	w.try(d)
}

// try tells it to one of the processes that listen.
func (w *world) try(d *delivery) {
	d.tries++
	var up []*process
	for _, p := range w.procs {
		if p.life != nil && p.until <= w.t {
			up = append(up, p)
		}
	}
	if len(up) == 0 {
		w.tryAgain(d)
		return
	}
	p := up[w.rng.IntN(len(up))]
	w.note(d.contact, "try %d of %s %s at %s", d.tries, d.kind, d.key, p.life.name)
	l, try := p.life, d.tries
	w.after(w.upTo(5*time.Millisecond), func() {
		p.step(l, "hook", func() {
			answered := func(err error) {
				if err == nil && !w.chance(w.f.client) {
					w.after(w.upTo(5*time.Millisecond), func() { w.acked(d) })
				} else if d.tries == try {
					w.tryAgain(d)
				}
			}
			if w.opt.ackFirst {
				answered(nil)
				answered = func(error) {}
			}
			p.take(d, answered)
		})
	})
	w.after(30*time.Second, func() { // nobody answered: the process died over it
		if d.tries == try {
			w.tryAgain(d)
		}
	})
}

func (w *world) tryAgain(d *delivery) {
	try := d.tries
	if d.acked || d.most > 0 && try >= d.most {
		return
	}
	wait := min(time.Second<<min(2*try, 20), 10*time.Minute) + w.upTo(time.Second)
	d.tries++ // whoever else waits for this try need not
	w.after(wait, func() {
		if !d.acked {
			w.try(d)
		}
	})
}

func (w *world) acked(d *delivery) {
	if d.acked {
		return
	}
	d.acked, d.ackAt = true, w.t
	if d.most == 0 {
		w.open--
	}
	w.o.acknowledged(d)
}
