package woocommerce

import (
	"html"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"ritorno/connectors"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
)

// Bounds of what is taken from a body, in bytes.
const (
	maxName    = 100
	maxTitle   = 200
	maxCode    = 64
	maxReason  = 200
	maxAddress = 320 // of e-mail; identity refuses what is longer anyway
	maxPhone   = 64
)

// loose is a field in which plugins put anything: text, numbers, yes and no come
// as text, all else is as good as absent.
type loose string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (l *loose) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*l = ""
	switch dec.PeekKind() {
	case '"', '0':
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		*l = loose(tok.String())
		return nil
	case 't', 'f':
		tok, err := dec.ReadToken()
		if err == nil && tok.Bool() {
			*l = "yes"
		} else {
			*l = "no"
		}
		return err
	}
	return dec.SkipValue()
}

// line is the text for people: entities of HTML, which WooCommerce leaves in
// names, are decoded.
func (l loose) line(limit int) string {
	return connectors.Text(html.UnescapeString(string(l))).Line(limit)
}

// hundredths counts an amount for comparing; what cannot be read is 0.
func (l loose) hundredths() int64 {
	n, err := connectors.Amount(strings.TrimSpace(string(l))).Minor("")
	if err != nil {
		return 0
	}
	return n
}

// meta is one entry of meta_data.
type meta struct {
	Key   loose `json:"key"`
	Value loose `json:"value"`
}

// valueOf is the value under the first of some keys that has one.
func valueOf(list []meta, keys ...string) loose {
	for _, key := range keys {
		if i := slices.IndexFunc(list, func(m meta) bool { return string(m.Key) == key && m.Value != "" }); i >= 0 {
			return list[i].Value
		}
	}
	return ""
}

// address is a postal address: we use its names, e-mail, phone and country only.
type address struct {
	FirstName connectors.Text `json:"first_name"`
	LastName  connectors.Text `json:"last_name"`
	Email     connectors.Text `json:"email"`
	Phone     connectors.Text `json:"phone"`
	Country   connectors.Text `json:"country"`
	State     connectors.Text `json:"state"`
	Postcode  connectors.Text `json:"postcode"`
}

// personOf is who stands in a billing address. Guests have customer 0.
func personOf(customer connectors.ID, billing address, extra []meta, keys Fields) lifecycle.Person {
	p := lifecycle.Person{
		Email:     billing.Email.Line(maxAddress),
		FirstName: billing.FirstName.Line(maxName),
		LastName:  billing.LastName.Line(maxName),
		Country:   country(billing.Country),
		Locale:    locale(valueOf(extra, keys.Locale...)),
	}
	if customer != "0" {
		p.CustomerID = string(customer)
	}
	p.Region = lifecycle.RegionOf(p.Country, billing.State.Line(maxName), billing.Postcode.Line(maxPhone))
	p.Phone = phone(billing.Phone.Line(maxPhone), p.Country)
	return p
}

// phone is a number in E.164 if its country's numbering plan knows it, else as
// it was written.
func phone(written, country string) string {
	if e164, ok := identity.Phone(written, country); ok {
		return e164
	}
	return written
}

// country is an ISO 3166 alpha-2 code or nothing.
func country(t connectors.Text) string {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return ""
	}
	return s
}

// locale is a language tag, also from WordPress' form it_IT, or nothing.
func locale(l loose) string {
	s := strings.ReplaceAll(strings.TrimSpace(string(l)), "_", "-")
	if len(s) < 2 || len(s) > 16 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return ""
		}
	}
	return s
}

// currency is an ISO 4217 code or nothing.
func currency(t connectors.Text) string {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	if len(s) != 3 {
		return ""
	}
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return ""
		}
	}
	return s
}

// allDigits also bounds the length: the ids of WordPress have 64 bits.
func allDigits(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// objectID is the id of the object itself.
func objectID(id connectors.ID) (string, error) {
	if !allDigits(string(id)) || id == "0" {
		return "", connectors.Malformed("/id", "is missing or not a number")
	}
	return string(id), nil
}

// known is the first time that says something, zero if none does.
func known(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// first is the first text that says something.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
