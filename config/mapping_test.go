package config_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/config"
)

func TestAMappingBecomesRules(t *testing.T) {
	src, err := os.ReadFile("testdata/full-mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := config.Parse("full-mapping.yaml", src, nil)
	rules := c.Shop("zeta").Source("mapped").Mapping.Rules()
	if rules.Each.String() != "body.events" || len(rules.Rules) != 2 || rules.Rules[1].Type != "ignore" {
		t.Fatalf("%+v", rules)
	}
	got := map[string]string{}
	for _, f := range rules.Rules[0].Fields {
		got[f.Name()] = f.From.String()
	}
	for name, want := range map[string]string{
		"id": "event.order.ref", "total": "event.order.amount", "customer.email": "event.who.mail", "merged.phone": "event.gone.mobile",
		"customer.consent.sms.state": "opted_out(event.who.no_sms)", "refund.full": "event.refund.full", "subscription.involuntary": "event.sub.unpaid",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 39 {
		t.Errorf("%d fields", len(got))
	}
	var items []string
	for _, f := range rules.Rules[0].Items.Fields {
		items = append(items, f.Name()+" "+f.From.String())
	}
	want := []string{"product_id item.ref", "title item.label", "category item.cat", "quantity item.qty"}
	if diff := cmp.Diff(want, items); diff != "" || rules.Rules[0].Items.Each.String() != "event.order.lines" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	var none *config.Mapping
	if none.Rules() != nil {
		t.Error("no mapping gives rules")
	}
}

func TestOnlyATokenInTheURLIsPartOfIt(t *testing.T) {
	for want, s := range map[bool]config.Source{
		true:  {Kind: config.Webhook, Auth: &config.Auth{Scheme: config.Token}},
		false: {Kind: config.Webhook, Auth: &config.Auth{Scheme: config.Token, Header: "X-Key"}},
	} {
		if s.InURL() != want {
			t.Errorf("%+v: %v, want %v", s.Auth, s.InURL(), want)
		}
	}
	if (&config.Source{Kind: config.Webhook}).InURL() {
		t.Error("a signing secret stands in the URL")
	}
}
