package mapping_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func field(t testing.TB, name, src string) mapping.Field {
	t.Helper()
	return mapping.Field{Path: strings.Split(name, "."), From: expr(t, src)}
}

// shop are rules with everything in them.
func shop(t testing.TB) mapping.Rules {
	t.Helper()
	return mapping.Rules{Each: expr(t, "body.events"), Rules: []mapping.Rule{
		{When: expr(t, `event.kind == "order"`), Type: "order.created", ID: expr(t, "event.uid"), Timestamp: expr(t, "event.sent"), Fields: []mapping.Field{
			field(t, "id", "event.no"), field(t, "total", "event.sum"), field(t, "codes", "event.codes"),
			field(t, "customer.email", "event.who.mail"), field(t, "customer.consent.email.state", "opted_in(event.ok)"), field(t, "customer.consent.email.evidence", `"box"`),
		}, Items: &mapping.Items{Each: expr(t, "event.lines"), Fields: []mapping.Field{field(t, "title", "item.name"), field(t, "quantity", "item.n")}}},
		{When: expr(t, `event.kind == "noise"`), Type: mapping.Ignore},
		{When: expr(t, `event.age > 3`), Type: "contact.updated", Fields: []mapping.Field{field(t, "customer.id", "event.id")}},
	}}
}

