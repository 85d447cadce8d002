package woocommerce_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/internal/lifecycle"
)

var now = time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC)

// call is a delivery that is verified already.
func call(topic, body string, more ...string) connectors.Request {
	h := http.Header{}
	h.Set("X-WC-Webhook-Topic", topic)
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return connectors.Request{Header: h, Body: []byte(body), Now: now}
}

// with is an object with some fields changed; an empty value takes one away.
func with(base map[string]string, change ...string) string {
	fields := map[string]string{}
	for k, v := range base {
		fields[k] = v
	}
	for i := 0; i+1 < len(change); i += 2 {
		fields[change[i]] = change[i+1]
	}
	var parts []string
	for k, v := range fields {
		if v != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", k, v))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

var anOrder = map[string]string{
	"id": "1", "status": `"processing"`, "currency": `"EUR"`, "total": `"10.00"`, "customer_id": "31",
	"date_created_gmt": `"2026-09-01T10:00:00"`, "date_modified_gmt": `"2026-09-01T10:00:05"`, "date_paid_gmt": `"2026-09-01T10:00:04"`,
	"billing": `{"email":"anna@example.com"}`,
}

var aSubscription = map[string]string{
	"id": "7", "status": `"active"`, "customer_id": "31", "billing_period": `"month"`, "billing": `{"email":"anna@example.com"}`,
	"date_modified_gmt": `"2026-09-01T10:00:05"`, "start_date_gmt": `"2026-08-01T10:00:00"`, "cancelled_date_gmt": `""`, "end_date_gmt": `""`,
}

var aCustomer = map[string]string{
	"id": "31", "email": `"anna@example.com"`, "role": `"customer"`,
	"date_created_gmt": `"2026-01-10T08:00:00"`, "date_modified_gmt": `"2026-09-01T10:00:05"`,
}

// Nothing but the body is signed, so a genuine body under another topic must
// come to nothing.
func TestReplayUnderAnotherTopic(t *testing.T) {
	c := connectorstest.Own(t, "woocommerce")
	s := source(t, c.Secret)
	family := func(topic string) string { resource, _, _ := strings.Cut(topic, "."); return resource }
	for i, r := range c.Requests {
		genuine := c.Request(t, i).Header.Get("X-WC-Webhook-Topic")
		id := strings.HasSuffix(genuine, ".deleted") // {"id": 1} may be the id of anything
		if r.File == "ping.form" || family(genuine) == "product" || id {
			continue
		}
		for _, topic := range []string{"order.created", "order.deleted", "customer.updated", "customer.deleted", "subscription.updated"} {
			if family(topic) == family(genuine) && !strings.HasSuffix(topic, ".deleted") {
				continue
			}
			request := c.Request(t, i)
			request.Header.Set("X-WC-Webhook-Topic", topic)
			if events, err := s.Normalise(request); !errors.Is(err, connectors.ErrMalformed) {
				t.Errorf("%s under %s: %d events, %v, want ErrMalformed", r.File, topic, len(events), err)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	s := source(t, "x")
	for name, tt := range map[string]struct {
		r    connectors.Request
		want string // of the error; "-": one event, empty: ignored
	}{
		"no topic":                       {call("", "{}"), "X-WC-Webhook-Topic is missing"},
		"half a topic":                   {call("", "{}", "X-WC-Webhook-Resource", "order"), "X-WC-Webhook-Topic is missing"},
		"the two halves":                 {call("", `{"id":1}`, "X-WC-Webhook-Resource", "order", "X-WC-Webhook-Event", "deleted"), "-"},
		"capitals":                       {call("Order.Deleted", `{"id":1}`), "-"},
		"a product":                      {call("product.updated", "not even JSON"), ""},
		"a coupon":                       {call("coupon.created", "{}"), ""},
		"an action":                      {call("action.woocommerce_add_to_cart", "{}"), ""},
		"a deleted subscription":         {call("subscription.deleted", `{"id":1}`), ""},
		"a switched subscription":        {call("subscription.switched", `{"id":1}`), ""},
		"an order that is gone":          {call("order.updated", `{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID.","data":{"status":404}}`), "it was gone before the delivery"},
		"a user who may not read orders": {call("order.updated", `{"code":"woocommerce_rest_cannot_view","message":"Sorry, no.","data":{"status":403}}`), "let an administrator save the webhook again"},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := s.Normalise(tt.r)
			switch tt.want {
			case "-":
				if err != nil || len(events) != 1 {
					t.Errorf("%d events, %v, want one", len(events), err)
				}
			case "":
				if err != nil || events != nil {
					t.Errorf("%d events, %v, want none", len(events), err)
				}
			default:
				if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("err = %v, want %q", err, tt.want)
				}
			}
		})
	}
}

func TestKey(t *testing.T) {
	s := source(t, "x")
	key := func(r connectors.Request) string {
		t.Helper()
		events, err := s.Normalise(r)
		if err != nil || len(events) == 0 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		return events[0].Key
	}
	order := with(anOrder)
	told, gone := key(call("order.updated", order, "X-WC-Webhook-Delivery-ID", "a")), key(call("order.deleted", `{"id":1}`, "X-WC-Webhook-Delivery-ID", "a"))
	for name, tt := range map[string]struct {
		r     connectors.Request
		first string
		same  bool
	}{
		"the same save, delivered twice":    {call("order.updated", order, "X-WC-Webhook-Delivery-ID", "b"), told, true},
		"the next save":                     {call("order.updated", with(anOrder, "date_modified_gmt", `"2026-09-01T11:00:00"`)), told, false},
		"under another topic":               {call("order.created", order), told, false},
		"of another shop":                   {call("order.updated", order, "X-WC-Webhook-Source", "https://b.example/"), told, false},
		"the same deletion again":           {call("order.deleted", `{"id":1}`, "X-WC-Webhook-Delivery-ID", "a"), gone, true},
		"deleted again after it came back":  {call("order.deleted", `{"id":1}`, "X-WC-Webhook-Delivery-ID", "b"), gone, false},
		"the deletion of another order":     {call("order.deleted", `{"id":2}`, "X-WC-Webhook-Delivery-ID", "a"), gone, false},
		"the deletion of another's account": {call("customer.deleted", `{"id":1}`, "X-WC-Webhook-Delivery-ID", "a"), gone, false},
	} {
		if got := key(tt.r); (got == tt.first) != tt.same {
			t.Errorf("%s: same key = %v, want %v", name, got == tt.first, tt.same)
		}
	}
}

func TestOrderFields(t *testing.T) {
	s := source(t, "x")
	for name, tt := range map[string]struct {
		field, value string
		want         string // of the error; empty: understood
	}{
		"an id as text":                        {"id", `"12"`, ""},
		"an id in words":                       {"id", `"one"`, "/id: is missing or not a number"},
		"an id of nothing":                     {"id", "0", "/id: is missing or not a number"},
		"a number that a plugin made text":     {"number", `"2026/0017-A"`, ""},
		"money as a number":                    {"total", "10", ""},
		"money in words":                       {"total", `"ten"`, "/total: not a decimal amount"},
		"money below zero":                     {"total", `"-1.00"`, "/total: is below zero"},
		"no total":                             {"total", "", "this is no order"},
		"no currency":                          {"currency", "null", "/currency"},
		"a currency that is a sign":            {"currency", `"€"`, "/currency"},
		"a sign that is an entity":             {"currency_symbol", `"&#1583;"`, ""},
		"no GMT time":                          {"date_created_gmt", "null", ""}, // date_paid_gmt stands in
		"a time in words":                      {"date_created_gmt", `"yesterday"`, "/date_created_gmt: not a time in ISO 8601"},
		"no billing, as PHP would write":       {"billing", "[]", ""},
		"a billing as text":                    {"billing", `"anna@example.com"`, "/billing: want an object, got text"},
		"half a piece":                         {"line_items", `[{"name":"x","quantity":0.5,"total":"1.00"}]`, ""},
		"a quantity in words":                  {"line_items", `[{"name":"x","quantity":"many","total":{"a":1}}]`, ""},
		"a sku that is a number":               {"line_items", `[{"name":"x","sku":12,"variation_id":"0","price":1.25}]`, ""},
		"lines as an object":                   {"line_items", `{"0":{}}`, "/line_items: want an array, got an object"},
		"meta data of all kinds":               {"meta_data", `[{"key":"a","value":{"b":[1]}},{"key":"b","value":[]},{"key":1,"value":true},{"key":"c","value":null},{}]`, ""},
		"a refund in words":                    {"refunds", `[{"id":1,"total":"some"}]`, "/refunds/0/total: not a decimal amount"},
		"no refunds, as PHP would write":       {"refunds", `{}`, ""},
		"a subscription under an order's name": {"billing_period", `"month"`, "is no order"},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := s.Normalise(call("order.created", with(anOrder, tt.field, tt.value)))
			if tt.want == "" {
				if err != nil || len(events) != 1 {
					t.Fatalf("%d events, %v, want one", len(events), err)
				}
				return
			}
			if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestOrderStatus(t *testing.T) {
	s := source(t, "x")
	for name, tt := range map[string]struct {
		status string
		paid   bool
		event  lifecycle.Type // empty: ignored
		order  lifecycle.OrderStatus
	}{
		"paid by card":                          {"processing", true, lifecycle.OrderPlaced, lifecycle.OrderPaid},
		"to be paid at the door":                {"processing", false, lifecycle.OrderPlaced, lifecycle.OrderPaid},
		"sent":                                  {"completed", true, lifecycle.OrderPlaced, lifecycle.OrderPaid},
		"with the store's own beginning":        {"wc-completed", true, lifecycle.OrderPlaced, lifecycle.OrderPaid},
		"a transfer is on its way":              {"on-hold", false, lifecycle.OrderPlaced, lifecycle.OrderOpen},
		"held although it is paid":              {"on-hold", true, lifecycle.OrderPlaced, lifecycle.OrderPaid},
		"refunded":                              {"refunded", true, lifecycle.OrderPlaced, lifecycle.OrderRefundedFully},
		"a checkout that was begun":             {"pending", false, "", 0},
		"pending again although it is paid":     {"pending", true, lifecycle.OrderPlaced, lifecycle.OrderPaid},
		"the block checkout's draft":            {"checkout-draft", false, "", 0},
		"a draft":                               {"draft", false, "", 0},
		"a draft of WordPress":                  {"auto-draft", false, "", 0},
		"a cart that the shop cancelled":        {"cancelled", false, lifecycle.OrderCancelled, lifecycle.OrderVoid},
		"a purchase that was cancelled":         {"cancelled", true, lifecycle.OrderCancelled, lifecycle.OrderVoid},
		"a card that failed":                    {"failed", false, lifecycle.OrderCancelled, lifecycle.OrderVoid},
		"a direct debit that bounced":           {"failed", true, lifecycle.OrderCancelled, lifecycle.OrderVoid},
		"in the trash":                          {"trash", true, lifecycle.OrderCancelled, lifecycle.OrderVoid},
		"a plugin's status, paid":               {"shipped", true, lifecycle.OrderPlaced, lifecycle.OrderPaid},
		"a plugin's status, not paid":           {"quote", false, "", 0},
		"no status at all":                      {"", false, "", 0},
		"no status at all, but a day it's paid": {"", true, lifecycle.OrderPlaced, lifecycle.OrderPaid},
	} {
		t.Run(name, func(t *testing.T) {
			paid := "null"
			if tt.paid {
				paid = anOrder["date_paid_gmt"]
			}
			for _, topic := range []string{"order.created", "order.updated"} {
				events, err := s.Normalise(call(topic, with(anOrder, "status", `"`+tt.status+`"`, "date_paid_gmt", paid)))
				if err != nil || tt.event == "" && events != nil || tt.event != "" && len(events) != 1 {
					t.Fatalf("%d events, %v", len(events), err)
				}
				if tt.event == "" {
					continue
				}
				if got := events[0]; got.Type != tt.event || got.Order.Status != tt.order {
					t.Errorf("%s with status %d, want %s with %d", got.Type, got.Order.Status, tt.event, tt.order)
				}
			}
		})
	}
}

func TestRefunds(t *testing.T) {
	s := source(t, "x")
	for name, tt := range map[string]struct {
		refunds, status string
		want            int64
	}{
		"none":                            {`[]`, "completed", 0},
		"one":                             {`[{"id":1,"total":"-2.50"}]`, "completed", 250},
		"two":                             {`[{"id":1,"total":"-2.50"},{"id":2,"total":"-1.00"}]`, "processing", 350},
		"all of it, one by one":           {`[{"id":1,"total":"-2.50"},{"id":2,"total":"-7.50"}]`, "completed", 1000},
		"written without its sign":        {`[{"id":1,"total":"2.50"}]`, "completed", 250},
		"more than there was":             {`[{"id":1,"total":"-25.00"}]`, "completed", 1000},
		"refunded, and nothing is listed": {`[]`, "refunded", 1000},
	} {
		events, err := s.Normalise(call("order.updated", with(anOrder, "refunds", tt.refunds, "status", `"`+tt.status+`"`)))
		if err != nil || len(events) != 1 || events[0].Order.Refunded != tt.want {
			t.Errorf("%s: %+v, %v, want %d", name, events, err, tt.want)
		}
	}
}

func TestRenewals(t *testing.T) {
	s := source(t, "x")
	for name, tt := range map[string]struct {
		via, meta, status string
		want              lifecycle.Type
		id                string
	}{
		"by its origin":               {"subscription", `[]`, "processing", lifecycle.Renewed, ""},
		"by its meta data":            {"checkout", `[{"key":"_subscription_renewal","value":"7"}]`, "completed", lifecycle.Renewed, "7"},
		"with a number there":         {"checkout", `[{"key":"_subscription_renewal","value":7}]`, "completed", lifecycle.Renewed, "7"},
		"waiting for a transfer":      {"subscription", `[]`, "on-hold", lifecycle.OrderPlaced, ""},
		"failed":                      {"subscription", `[{"key":"_subscription_renewal","value":"7"}]`, "failed", lifecycle.PaymentFailed, "7"},
		"cancelled before it was due": {"subscription", `[]`, "cancelled", lifecycle.OrderCancelled, ""},
		"subscribed again":            {"checkout", `[{"key":"_subscription_resubscribe","value":"7"}]`, "processing", lifecycle.OrderPlaced, ""},
		"switched":                    {"checkout", `[{"key":"_subscription_switch","value":"7"}]`, "processing", lifecycle.OrderPlaced, ""},
	} {
		events, err := s.Normalise(call("order.created", with(anOrder, "created_via", `"`+tt.via+`"`, "meta_data", tt.meta, "status", `"`+tt.status+`"`, "date_paid_gmt", "null")))
		if err != nil || len(events) != 1 || events[0].Type != tt.want {
			t.Fatalf("%s: %+v, %v, want %s", name, events, err, tt.want)
		}
		if sub := events[0].Subscription; tt.id != "" && (sub == nil || sub.ID != tt.id) {
			t.Errorf("%s: subscription %+v, want %s", name, sub, tt.id)
		}
	}
}

// An order that is deleted and restored: of the deletion we know the arrival
// only, so the restored order must be newer than that.
func TestARestoredOrderIsNewerThanItsDeletion(t *testing.T) {
	s := source(t, "x")
	version := func(topic, modified string) time.Time {
		events, err := s.Normalise(call(topic, with(anOrder, "date_modified_gmt", modified)))
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		return events[0].Version
	}
	fresh := `"2026-09-02T11:00:00"`
	if got := version("order.restored", fresh); !got.Equal(now) {
		t.Errorf("restored an hour ago: version %s, want that of the delivery", got)
	}
	if got := version("order.updated", fresh); got.Equal(now) {
		t.Error("an update has the delivery's time as its version")
	}
	if got := version("order.restored", `"2026-08-01T11:00:00"`); got.Equal(now) {
		t.Error("an old body under order.restored passes for new")
	}
}

func TestSubscriptionStatus(t *testing.T) {
	s := source(t, "x")
	at := func(text string) time.Time {
		got, err := connectors.ParseTime(text)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	const modified = "2026-09-01T10:00:05"
	for name, tt := range map[string]struct {
		change []string
		types  []lifecycle.Type
		at     string // of the first
	}{
		"active":                            {nil, []lifecycle.Type{lifecycle.SubscriptionStarted, lifecycle.SubscriptionStarted}, "2026-08-01T10:00:00"},
		"active, starting in the future":    {[]string{"start_date_gmt", `"2027-01-01T00:00:00"`}, []lifecycle.Type{lifecycle.SubscriptionStarted, lifecycle.SubscriptionStarted}, modified},
		"not paid yet":                      {[]string{"status", `"pending"`}, nil, ""},
		"on hold":                           {[]string{"status", `"on-hold"`}, []lifecycle.Type{lifecycle.SubscriptionPaused}, modified},
		"will end":                          {[]string{"status", `"pending-cancel"`, "cancelled_date_gmt", `"2026-08-30T10:00:00"`, "end_date_gmt", `"2026-10-01T10:00:00"`}, []lifecycle.Type{lifecycle.SubscriptionCancelled}, "2026-08-30T10:00:00"},
		"cancelled":                         {[]string{"status", `"cancelled"`}, []lifecycle.Type{lifecycle.SubscriptionCancelled}, modified},
		"expired":                           {[]string{"status", `"wc-expired"`, "end_date_gmt", `"2026-08-31T10:00:00"`}, []lifecycle.Type{lifecycle.SubscriptionCancelled}, "2026-08-31T10:00:00"},
		"expired, says a date to come":      {[]string{"status", `"expired"`, "end_date_gmt", `"2027-08-31T10:00:00"`}, []lifecycle.Type{lifecycle.SubscriptionCancelled}, modified},
		"switched":                          {[]string{"status", `"switched"`}, nil, ""},
		"what a plugin added":               {[]string{"status", `"gifted"`}, nil, ""},
		"dates that PHP left empty or zero": {[]string{"status", `"cancelled"`, "cancelled_date_gmt", `"0000-00-00T00:00:00"`, "end_date_gmt", "0"}, nil, "/end_date_gmt"},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := s.Normalise(call("subscription.updated", with(aSubscription, tt.change...)))
			if strings.HasPrefix(tt.at, "/") {
				if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.at) {
					t.Errorf("err = %v, want one at %s", err, tt.at)
				}
				return
			}
			if err != nil || len(events) != len(tt.types) {
				t.Fatalf("%d events, %v, want %d", len(events), err, len(tt.types))
			}
			for i, ev := range events {
				if ev.Type != tt.types[i] || ev.Subscription.ID != "7" || ev.Person.CustomerID != "31" {
					t.Errorf("event %d: %+v", i, ev)
				}
			}
			if len(events) > 0 && !events[0].At.Equal(at(tt.at)) {
				t.Errorf("at %s, want %s", events[0].At, tt.at)
			}
		})
	}
	if _, err := s.Normalise(call("subscription.updated", with(anOrder))); !errors.Is(err, connectors.ErrMalformed) {
		t.Errorf("an order as a subscription: %v", err)
	}
}

func TestConsentStandsInFieldsThatTheOwnerNames(t *testing.T) {
	s := source(t, "x")
	created, paid := time.Date(2026, 1, 10, 8, 0, 0, 0, time.UTC), time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	told := time.Date(2026, 9, 1, 10, 0, 5, 0, time.UTC)
	field := func(key, value string) string { return `[{"key":"` + key + `","value":` + value + `}]` }
	for name, tt := range map[string]struct {
		topic, body string
		want        []lifecycle.ConsentChange
	}{
		"a ticked box at checkout":            {"order.created", with(anOrder, "meta_data", field("newsletter", `"1"`)), []lifecycle.ConsentChange{{State: lifecycle.Subscribed, At: paid, Evidence: "checkout box of order 1"}}},
		"a box that is true":                  {"order.created", with(anOrder, "meta_data", field("newsletter", `true`)), []lifecycle.ConsentChange{{State: lifecycle.Subscribed, At: paid, Evidence: "checkout box of order 1"}}},
		"the second key for SMS":              {"order.created", with(anOrder, "meta_data", field("sms_opt_in", `"on"`)), []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed, At: paid, Evidence: "checkout box of order 1"}}},
		"an empty box says nothing":           {"order.created", with(anOrder, "meta_data", field("newsletter", `"no"`)), nil},
		"a word that nobody knows":            {"order.created", with(anOrder, "meta_data", field("newsletter", `"perhaps"`)), nil},
		"a field that nobody named":           {"order.created", with(anOrder, "meta_data", field("marketing", `"yes"`)), nil},
		"a renewal repeats the first order":   {"order.created", with(anOrder, "created_via", `"subscription"`, "meta_data", field("newsletter", `"1"`)), nil},
		"a customer who agreed":               {"customer.updated", with(aCustomer, "meta_data", field("newsletter", `"yes"`)), []lifecycle.ConsentChange{{State: lifecycle.Subscribed, At: created, Evidence: "customer record"}}},
		"a customer who does not agree now":   {"customer.updated", with(aCustomer, "meta_data", field("newsletter", `false`)), []lifecycle.ConsentChange{{State: lifecycle.Unknown, At: told, Evidence: "customer record"}}},
		"a customer who opted out":            {"customer.updated", with(aCustomer, "meta_data", field("sms_ok", `"unsubscribed"`)), []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed, At: told, Evidence: "customer record"}}},
		"a customer of whom nothing is known": {"customer.updated", with(aCustomer), nil},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := s.Normalise(call(tt.topic, tt.body))
			if err != nil || len(events) != 1 {
				t.Fatalf("%d events, %v", len(events), err)
			}
			got := events[0].Consents
			if len(got) != len(tt.want) || len(got) == 1 && got[0] != tt.want[0] {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
