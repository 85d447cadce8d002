package webhook_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/webhook"
	"ritorno/internal/mapping"
)

func expr(t testing.TB, src string) *mapping.Expr {
	t.Helper()
	e, err := mapping.Compile(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return e
}

// mapped is a source with rules for orders and customers of a CRM.
func mapped(t testing.TB) *webhook.Source {
	t.Helper()
	field := func(name, src string) mapping.Field {
		return mapping.Field{Path: strings.Split(name, "."), From: expr(t, src)}
	}
	rules := &mapping.Rules{Rules: []mapping.Rule{
		{
			When: expr(t, `event.kind == "order"`), Type: "order.created", ID: expr(t, "event.uid"),
			Fields: []mapping.Field{field("id", "event.no"), field("total", "event.sum"), field("currency", `"EUR"`), field("customer.email", "event.mail"), field("created_at", "event.at")},
			Items:  &mapping.Items{Each: expr(t, "event.lines"), Fields: []mapping.Field{{Path: []string{"title"}, From: expr(t, "item.name")}}},
		},
		{When: expr(t, `event.kind == "customer"`), Type: "contact.updated", Fields: []mapping.Field{field("customer.id", "event.id"), field("customer.email", "event.mail")}},
		{When: expr(t, `header["X-Event"] == "noise"`), Type: mapping.Ignore},
	}}
	s, err := webhook.New(webhook.Options{Secrets: []string{newer}, Auth: webhook.Auth{Scheme: webhook.Bearer}, Mapping: rules})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func posted(body string, header ...string) connectors.Request {
	r := connectors.Request{Method: "POST", Header: http.Header{}, Query: url.Values{}, Body: []byte(body), Now: day(9)}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestOneBadEventDoesNotHoldBackTheOthers(t *testing.T) {
	const body = `[{"kind":"order","uid":"e1","no":1,"sum":1},{"kind":"order","no":2,"sum":"a lot"},{"kind":"customer","id":"C-1"},{"kind":"what"}]`
	events, err := mapped(t).Normalise(posted(body))
	if !errors.Is(err, connectors.ErrMalformed) {
		t.Fatalf("err = %v, want ErrMalformed", err)
	}
	if want := "payload not understood: event 2: mapping rule 1: /data/total: not a decimal amount (and 1 more events of this body)"; err.Error() != want {
		t.Errorf("err = %q\nwant  %q", err, want)
	}
	if len(events) != 2 || events[0].Order.ID != "1" || events[1].Person.CustomerID != "C-1" {
		t.Errorf("events %+v", events)
	}
}

func TestMappedBodiesKeepTheRulesOfTheOthers(t *testing.T) {
	for name, tt := range map[string]struct{ body, says string }{
		"an amount to be read two ways": {`{"kind":"order","no":1,"sum":"1,234"}`, "mapping rule 1: /data/total: an amount that can be read in two ways"},
		"an amount below zero":          {`{"kind":"order","no":1,"sum":-1}`, "mapping rule 1: /data/total: is below zero"},
		"a time in words":               {`{"kind":"order","no":1,"sum":1,"at":"planted"}`, "mapping rule 1: /data/created_at: not a time"},
		"an endless id":                 {`{"kind":"order","no":"` + strings.Repeat("1", 201) + `","sum":1}`, "mapping rule 1: /data/id: an id over 200 bytes"},
		"no order id":                   {`{"kind":"order","sum":1}`, "mapping rule 1: /data/id: is missing"},
		"a customer of nobody":          {`{"kind":"customer"}`, "mapping rule 2: /data/customer: needs an id, email or phone"},
		"no rule":                       {`{"kind":"planted"}`, "no rule of the mapping fits"},
		"no body":                       {``, "the body is empty"},
		"half a body":                   {`{"kind":"planted`, "ends in the middle"},
		"an object for a value":         {`{"kind":"order","no":{"planted":1},"sum":1}`, "mapping rule 1: id: gives an object or a list"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mapped(t).Normalise(posted(tt.body))
			if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "planted") {
				t.Errorf("err = %v, want %q", err, tt.says)
			}
		})
	}
}

func TestKeysOfMappedEvents(t *testing.T) {
	s := mapped(t)
	key := func(body string, header ...string) string {
		t.Helper()
		events, err := s.Normalise(posted(body, header...))
		if err != nil || len(events) == 0 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		var keys []string
		for _, ev := range events {
			keys = append(keys, ev.Key)
		}
		return strings.Join(keys, " | ")
	}
	const order, customer = `{"kind":"order","uid":"e1","no":1,"sum":1}`, `{"kind":"customer","id":"C-1"}`
	for name, pair := range map[string][2]string{
		"the event's id":            {key(order), "id order.created e1"},
		"the header's id":           {key(order, "Webhook-Id", "m1"), "webhook m1"},
		"the place in a batch":      {key("["+customer+","+order+"]", "Webhook-Id", "m1"), "webhook m1/1 | webhook m1/2"},
		"the same content again":    {key(customer), key("\n " + customer)},
		"alone or in a batch":       {key(customer), strings.Split(key("["+customer+","+order+"]"), " | ")[0]},
		"fields in another order":   {key(`{"id":"C-1","kind":"customer"}`), key(customer)},
		"an id that the body lacks": {key(`{"kind":"order","no":1,"sum":1}`)[:6], "event "},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", name, pair[0], pair[1])
		}
	}
	if key(customer) == key(`{"kind":"customer","id":"C-2"}`) {
		t.Error("two customers share a key")
	}
}

