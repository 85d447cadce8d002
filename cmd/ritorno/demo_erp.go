package main

import (
	"context"
	"strings"

	"ritorno/internal/generate"
)

// erpCustomer is a person in the canonical body. The ERP has ids of its own.
func (d *demo) erpCustomer(a *actor) map[string]any {
	id := a.CustomerID
	if d.plot.life != nil {
		id = "E-" + id
	}
	c := map[string]any{"id": id, "first_name": a.FirstName, "last_name": a.LastName, "locale": a.Locale, "country": "IT"}
	if a.Email != "" {
		c["email"] = a.Email
	}
	if a.Phone != "" {
		c["phone"] = a.Phone
	}
	return c
}

func (d *demo) erpOrder(a *actor, o *generate.Order) map[string]any {
	total, currency := d.money(o.Total, o)
	items := []any{}
	for _, it := range o.Items {
		items = append(items, map[string]any{"product_id": it.Product, "title": it.Title, "category": it.Category, "quantity": it.Quantity})
	}
	codes := []string{}
	if o.Code != "" {
		codes = append(codes, o.Code)
	}
	return map[string]any{
		"id": o.ID, "number": o.Number, "created_at": stamp(o.At), "currency": currency, "total": total, "status": "paid",
		"customer": d.erpCustomer(a), "items": items, "codes": codes,
	}
}

func (d *demo) tellERP(ctx context.Context, a *actor, ev generate.Event) error {
	id := ""
	if ev.Order != nil {
		id = ev.Order.ID
	}
	switch ev.Kind {
	case generate.SignedUp:
		customer := d.erpCustomer(a)
		customer["consent"] = a.erpConsent()
		return d.erpPost(ctx, "contact.created", a.CustomerID, ev.At, map[string]any{"customer": customer})
	case generate.Bought:
		return d.erpPost(ctx, "order.created", id, ev.At, d.erpOrder(a, ev.Order))
	case generate.OrderVoided:
		body := d.erpOrder(a, ev.Order)
		body["status"], body["reason"], body["at"] = "cancelled", ev.Reason, stamp(ev.At)
		return d.erpPost(ctx, "order.cancelled", id, ev.At, body)
	case generate.Refunded:
		amount, currency := d.money(ev.Amount, ev.Order)
		refund := "R-" + strings.Trim(id+"-"+ev.Reason, "-")
		return d.erpPost(ctx, "order.refunded", refund, ev.At, map[string]any{
			"id": id, "at": stamp(ev.At), "currency": currency, "customer": d.erpCustomer(a),
			"refund": map[string]any{"id": refund, "amount": amount, "full": ev.Amount == ev.Order.Total},
		})
	case generate.OptedOut:
		out := map[string]any{}
		for _, ch := range a.channels() {
			out[ch] = map[string]any{"state": "unsubscribed", "at": stamp(ev.At), "evidence": "told the shop"}
		}
		return d.erpPost(ctx, "consent.changed", a.CustomerID, ev.At, map[string]any{"customer": d.erpCustomer(a), "consent": out})
	}
	return nil
}

// channels are those on which the person can be reached at all.
func (a *actor) channels() (list []string) {
	if a.Email != "" {
		list = append(list, "email")
	}
	if a.Phone != "" {
		list = append(list, "sms")
	}
	return list
}

func (a *actor) erpConsent() map[string]any {
	out := map[string]any{}
	for _, ch := range a.channels() {
		if ch == "email" && a.EmailConsent || ch == "sms" && a.SMSConsent {
			out[ch] = map[string]any{"state": "subscribed", "evidence": "form in the shop"}
		}
	}
	return out
}

// tellBox tells news of the subscription, which only the ERP knows.
func (d *demo) tellBox(ctx context.Context, a *actor, ev generate.Event) error {
	box := map[string]any{"id": "BOX-" + a.CustomerID, "plan": "cassetta del mese"}
	switch ev.Kind {
	case generate.Subscribed:
		err := d.erpPost(ctx, "subscription.started", a.CustomerID, ev.At, map[string]any{
			"at": stamp(ev.At), "customer": d.erpCustomer(a), "subscription": box,
		})
		if err != nil {
			return err
		}
		return d.erpPost(ctx, "order.created", ev.Order.ID, ev.At, d.erpOrder(a, ev.Order))
	case generate.Renewed:
		body := d.erpOrder(a, ev.Order)
		body["subscription"] = box
		return d.erpPost(ctx, "subscription.renewed", ev.Order.ID, ev.At, body)
	}
	box["reason"] = ev.Reason
	return d.erpPost(ctx, "subscription.cancelled", a.CustomerID+"-"+ev.Order.ID, ev.At, map[string]any{
		"at": stamp(ev.At), "customer": d.erpCustomer(a), "subscription": box,
	})
}
