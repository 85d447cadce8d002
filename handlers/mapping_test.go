package handlers_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"ritorno/connectors/webhook"
	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/mapping"
)

const salesToken = "sales-token-of-the-tests"

// sales is a CRM with a form of its own; total says where a sale's amount
// stands.
func sales(t *testing.T, total string) handlers.Source {
	t.Helper()
	compile := func(src string) *mapping.Expr {
		return must(mapping.Compile(src))(t)
	}
	field := func(name, src string) mapping.Field {
		return mapping.Field{Path: strings.Split(name, "."), From: compile(src)}
	}
	rules := &mapping.Rules{Rules: []mapping.Rule{
		{When: compile(`header["X-Kind"] == "noise"`), Type: mapping.Ignore},
		{When: compile(`event.kind == "sale"`), Type: "order.created", Fields: []mapping.Field{
			field("id", "event.no"), field("total", total), field("currency", `"EUR"`), field("created_at", "event.at"),
			field("customer.id", "event.who"), field("customer.email", "event.mail"), field("customer.first_name", "event.name"),
		}},
	}}
	src := must(webhook.New(webhook.Options{Secrets: []string{salesToken}, Auth: webhook.Auth{Scheme: webhook.Token}, Mapping: rules}))(t)
	return handlers.Source{Kind: "webhook", Source: src, Token: salesToken}
}

// withSales is a service whose source sales looks for amounts in a place where
// there are none. mend starts it again with another configuration.
func withSales(t *testing.T, total string) (r *rig, mend func(total string)) {
	t.Helper()
	var options handlers.Options
	r = open(t, func(o *handlers.Options) {
		o.Sources["bottega"]["sales"] = sales(t, total)
		options = *o
	})
	return r, func(total string) {
		options.Sources["bottega"]["sales"] = sales(t, total)
		options.Registry = prometheus.NewRegistry()
		r.server = handlers.New(options)
		r.http = r.server.Handler()
	}
}

const (
	salesHook = "/hooks/bottega/sales?token=" + salesToken
	// plantedSale is about a person whom no log may name.
	plantedSale = `{"kind":"sale","no":"S-1","sum":"49.90","at":"2027-03-01T10:00:00Z","who":"planted-77","mail":"planted.person@example.com","name":"Plantedname"}`
)

func TestADeadLetterIsAppliedOnceAfterTheMappingIsMended(t *testing.T) {
	r, mend := withSales(t, "event.amount")
	owner := bearer(r.token(auth.Owner, "bottega"))
	r.send("POST", salesHook, plantedSale, "Content-Type", "application/json", "X-Kind", "shop").is(200)
	r.send("POST", salesHook, plantedSale).is(200) // again: another letter would be a second order
	letters := r.deadLetters()
	if len(letters) != 1 || letters[0].Reason != "payload not understood: mapping rule 2: /data/total: is missing; write 0 for an order that cost nothing" {
		t.Fatalf("letters %+v", letters)
	}
	one := "/api/v1/deadletters/" + letters[0].ID
	r.send("POST", one+"/replay", "", owner...).is(422)

	mend("event.sum")
	var wg sync.WaitGroup
	for range 3 { // impatient owners
		wg.Go(func() {
			l, err := r.store.GetDead(r.Context(), "bottega", letters[0].ID)
			if err != nil {
				return // another one was faster
			}
			if _, err := r.server.Replay(r.Context(), l); err != nil {
				t.Errorf("replay: %v", err)
			}
		})
	}
	wg.Wait()
	if c := r.find("planted.person@example.com"); len(c.Orders) != 1 || c.Orders[0].Total.Minor != 4990 {
		t.Errorf("orders %+v; want one of 49.90", c.Orders)
	}
	if len(r.deadLetters()) != 0 {
		t.Error("the letter is still there")
	}
	var out handlers.Accepted
	r.send("POST", salesHook, plantedSale).is(200).into(&out) // the sender tries once more
	if !out.Duplicate {
		t.Errorf("the same delivery again: %+v, want a duplicate", out)
	}
	for _, secret := range []string{"planted", "Plantedname", salesToken, "49.90", "S-1"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, r.log)
		}
	}
}

func TestWhatCouldBeReadOfABatchIsAppliedAtOnce(t *testing.T) {
	r, mend := withSales(t, "event.sum")
	batch := "[" + plantedSale + `,{"kind":"sale","no":"S-2","amount":5,"at":"2027-03-02T10:00:00Z","who":"planted-77"}]`
	var out handlers.Accepted
	r.send("POST", salesHook, batch).is(200).into(&out)
	if !out.Dead || len(r.find("planted.person@example.com").Orders) != 1 || len(r.deadLetters()) != 1 {
		t.Fatalf("%+v, %d letters", out, len(r.deadLetters()))
	}
	mend("first(event.sum, event.amount)")
	owner := bearer(r.token(auth.Owner, "bottega"))
	r.send("POST", "/api/v1/deadletters/"+r.deadLetters()[0].ID+"/replay", "", owner...).is(200)
	if c := r.find("planted.person@example.com"); len(c.Orders) != 2 {
		t.Errorf("orders %+v; want both once", c.Orders)
	}
	if strings.Contains(r.log.String(), "planted") {
		t.Errorf("the log names the person:\n%s", r.log)
	}
}

