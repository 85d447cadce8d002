package history

import (
	"strconv"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// row is one record with its columns.
type row struct {
	f     *File
	cells []string
}

// text is the first of a field's columns that is filled.
func (r row) text(field int) string {
	for _, at := range r.f.at[field] {
		if at < len(r.cells) && r.cells[at] != "" {
			return Plain(r.cells[at])
		}
	}
	return ""
}

// column is the name of a field's best column, for people.
func (r row) column(field int) string {
	if len(r.f.at[field]) > 0 {
		names, _, _ := split(r.f.header, r.f.sep, nil)
		return strings.TrimSpace(names[r.f.at[field][0]])
	}
	names := strings.Fields(r.f.d.names[field])
	return names[0]
}

func (r row) fault(field int, why string) *BadLine {
	return &BadLine{Column: r.column(field), Reason: why}
}

// orderID is the order's id as its lines share it.
func (r row) orderID() string { return r.text(fOrder) }

// entry is what the record tells.
func (r row) entry() (Entry, *BadLine) {
	if r.f.d.kind == Contacts {
		return r.contact()
	}
	return r.order()
}

func (r row) order() (Entry, *BadLine) {
	var e Entry
	id, why := id(first(r.text(fOrder2), r.text(fOrder)))
	if why != "" {
		return e, r.fault(fOrder, why)
	}
	at, bad := r.time(fAt)
	if bad != nil {
		return e, bad
	}
	currency, why := code(r.text(fCurrency), r.f.o.Currency)
	if why != "" {
		return e, r.fault(fCurrency, why)
	}
	minor, why := r.f.format.number(r.text(fTotal), lifecycle.Decimals(currency))
	if why != "" {
		return e, r.fault(fTotal, why)
	}
	who, bad := r.person()
	if bad != nil {
		return e, bad
	}
	o := &lifecycle.Order{ID: id, Number: r.text(fNumber), At: at, Total: lifecycle.Money{Minor: minor, Currency: currency}, Status: lifecycle.OrderPaid}
	if c := r.text(fCode); c != "" {
		o.Codes = []string{c}
	}
	ev := lifecycle.Event{Type: lifecycle.OrderPlaced, Source: r.f.o.Source, At: at, Version: at, Historical: true, Person: who, Order: o}
	ev.Owner = r.owner()
	if bad := r.settle(&e, &ev); bad != nil || e.What == Nothing {
		return e, bad
	}
	if ev.Consents, bad = r.consents(at); bad != nil {
		return e, bad
	}
	e.Total, e.Back, e.Events = o.Total, o.Refunded, []lifecycle.Event{ev}
	return e, nil
}

// owner says whose order ids the file has: the named source's. Where none is
// named: the shop system's whose export it is, if its ids are its own in the
// whole world, else anybody's.
func (r row) owner() string {
	switch {
	case r.f.o.Source != "" && r.f.o.Source != "import":
		return r.f.o.Source
	case r.f.d.kind == Shopify && r.text(fOrder2) != "":
		return lifecycle.OwnerShopify
	case r.f.d.kind == Stripe:
		return lifecycle.OwnerStripe
	}
	return ""
}

// settle says what became of the order.
func (r row) settle(e *Entry, ev *lifecycle.Event) *BadLine {
	o := ev.Order
	if text := r.text(fRefunded); text != "" {
		back, why := r.f.format.number(text, lifecycle.Decimals(o.Total.Currency))
		if why != "" {
			return r.fault(fRefunded, why)
		}
		o.Refunded = min(max(back, -back), max(o.Total.Minor, 0))
	}
	status, placed := statusOf(r.f.d.kind, r.text(fStatus), r.text(fCaptured))
	if r.text(fCancelled) != "" {
		at, bad := r.time(fCancelled)
		if bad != nil {
			return bad
		}
		status, ev.Version = lifecycle.OrderVoid, later(ev.Version, at)
	}
	o.Status = status
	taken := r.f.d.kind == Orders && strings.HasPrefix(o.ID, "C")
	switch {
	case o.Total.Minor < 0:
		// Which order it takes back from is not said: it stands for itself, told
		// apart from others of the same order by time and amount.
		e.What, o.Status, o.Refunded = Return, lifecycle.OrderPaid, 0
		if r.f.d.kind != Orders {
			o.ID += "/" + strconv.FormatInt(o.At.Unix(), 36) + strconv.FormatInt(o.Total.Minor, 36)
		}
	case !placed:
		e.What = Nothing
	case taken, status == lifecycle.OrderVoid:
		e.What, o.Status, o.Refunded = Void, lifecycle.OrderVoid, 0
	case status == lifecycle.OrderRefundedFully:
		o.Refunded = o.Total.Minor
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// dashes makes one word of the spellings that shops have.
var dashes = strings.NewReplacer(" ", "-", "_", "-")

// statusOf reads the words of a shop; placed is false for what is no order yet,
// or never was. A word that is not known is one that a plugin made for orders
// that were taken.
func statusOf(kind Kind, status, captured string) (s lifecycle.OrderStatus, placed bool) {
	status = strings.TrimPrefix(dashes.Replace(strings.ToLower(status)), "wc-")
	if kind == Stripe && (strings.EqualFold(captured, "false") || strings.HasPrefix(status, "requires")) {
		return lifecycle.OrderOpen, false
	}
	switch status {
	case "refunded":
		return lifecycle.OrderRefundedFully, true
	case "cancelled", "canceled", "voided", "expired":
		return lifecycle.OrderVoid, kind != Stripe
	case "failed", "draft", "auto-draft", "checkout-draft", "trash", "incomplete", "blocked", "uncaptured", "disputed-lost":
		return lifecycle.OrderOpen, false
	case "pending", "pending-payment":
		return lifecycle.OrderOpen, kind == Shopify
	case "on-hold":
		return lifecycle.OrderOpen, true
	}
	return lifecycle.OrderPaid, true
}

func (r row) time(field int) (time.Time, *BadLine) {
	zone := r.f.o.Zone
	if r.f.d.kind == Stripe || r.f.d.kind == Contacts {
		zone = time.UTC
	}
	at, why := r.f.format.day(r.text(field), zone)
	if why != "" {
		return at, r.fault(field, why)
	}
	return at, nil
}

// person is who the record is about.
func (r row) person() (lifecycle.Person, *BadLine) {
	p := lifecycle.Person{
		CustomerID: r.text(fCustomer), Email: r.text(fEmail), Phone: r.text(fPhone),
		FirstName: r.text(fFirst), LastName: r.text(fLast), Locale: r.text(fLocale), Timezone: r.text(fZone),
	}
	if r.f.d.kind == WooCommerce && p.CustomerID == "0" {
		p.CustomerID = "" // a guest
	}
	if c := r.text(fCountry); len(c) == 2 {
		p.Country = strings.ToUpper(c)
	}
	if name := r.text(fName); p.FirstName == "" && p.LastName == "" && name != "" {
		p.FirstName, p.LastName, _ = strings.Cut(name, " ")
	}
	if p.CustomerID != "" {
		if _, why := id(p.CustomerID); why != "" {
			return p, r.fault(fCustomer, why)
		}
	}
	if p.CustomerID == "" && p.Email == "" && p.Phone == "" && r.f.d.kind != Contacts {
		for _, field := range []int{fCustomer, fEmail, fPhone} {
			if len(r.f.at[field]) > 0 {
				return p, r.fault(field, "is missing")
			}
		}
	}
	return p, nil
}

// item is what the record says of a product.
func (r row) item() []valued {
	title := r.text(fProduct)
	if title == "" {
		return nil
	}
	quantity := 1
	if text := r.text(fQuantity); text != "" {
		if n, err := strconv.Atoi(text); err == nil && n > 1 {
			quantity = n
		}
	}
	price, _ := r.f.format.number(r.text(fPrice), 2) // for sorting only
	return []valued{{lifecycle.Item{Title: title, Category: r.text(fCategory), Quantity: quantity}, min(price, 1e12) * int64(min(quantity, 1000))}}
}

// consents are what the record says of consent. What has no date and no source
// is no evidence.
func (r row) consents(at time.Time) ([]lifecycle.ConsentChange, *BadLine) {
	var all []lifecycle.ConsentChange
	for ch := lifecycle.Email; ch <= lifecycle.SMS; ch++ {
		field := fConsent + 4*int(ch)
		text := strings.ToLower(r.text(field))
		if text == "" {
			continue
		}
		state, ok := lifecycle.ParseConsent(text)
		if !ok {
			return nil, r.fault(field, "is no consent: write subscribed, unsubscribed, pending or unknown")
		}
		if state == lifecycle.Unknown && r.text(field+1) == "" {
			continue
		}
		source := r.text(field + 2)
		if source == "" {
			return nil, r.fault(field+2, "is missing: a consent counts only with its date and where it was given")
		}
		when, bad := r.time(field + 1)
		if bad != nil {
			bad.Reason += ": a consent counts only with its date and where it was given"
			return nil, bad
		}
		all = append(all, lifecycle.ConsentChange{Channel: ch, State: state, At: when, Source: source, Evidence: r.text(field + 3)})
	}
	if strings.EqualFold(r.text(fAccepts), "yes") || strings.EqualFold(r.text(fAccepts), "true") {
		all = append(all, lifecycle.ConsentChange{
			Channel: lifecycle.Email, State: lifecycle.Subscribed, At: at,
			Evidence: "Shopify order export: accepts marketing, order " + first(r.text(fNumber), r.text(fOrder)),
		})
	}
	return all, nil
}

// contact reads a line of our own export. Each customer id is told by its
// source.
func (r row) contact() (Entry, *BadLine) {
	e := Entry{What: Person}
	at, bad := r.time(fAt)
	if bad != nil {
		return e, bad
	}
	who, bad := r.person()
	if bad != nil {
		return e, bad
	}
	ev := lifecycle.Event{Type: lifecycle.ContactChanged, Source: r.f.o.Source, At: at, Version: at, Historical: true, Person: who}
	if ev.Consents, bad = r.consents(at); bad != nil {
		return e, bad
	}
	refs := strings.Fields(r.text(fRefs))
	for _, ref := range refs {
		source, id, ok := strings.Cut(ref, ":")
		if source, id, ok = unescape(source, id, ok); !ok || source == "" || id == "" {
			return e, r.fault(fRefs, "is no list of source:id, separated by blanks")
		}
		ev.Source, ev.Person.CustomerID = source, id
		e.Events = append(e.Events, ev)
	}
	if len(refs) == 0 {
		e.Events = append(e.Events, ev)
	}
	if who.Email == "" && who.Phone == "" && len(refs) == 0 {
		return e, r.fault(fEmail, "is missing, as are phone and customer_ids: nobody can be told from the line")
	}
	return e, nil
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
