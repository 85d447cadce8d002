package engine_test

import (
	"errors"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// merge tells that two customers are one person.
func mergeOf(keep, gone, key string) lifecycle.Event {
	return lifecycle.Event{
		Type: lifecycle.ContactMerged, Source: "shopify", Key: key,
		Person: lifecycle.Person{CustomerID: keep}, Merged: &lifecycle.Person{CustomerID: gone},
	}
}

// TestTwoWhoMergeTheSameMakeNoCircle: both found the two records before either
// had merged them.
func TestTwoWhoMergeTheSameMakeNoCircle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, orderOf("1", day0, named("1", "anna@example.com", "")))
	b.goTo(t, day0.Add(day))
	b.tell(t, orderOf("2", day0.Add(day), named("2", "anna.rossi@example.com", "")))
	older, younger := b.find(t, "anna@example.com").ID, b.find(t, "anna.rossi@example.com").ID
	for range 3 {
		for _, ids := range [][2]string{{older, younger}, {younger, older}} {
			if err := b.Merge(b.ctx, "bottega", ids[0], ids[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c := b.find(t, "anna.rossi@example.com"); c.ID != older || len(c.Orders) != 2 {
		t.Errorf("%s with %d orders, want %s with 2", c.ID, len(c.Orders), older)
	}
	b.whole(t)
}

// TestACircleEndsNobody: one that somebody made by hand is an error, and
// nothing runs for ever.
func TestACircleEndsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tell(t, orderOf("1", b.now(t), named("1", "anna@example.com", "")))
	id := b.find(t, "anna@example.com").ID
	circle := func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		c.Forward, c.Due = c.ID, time.Time{}
		return store.Change{Contact: c, Write: true}, nil
	}
	if _, err := b.st.Update(b.ctx, store.Request{ID: id}, circle); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ApplyTo(b.ctx, id, lifecycle.Event{Type: lifecycle.Noted, Text: "x"}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if err := b.Merge(b.ctx, "bottega", id, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// TestSomebodyErasedAfterAMergeComesBack: a look-up of the merged record leads
// to a forwarding address whose end was erased. The next order makes a record.
func TestSomebodyErasedAfterAMergeComesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, orderOf("1", day0, named("1", "anna@example.com", "")))
	b.goTo(t, day0.Add(day))
	b.tell(t, orderOf("2", day0.Add(day), named("2", "rossi@example.com", "")))
	b.tell(t, mergeOf("2", "3", "adopts")) // customer 3 leads to the record, which does not know it
	b.tell(t, mergeOf("1", "2", "joins"))
	if _, err := b.Erase(b.ctx, "bottega", "anna@example.com"); err != nil {
		t.Fatal(err)
	}
	b.tell(t, orderOf("4", day0.Add(day), named("3", "new@example.com", "")))
	if c := b.find(t, "new@example.com"); len(c.Orders) != 1 {
		t.Errorf("%+v", c.Orders)
	}
	b.whole(t)
}

// TestARefundsCustomerIsFoundFromThenOn: it was found by its order, and its
// customer id was not known before.
func TestARefundsCustomerIsFoundFromThenOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tell(t, orderOf("1", b.now(t), named("", "anna@example.com", "")))
	refund := lifecycle.Event{
		Type: lifecycle.OrderRefunded, Source: "shopify", Key: "r", At: b.now(t), Person: lifecycle.Person{CustomerID: "7"},
		Refund: &lifecycle.Refund{OrderID: "1", ID: "r", Full: true},
	}
	b.tell(t, refund)
	if c := b.find(t, "7"); c.Email.Key != "anna@example.com" {
		t.Errorf("%+v", c.Email)
	}
	b.whole(t)
}

// TestAPhoneIsFoundAsItWasUnderstood: without a country in the news, a number
// is read by the contact's own.
func TestAPhoneIsFoundAsItWasUnderstood(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	p := named("1", "anna@example.com", "")
	p.Country = "US"
	b.tell(t, orderOf("1", b.now(t), p))
	p.Phone, p.Country = "(202) 555-0143", ""
	b.tell(t, orderOf("2", b.now(t), p))
	if c := b.find(t, "anna@example.com"); c.Phone.Key != "+12025550143" {
		t.Fatalf("read as %q", c.Phone.Key)
	}
	if c := b.find(t, "+12025550143"); c.Email.Key != "anna@example.com" {
		t.Errorf("%+v", c.Email)
	}
	b.whole(t)
}
