package stripe

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Bounds of what is taken from a body, in bytes, and of lists.
const (
	maxName    = 100
	maxTitle   = 200
	maxCode    = 64
	maxReason  = 200
	maxAddress = 320
	maxPhone   = 64
	maxItems   = 5
)

// details are how Stripe names and addresses somebody, in many objects.
type details struct {
	Email   connectors.Text           `json:"email"`
	Phone   connectors.Text           `json:"phone"`
	Name    connectors.Text           `json:"name"`
	Address connectors.Maybe[address] `json:"address"`
}

type address struct {
	Country  connectors.Text `json:"country"`
	State    connectors.Text `json:"state"`
	Postcode connectors.Text `json:"postal_code"`
}

// person is somebody with the id that Stripe knows them by, empty for guests.
func (d details) person(id connectors.ID) lifecycle.Person {
	p := lifecycle.Person{
		CustomerID: string(id),
		Email:      d.Email.Line(maxAddress),
		Phone:      d.Phone.Line(maxPhone),
		Country:    country(d.Address.Value.Country),
	}
	at := d.Address.Value
	p.Region = lifecycle.RegionOf(p.Country, at.State.Line(maxName), at.Postcode.Line(maxPhone))
	// Stripe has one field for the name: its first word is the first name.
	p.FirstName, p.LastName, _ = strings.Cut(d.Name.Line(maxName), " ")
	p.LastName = strings.TrimSpace(p.LastName)
	return p
}

// country is an ISO 3166 alpha-2 code or nothing.
func country(t connectors.Text) string {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	if len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}

// locale is a BCP 47 tag or nothing. Checkout writes auto where it knows none.
func locale(t connectors.Text) string {
	s := strings.ReplaceAll(strings.TrimSpace(string(t)), "_", "-")
	if len(s) < 2 || len(s) > 35 || s == "auto" || strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return ""
	}
	return s
}

// money is an amount in Stripe's units of a currency, which Stripe writes in
// lower case. at names the amount's field. What lies below zero, as the total
// of an invoice that gives credit, counts as nothing.
func money(a connectors.Amount, code connectors.Text, at string) (lifecycle.Money, error) {
	currency := strings.ToUpper(strings.TrimSpace(string(code)))
	if len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return lifecycle.Money{}, connectors.Malformed("/data/object/currency", "is not the code of a currency")
	}
	n, err := units(a, currency)
	if err != nil {
		return lifecycle.Money{}, connectors.Malformed(at, err.Error())
	}
	return lifecycle.Money{Minor: max(0, n), Currency: currency}, nil
}

// units turns Stripe's whole number into minor units of ISO 4217.
func units(a connectors.Amount, currency string) (int64, error) {
	n, err := a.Minor("JPY") // as it stands: a whole number
	if err != nil {
		return 0, err
	}
	for have := decimals(currency); have < lifecycle.Decimals(currency); have++ {
		n *= 10
	}
	for have := decimals(currency); have > lifecycle.Decimals(currency); have-- {
		n /= 10
	}
	return n, nil
}

// decimals is how many decimals Stripe's amounts of a currency have
// (docs.stripe.com/currencies). It differs from ISO 4217 where Stripe keeps an
// old habit: ISK and UGX are written with two, MGA with none.
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "JOD", "KWD", "OMR", "TND":
		return 3
	}
	return 2
}

// valued is a line of an invoice and what it costs.
type valued struct {
	item  lifecycle.Item
	value int64
}

// items are the most valuable lines, in Stripe's order among equals.
func items(all []valued) []lifecycle.Item {
	slices.SortStableFunc(all, func(a, b valued) int { return cmp.Compare(b.value, a.value) })
	var out []lifecycle.Item
	for _, v := range all[:min(len(all), maxItems)] {
		out = append(out, v.item)
	}
	return out
}

// firstKnown is the first time that says something, zero if none does.
func firstKnown(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// joined are the parts that say something.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}
