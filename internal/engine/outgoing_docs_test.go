package engine

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// TestTheEventsOfTheDocumentAreThoseOfTheCode holds the examples of
// docs/telling-back.md against what is posted: one of each type, byte for byte
// but for blanks.
func TestTheEventsOfTheDocumentAreThoseOfTheCode(t *testing.T) {
	page, err := os.ReadFile("../../docs/telling-back.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[lifecycle.TellKind]string{}
	for _, m := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(page, -1) {
		var b bytes.Buffer
		var head struct{ Type lifecycle.TellKind }
		if json.Compact(&b, m[1]) != nil || json.Unmarshal(m[1], &head) != nil {
			t.Fatalf("no JSON: %s", m[1])
		}
		shown[head.Type] = b.String()
	}
	anna := lifecycle.Contact{
		ID: "4f7k2m9x1c3b", Shop: "bottega", Email: lifecycle.Address{Value: "anna@example.com"}, Phone: lifecycle.Address{Value: "+393331234567"},
		Profile: lifecycle.Profile{FirstName: "Anna", LastName: "Rossi"}, Refs: []lifecycle.Ref{{Source: "shopify", ID: "7000000000001"}},
	}
	at := time.Date(2027, 3, 2, 9, 0, 0, 0, time.UTC)
	told := []lifecycle.Tell{
		{Kind: lifecycle.TellState, At: at, From: "dormant", To: "unsubscribed", Reason: lifecycle.ReasonNoResponse},
		{Kind: lifecycle.TellConsent, At: at, From: "subscribed", To: "unsubscribed", Channel: lifecycle.SMS, Source: "sms"},
		{Kind: lifecycle.TellWon, At: at, Reason: lifecycle.ReasonWonOrder, Journey: "reactivation", Messages: 2},
		{Kind: lifecycle.TellSent, At: at, Channel: lifecycle.SMS, Journey: "reactivation", Step: 3, Template: "coupon", Message: "4f7k2m9x1c3b-q8w2", Coupon: "BCDF2345"},
		{Kind: lifecycle.TellCoupon, At: at, Journey: "reactivation", Step: 3, Message: "4f7k2m9x1c3b-q8w2", Coupon: "BCDF2345", Order: "820982911946154508"},
	}
	for i, f := range factsOf(told) {
		n, err := notice(&anna, f.text())
		if err != nil || !strings.HasPrefix(n.ID, "evt_") || len(n.ID) != 28 {
			t.Fatalf("%s: id %q, %v", f.Type, n.ID, err)
		}
		if got := string(n.Body); got != shown[f.Type] {
			t.Errorf("%s: posted\n%s\nand documented\n%s", told[i].Kind, got, shown[f.Type])
		}
		delete(shown, f.Type)
	}
	if len(told) != len(lifecycle.TellKinds()) || len(shown) > 0 {
		t.Errorf("documented and not posted: %v", shown)
	}
	for _, kind := range lifecycle.TellKinds() {
		if !slices.ContainsFunc(told, func(n lifecycle.Tell) bool { return n.Kind == kind }) {
			t.Errorf("%s is not tried", kind)
		}
	}
}