func TestManyLettersAreReplayedWithAReport(t *testing.T) {
	r, mend := withSales(t, "event.amount")
	owner := bearer(r.token(auth.Owner, "bottega"))
	r.send("POST", salesHook, plantedSale).is(200)
	r.send("POST", salesHook, strings.Replace(plantedSale, "S-1", "S-2", 1)).is(200)
	r.send("POST", salesHook, `{"kind":"who knows"}`).is(200)
	r.send("POST", salesHook, `{"kind":"sale"`, "X-Kind", "noise").is(200)
	r.erp("order.paid", `{}`).is(200)
	if n := len(r.deadLetters()); n != 5 {
		t.Fatalf("%d letters", n)
	}
	mend("event.sum")
	replay := func(query string) (out struct {
		handlers.Replays
		After string
	},
	) {
		r.send("POST", "/api/v1/deadletters/replay?shop=bottega"+query, "", owner...).is(200).into(&out)
		return out
	}
	out := replay("&source=sales")
	if out.Applied != 2 || out.Stay != 2 || out.Ignored != 0 || len(out.Letters) != 4 || out.After != "" {
		t.Errorf("first: %+v", out)
	}
	if got := replay(""); got.Stay != 3 || got.Applied != 0 {
		t.Errorf("all that is left: %+v", got)
	}
	page := replay("&limit=2")
	if rest := replay("&limit=2&after=" + page.After); len(page.Letters) != 2 || len(rest.Letters) != 1 || rest.After != "" {
		t.Errorf("pages of %d and %d", len(page.Letters), len(rest.Letters))
	}
	for _, l := range replay("").Letters {
		if l.Result != "stays" || l.Reason == "" || strings.Contains(l.Reason, "planted") {
			t.Errorf("%+v", l)
		}
	}
	r.send("POST", "/api/v1/deadletters/replay?shop=bottega&source=nobody", "", owner...).is(404)
	if c := r.find("planted.person@example.com"); len(c.Orders) != 2 {
		t.Errorf("orders %+v", c.Orders)
	}
}

func TestALetterKeepsTheHeadersThatItsMappingReads(t *testing.T) {
	r, _ := withSales(t, "event.amount")
	r.send("POST", salesHook, plantedSale, "X-Kind", "shop", "X-Shop-Event", "sale", "X-Other", "other", "Authorization", "Bearer x").is(200)
	l, err := r.store.GetDead(r.Context(), "bottega", r.deadLetters()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if l.Header["X-Kind"] != "shop" || l.Header["X-Shop-Event"] != "sale" || l.Header["X-Other"] != "" || l.Header["Authorization"] != "" || strings.Contains(l.Query, "token") {
		t.Errorf("header %v, query %q", l.Header, l.Query)
	}
}

// A header that holds the secret is not kept, whatever it is called.
func TestALetterKeepsNoSecretHeader(t *testing.T) {
	r := open(t, func(o *handlers.Options) {
		src := must(webhook.New(webhook.Options{Secrets: []string{salesToken}, Auth: webhook.Auth{Scheme: webhook.Token, Header: "webhook-topic"}}))(t)
		o.Sources["bottega"]["sales"] = handlers.Source{Kind: "webhook", Source: src}
	})
	r.send("POST", "/hooks/bottega/sales", "{}", "Webhook-Topic", salesToken, "Webhook-Id", "m1").is(200)
	l, err := r.store.GetDead(r.Context(), "bottega", r.deadLetters()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if l.Header["Webhook-Topic"] != "" || l.Header["Webhook-Id"] != "m1" {
		t.Errorf("header %v", l.Header)
	}
}

func TestSalesforceGetsTheAnswerThatItWaitsFor(t *testing.T) {
	r, _ := withSales(t, "event.sum")
	body := `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"/></Body></Envelope>`
	a := r.send("POST", salesHook, body, "Content-Type", "text/xml; charset=utf-8").is(200)
	if !strings.Contains(a.Body.String(), "<Ack>true</Ack>") || !strings.HasPrefix(a.Header().Get("Content-Type"), "text/xml") {
		t.Errorf("%s %s", a.Header().Get("Content-Type"), a.Body)
	}
	r.send("POST", strings.TrimSuffix(salesHook, "s")+"x", body, "Content-Type", "text/xml").is(401)
}

func TestSourcesNameTheTopicsThatAreMissing(t *testing.T) {
	r, _ := withSales(t, "event.sum")
	r.shopify(orderBody).is(200)
	r.send("POST", salesHook, plantedSale).is(200)
	var list struct {
		Sources []handlers.SourceStatus
	}
	r.get("/api/v1/sources?shop=bottega", bearer(r.token(auth.Support, "bottega"))...).is(200).into(&list)
	missing := map[string]string{}
	for _, s := range list.Sources {
		var names []string
		for _, m := range s.Missing {
			names = append(names, m.Name)
			if m.Lost == "" {
				t.Errorf("%s: %s: nobody learns what is lost", s.Name, m.Name)
			}
		}
		missing[s.Name] = strings.Join(names, ", ")
		if strings.Contains(s.URL, salesToken) {
			t.Error("support sees the token")
		}
	}
	if m := missing["shopify"]; strings.Contains(m, "orders/create") || !strings.Contains(m, "refunds/create") {
		t.Errorf("shopify: %s", m)
	}
	if m := missing["sales"]; strings.Contains(m, "order.created") || !strings.Contains(m, "order.refunded") {
		t.Errorf("sales: %s", m)
	}
	if m := missing["crm"]; m != "" {
		t.Errorf("a source that recommends nothing misses %s", m)
	}
}