func TestRules(t *testing.T) {
	body := map[string]any{"events": []any{
		map[string]any{"kind": "order", "uid": "e1", "no": 7, "sum": "1,50", "codes": "A", "ok": "yes", "who": map[string]any{"mail": "a@example.com"}, "lines": map[string]any{"name": "Tea", "n": 2}},
		map[string]any{"kind": "order", "no": 8, "sum": 2, "codes": []any{"A", "", nil, 5}, "lines": slices.Repeat([]any{map[string]any{"name": "x"}}, 9)},
		map[string]any{"kind": "noise"},
		map[string]any{"kind": "what"},
		map[string]any{"age": 4, "id": "C-1"},
		map[string]any{"kind": "order", "no": map[string]any{"a": 1}},
		"a text",
	}}
	out, err := shop(t).Map(mapping.Input{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out {
		got = append(got, fmt.Sprintf("%d: rule %d %s %v %v", r.Number, r.Rule, r.Type, r.Body, r.Err))
	}
	want := []string{
		"1: rule 1 order.created map[data:map[codes:[A] customer:map[consent:map[email:map[evidence:box state:subscribed]] email:a@example.com] id:7 items:[map[quantity:2 title:Tea]] total:1,50] id:e1 type:order.created] <nil>",
		"2: rule 1 order.created map[data:map[codes:[A 5] customer:map[consent:map[]] id:8 items:[map[title:x] map[title:x] map[title:x] map[title:x] map[title:x]] total:2] type:order.created] <nil>",
		"3: rule 2 ignore map[] <nil>",
		"4: rule 0  map[] mapping rule 3: when: cannot be worked out with the values in this body",
		"5: rule 3 contact.updated map[data:map[customer:map[id:C-1]] type:contact.updated] <nil>",
		"6: rule 1 order.created map[] mapping rule 1: id: gives an object or a list: name one of its fields",
		"7: rule 0  map[] mapping rule 3: when: cannot be worked out with the values in this body",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestBodiesAsAWhole(t *testing.T) {
	rules := shop(t)
	many := slices.Repeat([]any{map[string]any{"kind": "noise"}}, 501)
	for name, tt := range map[string]struct {
		body any
		says string
	}{
		"no list":         {map[string]any{}, "each: gives nothing"},
		"nothing":         {nil, "each: gives nothing"},
		"too many events": {map[string]any{"events": many}, "more than 500 events"},
	} {
		if _, err := rules.Map(mapping.Input{Body: tt.body}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
	rules.Each = nil
	for name, tt := range map[string]struct {
		body any
		n    int
	}{
		"a list":       {many[:3], 3},
		"an empty one": {[]any{}, 0},
		"an object":    {map[string]any{"kind": "noise"}, 1},
	} {
		if out, err := rules.Map(mapping.Input{Body: tt.body}); err != nil || len(out) != tt.n {
			t.Errorf("%s: %d events, %v", name, len(out), err)
		}
	}
	lost := mapping.Rules{Rules: rules.Rules[:2]}
	out, err := lost.Map(mapping.Input{Body: map[string]any{"kind": "what"}})
	if err != nil || out[0].Err == nil || !strings.Contains(out[0].Err.Error(), "no rule of the mapping fits") {
		t.Errorf("a body that no rule fits: %+v, %v", out, err)
	}
}

func TestTraceSaysWhichFieldIsEmptyAndWhy(t *testing.T) {
	body := map[string]any{"events": map[string]any{"kind": "order", "no": 7, "sum": " ", "who": []any{"x"}}}
	out, err := shop(t).Trace(mapping.Input{Body: body})
	if err != nil || len(out) != 1 {
		t.Fatalf("%d results, %v", len(out), err)
	}
	var got []string
	for _, f := range out[0].Fields {
		got = append(got, fmt.Sprintf("%s %v %v %s", f.Field, f.Value, f.Empty, f.Why))
	}
	want := []string{
		"id <nil> true event.uid is not there: event is an object with kind, no, sum, who",
		"timestamp <nil> true event.sent is not there: event is an object with kind, no, sum, who",
		"id 7 false ",
		"total <nil> true event.sum is empty",
		"codes <nil> true event.codes is not there: event is an object with kind, no, sum, who",
		"customer.email <nil> true event.who.mail is not there: event.who is a list of 1",
		"customer.consent.email.state <nil> true event.ok is not there: event is an object with kind, no, sum, who",
		"customer.consent.email.evidence box false ",
		"items <nil> true event.lines is not there: event is an object with kind, no, sum, who",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if tried := out[0].Tried; len(tried) != 1 || !tried[0].Fits || tried[0].When != `event.kind == "order"` {
		t.Errorf("tried %+v", tried)
	}
}

func TestMissing(t *testing.T) {
	with := func(kind string, names ...string) mapping.Rule {
		r := mapping.Rule{Type: kind}
		for _, n := range names {
			r.Fields = append(r.Fields, field(t, n, "body.x"))
		}
		return r
	}
	for name, tt := range map[string]struct {
		rule mapping.Rule
		want [][]string
	}{
		"a whole order":         {with("order.created", "id", "total", "currency"), nil},
		"an order without all":  {with("order.created"), [][]string{{"id"}, {"total"}, {"currency"}}},
		"money of no currency":  {with("order.refunded", "id", "refund.amount"), [][]string{{"currency"}}},
		"a refund as a whole":   {with("order.refunded", "id", "refund.full"), nil},
		"a contact by phone":    {with("contact.updated", "customer.phone"), nil},
		"a contact of nobody":   {with("contact.updated", "customer.first_name"), [][]string{{"customer.id", "customer.email", "customer.phone"}}},
		"a consent to nothing":  {with("consent.changed", "customer.id"), [][]string{{"customer.consent.email.state", "customer.consent.sms.state"}}},
		"what is to be ignored": {with(mapping.Ignore), nil},
	} {
		if diff := cmp.Diff(tt.want, tt.rule.Missing()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if !slices.IsSorted(mapping.Types()) || len(mapping.Types()) != 17 {
		t.Errorf("types %v", mapping.Types())
	}
}

func TestHeadersThatRulesRead(t *testing.T) {
	rules := mapping.Rules{Rules: []mapping.Rule{{When: expr(t, `header["x-event"] == "a" or header["X-Kind"] == "b"`), Type: mapping.Ignore}, {Type: "contact.updated", Fields: []mapping.Field{field(t, "id", `header["X-EVENT"]`)}}}}
	if diff := cmp.Diff([]string{"X-Event", "X-Kind"}, rules.Headers()); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if !rules.Reads("x-kind") || rules.Reads("X-Other") || rules.Reads("") {
		t.Error("Reads and Headers differ")
	}
}

// The dearest expressions that the bounds allow, over the dearest bodies, end
// soon and keep little.
func TestHostileExpressionsAndBodiesAreBounded(t *testing.T) {
	body := hostile()
	for name, src := range map[string]string{
		"texts that grow":      strings.TrimSuffix(strings.Repeat("body.a + ", 40), " + "),
		"lists held together":  strings.TrimSuffix(strings.Repeat("body.c == body.c and ", 24), " and "),
		"trees held together":  strings.TrimSuffix(strings.Repeat("body.b == body.b and ", 24), " and "),
		"searches in lists":    strings.TrimSuffix(strings.Repeat(`body.a in body.c or `, 24), " or "),
		"functions in a chain": strings.Repeat("upper(lower(", 40) + "body.a" + strings.Repeat("))", 40),
		"steps in a chain":     "body.b" + strings.Repeat(".a", 90),
		"powers":               "2 ** 99999999 ** 99999999",
		"brackets":             strings.Repeat("(", 900) + "body.a" + strings.Repeat(")", 900),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := mapping.Compile(src)
			if err != nil {
				return // refused is bounded, too
			}
			rules := mapping.Rules{Rules: []mapping.Rule{{Type: "contact.updated", Fields: []mapping.Field{{Path: []string{"id"}, From: e}}}}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			if _, err := rules.Map(mapping.Input{Body: body}); err != nil {
				t.Error(err)
			}
			took := time.Since(started)
			runtime.ReadMemStats(&after)
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 256<<20 {
				t.Errorf("allocates %d MiB", spent>>20)
			}
			if took > 10*time.Second { // a few milliseconds on an idle machine
				t.Errorf("takes %v", took)
			}
		})
	}
}
