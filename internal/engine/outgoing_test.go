package engine_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

func TestWhatBecomesOfAContactIsTold(t *testing.T) {
	b, l := telling(t)
	c := anna(t, b)
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop")
	l.crm.expect(t, "the CRM") // active is what a new contact is: no news
	l.erp.expect(t, "the webhook", "contact.consent_changed email unknown>subscribed", "contact.consent_changed sms unknown>subscribed", "contact.state_changed  >active")
	b.goTo(t, day0.Add(31*day))
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop", "dormant")
	sent := b.find(t, annaMail).Messages[0].SentAt.Format(time.DateOnly)
	l.crm.expect(t, "the CRM", "dormant, "+sent+" reactivation 1 sms survey")
	l.erp.expect(t, "the webhook", "contact.state_changed  active>dormant", "message.sent smssurvey")
	b.stop(t)
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop", "sms unsubscribed")
	l.crm.expect(t, "the CRM", "sms unsubscribed")
	l.erp.expect(t, "the webhook", "contact.consent_changed sms subscribed>unsubscribed")
	if ids := l.shopify.refs[len(l.shopify.refs)-1]; !slices.Equal(ids, []string{"cust-77"}) {
		t.Errorf("the shop was told of %v", ids)
	}
	if ids := l.crm.refs[len(l.crm.refs)-1]; len(ids) != 0 || l.crm.emails[0] != annaMail {
		t.Errorf("the CRM was told of %v %v", ids, l.crm.emails)
	}
	if n := b.tellAfter(t, 100*day); n != 0 {
		t.Errorf("%d are told again", n)
	}
	if c.ID == "" || len(slices.Compact(slices.Sorted(slices.Values(l.erp.ids)))) != len(l.erp.ids) {
		t.Errorf("event ids are not unique: %v", l.erp.ids)
	}
}

// A source is not told what it told us, and what our own call makes it tell us
// changes nothing.
func TestNoEchoGoesRound(t *testing.T) {
	b, l := telling(t)
	anna(t, b)
	b.tell(t, lifecycle.Event{
		Type: lifecycle.ConsentChanged, Source: "shopify", Key: "out", At: day0.Add(time.Hour),
		Person:   lifecycle.Person{CustomerID: "cust-77"},
		Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Unsubscribed, At: day0.Add(time.Hour)}},
	})
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop")
	l.crm.expect(t, "the CRM", "email unsubscribed")
	b.stop(t)
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop", "unsubscribed, sms unsubscribed")
	l.crm.expect(t, "the CRM", "unsubscribed, sms unsubscribed")
	l.erp.all()
	before := b.find(t, annaMail)
	heard := len(l.erp.all())
	at := before.Consent[lifecycle.SMS].At.Truncate(time.Second) // the shop keeps the time that it was told, to the second
	b.tell(t, lifecycle.Event{
		Type: lifecycle.ConsentChanged, Source: "shopify", Key: "echo-1", At: at, Version: at.Add(time.Minute), Person: lifecycle.Person{CustomerID: "cust-77"},
		Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed, At: at}},
	})
	b.tell(t, lifecycle.Event{
		Type: lifecycle.ContactChanged, Source: "shopify", Key: "echo-2", At: at.Add(time.Minute), Version: at.Add(time.Minute),
		Person: lifecycle.Person{CustomerID: "cust-77", Email: annaMail, Phone: annaPhone, Authoritative: true},
	})
	after := b.find(t, annaMail)
	if after.State != before.State || !after.Since.Equal(before.Since) || after.Consent != before.Consent || len(after.Timeline) != len(before.Timeline) {
		t.Errorf("the echo changed %+v to %+v", before.Consent, after.Consent)
	}
	if n := b.tellAfter(t, 0); n != 0 || len(l.erp.all()) != heard {
		t.Errorf("the echo is told: %d", n)
	}
}

