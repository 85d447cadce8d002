package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"ritorno/internal/generate"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// tell lets a shop system tell what happened.
func (d *demo) tell(ctx context.Context, ev generate.Event) error {
	a := &d.actors[ev.Person]
	var before lifecycle.Contact
	if ev.Kind == generate.Bought || ev.Kind == generate.Renewed || ev.Kind == generate.Subscribed {
		var err error
		if before, err = d.record(ctx, a); err != nil {
			return err
		}
	}
	if err := d.deliverNews(ctx, a, ev); err != nil {
		return err
	}
	if ev.Kind == generate.OptedOut {
		a.leave(d.clock.now(), lifecycle.Email, lifecycle.SMS)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if ev.Kind == generate.SignedUp {
		d.signedUp++
	}
	d.tally.order(before, ev.Order, d.plot.currency)
	return nil
}

// deliverNews picks the system that knows: the ERP keeps the subscriptions and
// the orders by telephone.
func (d *demo) deliverNews(ctx context.Context, a *actor, ev generate.Event) error {
	switch {
	case ev.Kind == generate.Subscribed || ev.Kind == generate.Renewed || ev.Kind == generate.Unsubscribed:
		return d.tellBox(ctx, a, ev)
	case a.erp:
		return d.tellERP(ctx, a, ev)
	}
	return d.tellShopify(ctx, a, ev)
}

// leave notes that a person does not want to be written to any more.
func (a *actor) leave(at time.Time, channels ...lifecycle.Channel) {
	for _, ch := range channels {
		if a.out[ch].IsZero() {
			a.out[ch] = at
		}
	}
}

// record is the service's record of a person; zero when there is none yet.
func (d *demo) record(ctx context.Context, a *actor) (lifecycle.Contact, error) {
	who := a.Email
	if who == "" {
		who = a.Phone
	}
	c, err := d.app.Engine.Find(ctx, demoShop, who)
	if errors.Is(err, store.ErrNotFound) {
		return c, nil
	}
	return c, err
}

// money is an amount as shops write it.
func (d *demo) money(minor int64, o *generate.Order) (amount, currency string) {
	currency = d.plot.currency
	if o.Currency != "" {
		currency = o.Currency
	}
	return lifecycle.Money{Minor: minor, Currency: currency}.String(), currency
}

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

func (d *demo) tellShopify(ctx context.Context, a *actor, ev generate.Event) error {
	switch ev.Kind {
	case generate.SignedUp:
		return d.shopifyPost(ctx, "customers/create", a.CustomerID, ev.At, a.shopify(ev.At))
	case generate.Bought:
		body := d.shopifyOrder(a, ev.Order)
		err := d.shopifyPost(ctx, "orders/create", ev.Order.ID, ev.At, body)
		if err == nil && strings.HasSuffix(ev.Order.ID, "03") { // Shopify says so itself: now and then a delivery comes twice
			err = d.shopifyPost(ctx, "orders/create", ev.Order.ID, ev.At, body)
		}
		return err
	case generate.OrderVoided:
		body := d.shopifyOrder(a, ev.Order)
		body["cancelled_at"], body["updated_at"] = stamp(ev.At), stamp(ev.At)
		body["cancel_reason"], body["financial_status"] = ev.Reason, "voided"
		return d.shopifyPost(ctx, "orders/cancelled", ev.Order.ID, ev.At, body)
	case generate.Refunded:
		amount, currency := d.money(ev.Amount, ev.Order)
		return d.shopifyPost(ctx, "refunds/create", ev.Order.ID, ev.At, map[string]any{
			"id": json.Number(ev.Order.ID + "1"), "order_id": json.Number(ev.Order.ID),
			"created_at": stamp(ev.At), "processed_at": stamp(ev.At),
			"transactions": []any{map[string]any{"kind": "refund", "status": "success", "amount": amount, "currency": currency}},
		})
	case generate.OptedOut:
		return d.shopifyOptOut(ctx, a, ev)
	}
	return nil
}

func (d *demo) shopifyOptOut(ctx context.Context, a *actor, ev generate.Event) error {
	out := map[string]any{"state": "unsubscribed", "opt_in_level": "single_opt_in", "consent_updated_at": stamp(ev.At)}
	var errs []error
	if a.Email != "" {
		errs = append(errs, d.shopifyPost(ctx, "customers_email_marketing_consent/update", a.CustomerID, ev.At, map[string]any{
			"customer_id": json.Number(a.CustomerID), "email_address": a.Email, "email_marketing_consent": out,
		}))
	}
	if a.Phone != "" {
		errs = append(errs, d.shopifyPost(ctx, "customers_marketing_consent/update", a.CustomerID, ev.At, map[string]any{
			"id": json.Number(a.CustomerID), "phone": a.Phone, "sms_marketing_consent": out,
		}))
	}
	return errors.Join(errs...)
}

// shopify is a customer in Shopify's words, with consent as its payloads carry
// it up to API version 2024-10.
func (a *actor) shopify(at time.Time) map[string]any {
	consent := func(given bool) any {
		state := "not_subscribed"
		if given {
			state = "subscribed"
		}
		return map[string]any{"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": stamp(at)}
	}
	c := map[string]any{
		"id": json.Number(a.CustomerID), "email": null(a.Email), "phone": null(a.Phone), "first_name": a.FirstName, "last_name": a.LastName,
		"created_at": stamp(at), "updated_at": stamp(at), "state": "enabled", "verified_email": true, "currency": "EUR",
		"default_address": map[string]any{"first_name": a.FirstName, "last_name": a.LastName, "country_code": "IT", "city": "Torino"},
	}
	if a.Email != "" {
		c["email_marketing_consent"] = consent(a.EmailConsent)
	}
	if a.Phone != "" {
		c["sms_marketing_consent"] = consent(a.SMSConsent)
	}
	return c
}

// null is text as JSON, nothing as null.
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (d *demo) shopifyOrder(a *actor, o *generate.Order) map[string]any {
	total, currency := d.money(o.Total, o)
	lines := []any{}
	for _, it := range o.Items {
		price, _ := d.money(it.Price, o)
		lines = append(lines, map[string]any{"product_id": it.Product, "title": it.Title, "quantity": it.Quantity, "price": price})
	}
	codes := []any{}
	if o.Code != "" {
		codes = append(codes, map[string]any{"code": o.Code, "type": "percentage"})
	}
	return map[string]any{
		"id": json.Number(o.ID), "name": o.Number, "email": null(a.Email), "phone": null(a.Phone), "customer_locale": a.Locale,
		"created_at": stamp(o.At), "processed_at": stamp(o.At), "updated_at": stamp(o.At),
		"currency": currency, "total_price": total, "financial_status": "paid", "source_name": "web", "test": false,
		"buyer_accepts_marketing": false, "discount_codes": codes, "line_items": lines,
		"customer": map[string]any{
			"id": json.Number(a.CustomerID), "email": null(a.Email), "phone": null(a.Phone), "first_name": a.FirstName, "last_name": a.LastName,
		},
		"billing_address": map[string]any{"first_name": a.FirstName, "last_name": a.LastName, "country_code": "IT"},
	}
}
