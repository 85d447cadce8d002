package lifecycle

import (
	"slices"
	"strings"
	"time"

	"ritorno/internal/identity"
)

// person takes in who the event is about.
func (d *decision) person() {
	p := d.ev.Person
	if p.CustomerID != "" && d.ev.Source != "" {
		ref := Ref{d.ev.Source, clip(p.CustomerID, 128)}
		if !slices.Contains(d.c.Refs, ref) {
			d.c.Refs = append(d.c.Refs, ref)
			if len(d.c.Refs) > MaxRefs {
				d.formerRef(d.c.Refs[0])
				d.c.Refs = d.c.Refs[1:]
			}
			d.changed = true
		}
	}
	country := p.Country
	if country == "" {
		country = d.c.Profile.Country
	}
	if country == "" {
		country = d.r.Country
	}
	if key, ok := identity.Email(p.Email); ok && !d.r.Nobody(key) {
		d.address(Email, &d.c.Email, Address{Value: strings.TrimSpace(p.Email), Key: key, At: d.ev.Version, Sure: p.Authoritative})
	}
	if strings.TrimSpace(p.Phone) != "" {
		e164, ok := d.ev.E164, d.ev.E164 != "" && d.ev.E164In == country
		if !ok {
			e164, ok = identity.Phone(p.Phone, country)
		}
		if ok {
			d.address(SMS, &d.c.Phone, Address{Value: e164, Key: e164, At: d.ev.Version, Sure: p.Authoritative})
		} else if d.c.Phone.Key == "" && d.c.Phone.Value == "" {
			d.c.Phone = Address{Value: clip(p.Phone, 40), At: d.ev.Version} // kept for support, not matched on
			d.changed = true
		}
	}
	d.profile(p)
}

// address decides between two tellings of an address. Where it changes,
// consent given for the old one does not carry over; an opt-out does.
func (d *decision) address(ch Channel, have *Address, n Address) {
	defer func() { d.foreign[ch] = have.Key != n.Key }()
	if have.Key == n.Key {
		if n.Sure && !have.Sure || n.Sure == have.Sure && n.At.After(have.At) {
			have.Sure, have.At = n.Sure, n.At
			d.changed = true
		}
		return
	}
	if have.Key != "" {
		if have.Sure && !n.Sure || have.Sure == n.Sure && !n.At.After(have.At) {
			if have.Sure == n.Sure && have.Since.IsZero() { // late news of the address before this one
				have.Since, d.changed = have.At, true
			}
			return
		}
		d.unknown(ch, n.At, "the address changed")
		d.formerAddress(ch, have.Key)
		d.noteWhy(ContactChanged, "", ch.String()+" changed")
		n.Since = n.At
		if o := d.ev.Order; o != nil && o.At.Before(n.At) { // told at the sale itself
			n.Since = o.At
		}
	}
	*have = n
	d.changed = true
}

// unknown takes a consent back without a decision of the contact; an opt-out
// stays.
func (d *decision) unknown(ch Channel, at time.Time, why string) {
	before := d.c.Consent[ch]
	n := ConsentChange{Channel: ch, State: Unknown, At: at}
	d.c.Consent[ch] = before.merge(n)
	if before.State() != d.c.Consent[ch].State() {
		n.Source, n.Evidence = d.ev.Source, why
		d.ledger(n)
	}
}

// profile takes newer fields over, and fills empty ones from older news.
func (d *decision) profile(p Person) {
	pr := &d.c.Profile
	newer := p.Authoritative && !pr.Sure || p.Authoritative == pr.Sure && !d.ev.Version.Before(pr.At)
	set := func(have *string, v string, n int) {
		v = clip(v, n)
		if v == "" || v == *have || !newer && *have != "" {
			return
		}
		*have, d.changed = v, true
	}
	set(&pr.FirstName, p.FirstName, 80)
	set(&pr.LastName, p.LastName, 80)
	set(&pr.Locale, p.Locale, 16)
	d.region(p, newer)
	set(&pr.Country, strings.ToUpper(p.Country), 2)
	set(&pr.Timezone, p.Timezone, 48)
	if newer && (p.FirstName != "" || p.LastName != "" || p.Locale != "" || p.Country != "") {
		pr.At, pr.Sure = d.ev.Version, p.Authoritative
	}
}

// region takes over in which part of its country the address lies. That of
// another country goes with it.
func (d *decision) region(p Person, newer bool) {
	pr := &d.c.Profile
	country := clip(strings.ToUpper(p.Country), 2)
	if country == "" {
		country = pr.Country
	}
	region := RegionOf(country, p.Region, "")
	moved := country != pr.Country && pr.Region != ""
	if newer && (region != "" || moved) || pr.Country == "" || country == pr.Country && pr.Region == "" {
		d.changed = d.changed || region != pr.Region
		pr.Region = region
	}
}