// An opt-in with us is told to whom is to know; one at a shop is not.
func TestOnlyAnOptInWithUsIsTold(t *testing.T) {
	b, l := telling(t)
	c := anna(t, b)
	b.stop(t)
	b.tellAfter(t, 0)
	l.crm.expect(t, "the CRM", "sms unsubscribed")
	if err := b.OptIn(b.ctx, c.ID, lifecycle.SMS, "page", "preference page", ""); err != nil {
		t.Fatal(err)
	}
	b.tellAfter(t, 0)
	l.crm.expect(t, "the CRM", "sms subscribed")
	if got := b.find(t, annaMail).Told; len(got) != 2 { // the shop, too
		t.Errorf("the gate noted %+v", got)
	}
	b.stop2(t)
	b.tellAfter(t, 0)
	l.crm.expect(t, "the CRM", "sms unsubscribed")
	_, now, err := b.st.Now(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	later := now.Add(2 * time.Hour) // not what the shop repeats
	b.goTo(t, later)
	b.tell(t, lifecycle.Event{
		Type: lifecycle.ConsentChanged, Source: "shopify", Key: "in", At: later, Person: lifecycle.Person{CustomerID: "cust-77"},
		Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed, At: later}},
	})
	if got := b.find(t, annaMail).Consent[lifecycle.SMS].State(); got != lifecycle.Subscribed {
		t.Fatal(got)
	}
	b.tellAfter(t, 0)
	l.crm.expect(t, "the CRM")
}

func (b *bench) stop2(t *testing.T) {
	t.Helper()
	b.goTo(t, b.now(t).Add(time.Minute))
	if _, err := b.Reply(b.ctx, connectors.Reply{From: annaPhone, To: "+390600000000", Body: "STOP", ProviderID: "SM-stop-2"}); err != nil {
		t.Fatal(err)
	}
}

// A receiver that is away for days gets everything afterwards, in order; a shop
// gets the newest state alone.
func TestAReceiverThatIsAwayForDays(t *testing.T) {
	b, l := telling(t)
	anna(t, b)
	b.tellAfter(t, 0)
	l.erp.expect(t, "the webhook", "contact.consent_changed email unknown>subscribed", "contact.consent_changed sms unknown>subscribed", "contact.state_changed  >active")
	for _, x := range []*listener{l.shopify, l.crm, l.erp} {
		x.down(503)
	}
	b.goTo(t, day0.Add(31*day)) // dormant, and a message
	b.stop(t)
	for d := time.Duration(0); d < 4*day; d += 6 * time.Hour {
		b.tellAfter(t, d)
	}
	got, err := b.Outgoings(b.ctx, "bottega", "", 10)
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, o := range got {
		waiting := map[string]int{"webhook.erp": 3}[o.Destination]
		if o.Status != engine.OutgoingRetrying || o.Failed < 8 || !strings.Contains(o.Why, "status 503") || o.Waiting != max(waiting, 1) || o.Since == nil || o.Next == nil {
			t.Errorf("%+v", o)
		}
	}
	if l.erp.tries > 40 {
		t.Errorf("it was bothered %d times in four days", l.erp.tries)
	}
	for _, x := range []*listener{l.shopify, l.crm, l.erp} {
		x.down(0)
	}
	b.tellAfter(t, 6*day)
	l.shopify.expect(t, "the shop", "dormant, sms unsubscribed")
	if got := l.crm.all(); len(got) != 1 || !strings.HasPrefix(got[0], "dormant, sms unsubscribed, ") {
		t.Errorf("the CRM heard %v", got)
	}
	l.erp.expect(t, "the webhook", "contact.state_changed  active>dormant", "message.sent smssurvey", "contact.consent_changed sms subscribed>unsubscribed")
}

