package activecampaign

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// post is one call while it is read.
type post struct {
	form
	kind  string    // the event's name; empty: of an automation
	at    time.Time // when it happened, else now
	who   lifecycle.Person
	asked Meaning // of an automation
}

// types is what we use; everything else is ignored: what happens to ActiveCampaign's
// own mails (sent, open, click, forward, share, reply), notes, deals and
// accounts.
var types = map[string]func(*Source, post) ([]lifecycle.Event, error){
	"":                    (*Source).automation,
	"subscribe":           (*Source).subscribed,
	"unsubscribe":         (*Source).unsubscribed,
	"update":              (*Source).updated,
	"list_add":            (*Source).updated,
	"bounce":              (*Source).bounced,
	"contact_tag_added":   (*Source).tagged,
	"contact_tag_removed": (*Source).untagged,
	"sms_unsub":           (*Source).noSMS,
	"sms_unsubscribe":     (*Source).noSMS,
	ecomOrder:             (*Source).ordered, // read through the API, see read.go
}

// Normalise turns a post into events.
func (s *Source) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	f, err := parse(r.Body)
	if err != nil {
		return nil, err
	}
	p := post{form: f}
	if p.kind, err = f.get("type", maxWord); err != nil {
		return nil, err
	}
	p.kind = strings.ToLower(p.kind)
	read, used := types[p.kind]
	if !used || p.kind == "list_add" && !f.has("contact[id]") { // a list was made, no contact
		return nil, nil
	}
	event := r.Query.Get("event")
	if p.kind == "" && event != "" {
		if p.asked, err = asked(event); err != nil {
			return nil, err
		}
	}
	if p.at, err = f.time(s.zone); err != nil {
		return nil, err
	}
	dated := !p.at.IsZero()
	if !dated {
		p.at = r.Now.UTC()
	}
	if p.who, err = s.person(f); err != nil {
		return nil, err
	}
	events, err := read(s, p)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].Key = key(r, event, dated, i)
		events[i].Person = p.who
	}
	return events, nil
}

// key is equal for the same post. There is no delivery id. What carries no time
// may come with the same bytes again and mean it, as when somebody cancels for
// the second time: such a post counts once a day.
func key(r connectors.Request, event string, dated bool, i int) string {
	day := ""
	if !dated {
		day = r.Now.UTC().Format(time.DateOnly)
	}
	h := sha256.New()
	for _, part := range []string{event, day, string(r.Body)} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return "activecampaign " + hex.EncodeToString(h.Sum(nil)[:16]) + " " + strconv.Itoa(i)
}

// person is the contact. Its phone is free text; where it may be read as one of
// a country is left to the shop's own.
func (s *Source) person(f form) (p lifecycle.Person, err error) {
	for _, field := range []struct {
		to    *string
		key   string
		limit int
	}{
		{&p.CustomerID, "contact[id]", maxWord},
		{&p.Email, "contact[email]", maxAddress},
		{&p.Phone, "contact[phone]", maxPhone},
		{&p.FirstName, "contact[first_name]", maxName},
		{&p.LastName, "contact[last_name]", maxName},
	} {
		if *field.to, err = f.get(field.key, field.limit); err != nil {
			return p, err
		}
	}
	if p.CustomerID == "0" {
		p.CustomerID = ""
	}
	if p.CustomerID == "" && p.Email == "" && p.Phone == "" {
		return p, connectors.Malformed("/contact", "names nobody: id, email and phone are empty")
	}
	text, err := f.own(s.fields.Locale, maxWord)
	p.Locale, p.Authoritative = locale(text), true
	return p, err
}

// locale is a language tag, also as it_IT, or nothing.
func locale(text string) string {
	s := strings.ReplaceAll(text, "_", "-")
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