// consents takes consent news in and keeps it in the ledger: every decision,
// and "unknown" where it takes a consent back. What somebody allows at an
// address that is not taken over holds for no other.
func (d *decision) consents() {
	for _, n := range d.ev.Consents {
		if n.Channel >= channels || n.State == Subscribed && d.foreign[n.Channel] {
			continue
		}
		n = d.echo(n)
		n.Evidence = clip(n.Evidence, 120)
		before := d.c.Consent[n.Channel]
		if n.State == Subscribed && before.UnknownAt.After(n.At) && n.At.Before(d.c.addressed(n.Channel).Since) {
			continue // from before the address was taken over: void, and for some orders of arrival foreign then
		}
		after := before.merge(n)
		if n.State != Unknown || before.State() != after.State() {
			d.ledger(n)
		}
		if after == before {
			continue
		}
		d.c.Consent[n.Channel] = after
		if !n.At.Before(d.c.Suppress[n.Channel].At) && n.State == Subscribed && d.c.Suppress[n.Channel].Reason == ReasonOptedOut {
			d.c.Suppress[n.Channel] = Suppression{} // the provider's opt-out block is lifted by a fresh opt-in
		}
		if after.State() == Unsubscribed {
			d.dropQueued(n.Channel)
		}
		if before.State() != after.State() {
			d.noteWhy(ConsentChanged, "", n.Channel.String()+" "+after.State().String())
			d.t.count("consent:" + n.Channel.String() + ":" + after.State().String())
			d.tallyOptOut(n.Channel, after)
		}
		d.changed = true
	}
	if d.ev.Type == ConsentChanged && !d.changed {
		d.t.Reason = ReasonNothingNew
	}
}

// dropQueued drops what waits for another try on a channel. Its step may still
// go out on the next one.
func (d *decision) dropQueued(ch Channel) {
	for i := range d.c.Messages {
		if m := &d.c.Messages[i]; m.Status == Queued && m.Channel == ch {
			m.Status, m.Error = Dropped, ReasonOptedOut
			d.t.count("dropped:" + string(ReasonOptedOut))
		}
	}
}

func (d *decision) orderNames() OrderKeys {
	if d.names != nil {
		return *d.names
	}
	return d.r.OrderKeys(&d.ev)
}

// order takes in one telling of an order: itself, its cancellation or a
// refund.
func (d *decision) order() {
	id := d.ev.OrderID()
	if id == "" {
		return
	}
	names := d.orderNames()
	key := names.Own.Key
	i := d.markOf(names)
	if i < 0 && d.ev.Remembered {
		d.rolledOrder(key)
		return
	}
	var o OrderMark
	fresh := i < 0
	if fresh {
		o = OrderMark{Key: key, ID: clip(id, 64), Source: d.ev.Source, At: d.ev.At, Partial: true}
		d.t.SeenOrders = append(d.t.SeenOrders, key)
	} else {
		i = d.link(i, names)
		o = d.c.Orders[i]
	}
	was := o
	was.Refunds = slices.Clone(o.Refunds)
	o.tell(&d.ev)
	if d.vague && !was.Partial && !fresh {
		o.At = was.At
	}
	if was.Partial && !o.Partial && !fresh {
		d.t.SeenOrders = append(d.t.SeenOrders, key) // only now it can be found by its id
	}
	if !fresh && sameOrder(was, o) {
		d.t.Reason = ReasonNothingNew
		return
	}
	if fresh {
		d.arrivedBefore(o.At, fact{order: &o}.rank())
		d.c.Orders = append(d.c.Orders, o)
		d.link(len(d.c.Orders)-1, names)
	} else {
		d.c.Orders[i] = o
	}
	d.sortOrders()
	d.changed = true
	if d.r.Totals(&d.c).Last.After(o.At) {
		d.t.Reason = ReasonLateNews
	}
	d.noteOrder(was, o, fresh)
	d.redeem(o)
}

func sameOrder(a, b OrderMark) bool {
	ra, rb := a.Refunds, b.Refunds
	a.Refunds, b.Refunds = nil, nil
	return slices.Equal(ra, rb) && a.At.Equal(b.At) && a.Status == b.Status && a.Total == b.Total && a.Told == b.Told &&
		a.Partial == b.Partial && a.Renewal == b.Renewal && a.Version.Equal(b.Version)
}