func TestAWeekOfFailuresIsGivenUp(t *testing.T) {
	b, l := telling(t)
	c := anna(t, b)
	l.erp.down(500)
	for d := time.Duration(0); d < 10*day; d += 3 * time.Hour {
		b.tellAfter(t, d)
	}
	id := c.ID + ".webhook.erp"
	o, err := b.Outgoing(b.ctx, "bottega", id)
	if err != nil || o.Status != engine.OutgoingGivenUp || o.Next != nil {
		t.Fatalf("%+v, %v", o, err)
	}
	f, err := b.Audit(b.ctx, engine.AuditOptions{Pause: time.Millisecond})
	if err != nil || f.Counts["outgoing_given_up"] != 1 {
		t.Errorf("doctor: %v, %v", f.Counts, err)
	}
	tries := l.erp.tries
	if b.tellAfter(t, 12*day); l.erp.tries != tries {
		t.Error("it is tried all the same")
	}
	l.erp.down(0)
	if err := b.ReplayOutgoing(b.ctx, "bottega", id); err != nil {
		t.Fatal(err)
	}
	b.tellAfter(t, 0)
	if got := l.erp.all(); len(got) != 3 {
		t.Errorf("heard %v", got)
	}
	for name, err := range map[string]error{
		"told":    b.ReplayOutgoing(b.ctx, "bottega", id),
		"no id":   b.DropOutgoing(b.ctx, "bottega", "nonsense"),
		"no shop": b.DropOutgoing(b.ctx, "none", id),
	} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nobody is told by somebody who is killed, and nothing is lost: not between the
// change and the telling, and not between the telling and the note of it.
func TestAKillLosesNothingThatIsToBeTold(t *testing.T) {
	b, l := telling(t)
	err := b.ApplyAndDie(b.ctx, "bottega", allowed(orderOf("ord-1", day0, named("cust-77", annaMail, annaPhone))))
	if err != nil {
		t.Fatal(err)
	}
	l.erp.expect(t, "the webhook")
	b.restart(t)
	all := []string{"contact.consent_changed email unknown>subscribed", "contact.consent_changed sms unknown>subscribed", "contact.state_changed  >active"}
	b.diesTelling(t, "outgoing.claimed", 0)
	b.restart(t)
	l.erp.expect(t, "the webhook")
	b.diesTelling(t, "outgoing.told", 3*time.Minute)
	b.restart(t)
	l.erp.expect(t, "the webhook", all[0]) // told, and not noted
	if b.tellAfter(t, 4*time.Minute) != 0 {
		t.Error("the lease of the one who was killed does not hold")
	}
	b.tellAfter(t, 6*time.Minute)
	l.erp.expect(t, "the webhook", all...) // once more, by the same id
	if l.erp.ids[0] != l.erp.ids[1] {
		t.Errorf("ids %v", l.erp.ids)
	}
}

// diesTelling tells as tellAfter does, up to the named place, where whoever does
// it is no more.
func (b *bench) diesTelling(t *testing.T, place string, d time.Duration) {
	t.Helper()
	killed := false
	b.OnPoint(func(at string) {
		if at == place {
			killed = true
			runtime.Goexit()
		}
	})
	b.tellAfter(t, d)
	if !killed {
		t.Fatalf("it never came to %s", place)
	}
}

// A change that comes while the older state is being told is told, too.
func TestAChangeWhileItIsTold(t *testing.T) {
	b, l := telling(t)
	anna(t, b)
	b.goTo(t, day0.Add(31*day))
	once := sync.OnceFunc(func() { b.tell(t, orderOf("ord-2", b.now(t), named("cust-77", annaMail, ""))) })
	l.shopify.during = once
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop", "dormant", "returning")
}

func TestWhoWasErasedIsToldToNobody(t *testing.T) {
	b, l := telling(t)
	anna(t, b)
	for _, x := range []*listener{l.shopify, l.crm, l.erp} {
		x.down(500)
	}
	b.goTo(t, day0.Add(31*day))
	b.tellAfter(t, 0)
	if got := b.keysOf(t, ":{s?}:tell:*:c:*"); len(got) != 3 {
		t.Fatalf("waiting: %v", got)
	}
	if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil {
		t.Fatal(err)
	}
	if got := b.keysOf(t, ":{s?}:tell:*"); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
	for _, x := range []*listener{l.shopify, l.crm, l.erp} {
		x.down(0)
	}
	if n := b.tellAfter(t, 100*day); n != 0 || len(l.crm.all()) > 0 {
		t.Errorf("%d told of", n)
	}
}

// What waits holds no address: not of anybody.
func TestTheQueueHoldsNoAddress(t *testing.T) {
	b, l := telling(t)
	l.erp.down(500)
	anna(t, b)
	b.stop(t)
	b.tellAfter(t, 0)
	rdb := redisOf(t, b)
	for _, key := range b.keysOf(t, ":{s?}:tell:*") {
		text, err := rdb.Dump(b.ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, not := range []string{annaMail, annaPhone, "cust-77", "Anna"} {
			if strings.Contains(text, not) {
				t.Errorf("%s holds %s", key, not)
			}
		}
	}
}

// Two records that become one: what was told of the other's id is told anew.
func TestMergedContactsAreToldOnce(t *testing.T) {
	b, l := telling(t)
	anna(t, b)
	b.goTo(t, day0.Add(31*day))
	b.tell(t, orderOf("ord-9", b.now(t), named("cust-88", otherMail, "")))
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop", "dormant")
	b.tell(t, lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", Person: lifecycle.Person{CustomerID: "cust-77"}, Merged: &lifecycle.Person{CustomerID: "cust-88"}})
	b.tellAfter(t, 0)
	l.shopify.expect(t, "the shop", "returning")
	if ids := l.shopify.refs[len(l.shopify.refs)-1]; len(ids) != 2 {
		t.Errorf("told of %v", ids)
	}
}

func TestNobodyThereIsTheEndOfIt(t *testing.T) {
	b, l := telling(t)
	anna(t, b)
	l.crm.nobody = true
	b.goTo(t, day0.Add(31*day))
	b.tellAfter(t, 0)
	if n := b.tellAfter(t, 100*day); n != 0 || l.crm.tries != 1 {
		t.Errorf("%d tries, %d left", l.crm.tries, n)
	}
}

// One contact that a receiver does not take stops nobody else; a receiver that
// is away is asked once, and the others wait without being tried.
func TestAFaultOfOneContactStopsNobodyElse(t *testing.T) {
	b, l := telling(t)
	anna(t, b)
	b.tell(t, orderOf("ord-5", day0, named("cust-55", otherMail, "")))
	l.erp.mu.Lock()
	l.erp.fault = &connectors.TellFault{Single: true, Refused: true, Text: "the receiver does not take the event (status 422)"}
	l.erp.mu.Unlock()
	b.tellAfter(t, 0)
	if l.erp.tries != 2 {
		t.Errorf("%d tries", l.erp.tries)
	}
	got, err := b.Outgoings(b.ctx, "bottega", "", 1)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	rest, err := b.Outgoings(b.ctx, "bottega", got[0].ID, 10)
	if err != nil || len(rest) != 1 || rest[0].ID == got[0].ID {
		t.Fatalf("the next page: %+v, %v", rest, err)
	}
	if err := b.DropOutgoing(b.ctx, "bottega", rest[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Outgoing(b.ctx, "bottega", rest[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// Run tells by itself, soon after the change.
func TestRunTells(t *testing.T) {
	b, l := telling(t)
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	told := make(chan struct{}, 8)
	l.erp.during = func() { told <- struct{}{} }
	anna(t, b)
	for range 3 {
		select {
		case <-told:
		case <-time.After(30 * time.Second):
			t.Fatal("nothing is told")
		}
	}
	cancel()
	<-done
	l.erp.expect(t, "the webhook", "contact.consent_changed email unknown>subscribed", "contact.consent_changed sms unknown>subscribed", "contact.state_changed  >active")
	names, err := b.st.Destinations(b.ctx)
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"bottega/source.crm", "bottega/source.shopify", "bottega/webhook.erp"}) {
		t.Errorf("destinations %v, %v", names, err)
	}
}