func TestMappingSeesNoSecret(t *testing.T) {
	s, err := webhook.New(webhook.Options{Secrets: []string{newer}, Auth: webhook.Auth{Scheme: webhook.Token}, Mapping: &mapping.Rules{Rules: []mapping.Rule{{
		Type: "contact.updated", Fields: []mapping.Field{
			{Path: []string{"customer", "id"}, From: expr(t, `first(header["Authorization"], header["Cookie"], query.token, "nothing")`)},
		},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	r := posted(`{}`, "Authorization", "Bearer x", "Cookie", "y")
	r.Query.Set("token", newer)
	events, err := s.Normalise(r)
	if err != nil || events[0].Person.CustomerID != "nothing" {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestOnlySalesforceGetsItsAnswer(t *testing.T) {
	const message = `<Envelope><Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"/></Body></Envelope>`
	for name, tt := range map[string]struct {
		source *webhook.Source
		r      connectors.Request
		ack    bool
	}{
		"an outbound message":        {mapped(t), posted(message, "Content-Type", "text/xml; charset=utf-8"), true},
		"other XML":                  {mapped(t), posted("<a/>", "Content-Type", "text/xml"), false},
		"JSON that quotes it":        {mapped(t), posted(`{"a":"http://soap.sforce.com/2005/09/outbound"}`, "Content-Type", "application/json"), false},
		"a source without a mapping": {bearer(t, newer), posted(message, "Content-Type", "text/xml"), false},
	} {
		kind, body := tt.source.Answer(tt.r)
		if got := strings.Contains(string(body), "<Ack>true</Ack>"); got != tt.ack || got != strings.HasPrefix(kind, "text/xml") {
			t.Errorf("%s: %q %s", name, kind, body)
		}
	}
}

func TestExplanationsHoldWhatNormaliseSays(t *testing.T) {
	x := mapped(t).Explain(posted(`[{"kind":"order","no":1,"sum":1},{"kind":"order","no":2},{"kind":"what"}]`))
	var got []string
	for _, e := range x.Events {
		got = append(got, fmt.Sprintf("%d rule %d %s, %d tried, %d fields: %s", e.Event, e.Rule, e.Type, len(e.Tried), len(e.Fields), e.Error))
	}
	want := "1 rule 1 order.created, 1 tried, 7 fields: \n" +
		"2 rule 1 order.created, 1 tried, 7 fields: payload not understood: event 2: mapping rule 1: /data/total: is missing; write 0 for an order that cost nothing\n" +
		"3 rule 0 , 3 tried, 0 fields: payload not understood: event 3: no rule of the mapping fits: add one, or end the list with {type: ignore}"
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if x := mapped(t).Explain(posted("")); x.Error == "" {
		t.Error("a body that cannot be read is not explained")
	}
	if bearer(t, newer).Explain(posted("{}")) != nil {
		t.Error("a source without a mapping explains one")
	}
}

func TestRecommendedTopicsAreTold(t *testing.T) {
	list := mapped(t).Topics()
	if len(list) < 5 {
		t.Fatalf("%d topics", len(list))
	}
	for _, topic := range list {
		if topic.Name == "" || topic.Lost == "" || len(topic.Seen) == 0 {
			t.Errorf("%+v is not complete", topic)
		}
	}
}

// Whatever a signed sender posts: no panic, no other error than ErrMalformed,
// no value in it, and the same again for the same body.
func FuzzMapped(f *testing.F) {
	for _, s := range []string{
		`[{"kind":"order","uid":"e1","no":1,"sum":"1.234,50","lines":[{"name":"x"}]},{"kind":"customer","id":"C"}]`,
		"kind=order&no=1&sum=1&lines[][name]=x", "<a><kind>order</kind></a>", `{"kind":"customer","mail":["x"]}`, `[[],{},null,1]`, `{"kind":"order","lines":{"name":{}}}`,
	} {
		f.Add([]byte(s))
	}
	s := mapped(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, b := range [][]byte{body, []byte(strings.ReplaceAll(string(body), "1", connectorstest.Planted))} {
			first, err := s.Normalise(posted(string(b)))
			second, again := s.Normalise(posted(string(b)))
			if (err == nil) != (again == nil) || len(first) != len(second) {
				t.Fatalf("two readings differ: %v, %v", err, again)
			}
			if err != nil && (!errors.Is(err, connectors.ErrMalformed) || strings.Contains(err.Error(), connectorstest.Planted)) {
				t.Fatalf("err = %v", err)
			}
			for _, ev := range first {
				if ev.Key == "" || ev.Type == "" {
					t.Fatalf("event %+v", ev)
				}
			}
		}
	})
}

// Genuine bodies, mutated as strangers and broken senders mutate them.
func TestMappedBodiesSurviveMutations(t *testing.T) {
	s := mapped(t)
	for name, body := range connectorstest.Mutations([]byte(`{"kind":"order","uid":"e1","no":1,"sum":"1.50","mail":"a@example.com","at":"2026-09-01T08:00:00Z","lines":[{"name":"x"}]}`)) {
		_, err := s.Normalise(posted(string(body)))
		if err != nil && (!errors.Is(err, connectors.ErrMalformed) || strings.Contains(err.Error(), connectorstest.Planted)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