// noteOrder writes what changed for the person at the shop's desk.
func (d *decision) noteOrder(was, o OrderMark, fresh bool) {
	text := o.ID + ", " + o.Total.String() + " " + o.Total.Currency
	if o.Total.Currency == "" {
		text = o.ID
	}
	switch {
	case fresh && o.credit(o.Total.Currency) < 0:
		d.noteWhy(OrderRefunded, "", o.ID+", "+Money{-o.Total.Minor, o.Total.Currency}.String()+" "+o.Total.Currency)
	case fresh && !o.Partial || was.Partial && !o.Partial:
		at := d.ev.At
		d.ev.At = o.At
		d.note(text)
		d.ev.At = at
		if o.Counts() {
			d.t.count("orders")
		}
	case was.Counts() && !o.Counts() && o.Status == OrderVoid:
		d.noteWhy(OrderCancelled, "", text)
	case o.Refunded() != was.Refunded() || was.Counts() && !o.Counts():
		d.noteWhy(OrderRefunded, "", o.ID+", "+Money{o.Refunded(), o.Total.Currency}.String()+" "+o.Total.Currency)
	case fresh:
		d.note(strings.TrimSuffix(o.ID+", "+d.ev.Text, ", "))
	}
}

// rolledOrder meets an order that is older than the record's window: what the
// payload itself carries is applied once, the rest is shown.
func (d *decision) rolledOrder(key uint64) {
	d.t.Reason = ReasonNothingNew
	o := d.ev.Order
	if d.ev.RememberedOff || o == nil || o.Partial || o.isCredit() {
		if d.ev.Type != OrderPlaced && !d.ev.RememberedOff {
			d.note("an order older than the record")
		}
		return
	}
	m := OrderMark{Key: key, Partial: true}
	m.tell(&d.ev)
	if m.Counts() || d.c.Older.Count == 0 {
		return
	}
	d.c.Older.Count--
	if m.Total.Currency == d.r.Currency {
		d.c.Older.Spent -= m.Total.Minor
	} else {
		d.c.Older.Foreign--
	}
	d.t.SeenOrders = append(d.t.SeenOrders, offKey(key))
	d.t.Reason = ReasonLateNews
	d.noteWhy(OrderCancelled, "", clip(o.ID, 64))
}

// tell merges one telling into what is known of the order.
func (o *OrderMark) tell(ev *Event) {
	if rf := ev.Refund; rf != nil {
		o.refund(*rf)
	}
	n := ev.Order
	if n == nil {
		return
	}
	o.Told = max(o.Told, n.Refunded)
	if n.Partial {
		if ev.Type == OrderCancelled && !ev.Version.Before(o.Version) {
			o.Status, o.Version = OrderVoid, ev.Version
		}
		return
	}
	status := n.Status
	if ev.Type == OrderCancelled {
		status = OrderVoid
	}
	o.Renewal = o.Renewal || n.Renewal // the shop's own telling of a subscription app's order knows nothing of it
	newer := ev.Version.After(o.Version)
	if o.Partial || newer || ev.Version.Equal(o.Version) {
		keep := o.Partial && ev.Version.Before(o.Version) // the cancellation is newer than the order it names
		o.At, o.Total = n.At, n.Total
		if len(n.Items) > 0 {
			o.Product = clip(n.Items[0].Title, 80)
		}
		if len(n.Codes) > 0 || o.Source == ev.Source { // a payment's own telling knows of no codes
			o.Codes = clip(strings.Join(n.Codes, ","), 80)
		}
		o.Source = ev.Source
		backToOpen := !o.Partial && o.Status == OrderPaid && status == OrderOpen
		if !keep && !backToOpen {
			o.Status = status
		}
		if !keep {
			o.Version = maxTime(o.Version, ev.Version)
		}
		o.Partial = false
	}
}

func (o *OrderMark) refund(rf Refund) {
	m := RefundMark{Key: digest("refund", rf.ID), Amount: rf.Amount, Full: rf.Full}
	for i := range o.Refunds {
		if o.Refunds[i].Key == m.Key {
			o.Refunds[i].Amount = max(o.Refunds[i].Amount, m.Amount)
			o.Refunds[i].Full = o.Refunds[i].Full || m.Full
			return
		}
	}
	o.Refunds = append(o.Refunds, m)
	slices.SortFunc(o.Refunds, func(a, b RefundMark) int { return compareUint(a.Key, b.Key) })
	if len(o.Refunds) > 8 { // sum the surplus up so that the amount stays right
		o.Refunds[1].Amount += o.Refunds[0].Amount
		o.Refunds[1].Full = o.Refunds[1].Full || o.Refunds[0].Full
		o.Refunds = o.Refunds[1:]
	}
}

func compareUint(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func maxTime(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
