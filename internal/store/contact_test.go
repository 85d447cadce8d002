package store_test

import (
	"time"

	"pgregory.net/rapid"

	"ritorno/internal/lifecycle"
)

// typical is a contact whose inactivity journey runs: 4 orders, 2 messages and
// 10 events.
func typical() lifecycle.Contact {
	day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
	c := firstOrder()
	c.State, c.Reason, c.Since = lifecycle.Dormant, lifecycle.ReasonInactive, day(120)
	c.Orders, c.Timeline = nil, nil
	for i, at := range []int{0, 21, 55, 90} {
		c.Orders = append(c.Orders, orderMark(uint64(i+1)*0x9e3779b97f4a7c15, "58724391"+string(rune('0'+i))+"4410", day(at)))
		c.Timeline = append(c.Timeline, lifecycle.Entry{
			At: day(at), Type: lifecycle.OrderPlaced, Source: "shopify-main", Reason: lifecycle.ReasonStored, Text: "#1001 49.90 EUR",
		})
	}
	c.Marks = []lifecycle.Mark{{Kind: lifecycle.MarkDormant, At: day(120), Anchor: day(90)}}
	c.Run = &lifecycle.Run{ID: "r7f3k2m9q1", Journey: "inactive", Trigger: lifecycle.OnInactivity, Anchor: day(90), Began: day(120), Step: 2, Handled: day(150), Got: 2}
	for i := range 2 {
		at := day(120 + 30*i).Add(7 * time.Millisecond)
		c.Messages = append(c.Messages, lifecycle.Message{
			ID: anna + "-k3m9x2q7w1", Journey: "inactive", Step: i + 1, Channel: lifecycle.SMS, Template: "miss-you",
			Status: lifecycle.Delivered, At: at, SentAt: at.Add(300 * time.Millisecond),
			ProviderID: "SM0123456789abcdef0123456789abcdef", Code: "a8K2x9QmZp", Run: "r7f3k2m9q1", Address: "+393331234567", Segments: 1,
		})
		for _, kind := range []lifecycle.Type{lifecycle.StepDue, lifecycle.Sent, lifecycle.Delivery} {
			c.Timeline = append(c.Timeline, lifecycle.Entry{At: at, Type: kind, Source: "twilio", Reason: lifecycle.ReasonStored, Text: "step 1 sms"})
		}
	}
	c.Accepted = 2
	c.Due, c.DueWhy = day(180), lifecycle.ReasonDue
	return c
}

// firstOrder is a contact after the first purchase.
func firstOrder() lifecycle.Contact {
	opt := lifecycle.ConsentChange{Channel: lifecycle.SMS, State: lifecycle.Subscribed, At: noon, Source: "shopify-main", Evidence: "checkout box of order 1001"}
	c := lifecycle.Contact{
		ID: anna, Shop: "sartoria",
		Email:   lifecycle.Address{Value: "anna.rossi@example.com", Key: "anna.rossi@example.com", At: noon, Sure: true},
		Phone:   lifecycle.Address{Value: "+393331234567", Key: "+393331234567", At: noon, Sure: true},
		Refs:    []lifecycle.Ref{{Source: "shopify-main", ID: "6712345678901"}},
		Profile: lifecycle.Profile{FirstName: "Anna", LastName: "Rossi", Locale: "it", Country: "IT", At: noon, Sure: true},
		Ledger:  []lifecycle.ConsentChange{opt},
		State:   lifecycle.Active, Reason: lifecycle.ReasonStored, Since: noon, MadeAt: noon.Add(350 * time.Millisecond),
		Due: noon.AddDate(0, 0, 30), DueWhy: lifecycle.ReasonInactive,
		Orders: []lifecycle.OrderMark{orderMark(77, "587243914410", noon)},
		Timeline: []lifecycle.Entry{
			{At: noon, Type: lifecycle.ContactChanged, Source: "shopify-main", Reason: lifecycle.ReasonStored},
			{At: noon, Type: lifecycle.OrderPlaced, Source: "shopify-main", Reason: lifecycle.ReasonStored, Text: "#1001 49.90 EUR"},
		},
	}
	c.Consent[lifecycle.SMS] = lifecycle.Consent{Decided: opt.State, At: opt.At, Source: opt.Source, Evidence: opt.Evidence}
	return c
}

func orderMark(key uint64, id string, at time.Time) lifecycle.OrderMark {
	return lifecycle.OrderMark{
		Key: key, ID: id, Source: "shopify-main", At: at, Version: at.Add(2 * time.Second), Status: lifecycle.OrderPaid,
		Total: lifecycle.Money{Minor: 4990, Currency: "EUR"}, Product: "Linen shirt",
	}
}

// Generators of arbitrary contacts, of values that the core could make.
var (
	texts = rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"shopify", "shopify-main", "EUR", "it", "0", "007", "18446744073709551615", "\x00word 9", "SM0123456789abcdef0123456789abcdef", "SM0123456789ABCDEF0123456789abcdef"}),
		rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	times = rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.IntRange(0, 3).Draw(t, "none") == 0 {
			return time.Time{}
		}
		ms := rapid.OneOf(rapid.Int64Range(-1e13, 1e14), rapid.Map(rapid.Int64Range(-1e10, 1e11), func(s int64) int64 { return s * 1000 }))
		return time.UnixMilli(ms.Draw(t, "ms")).UTC()
	})
	reasons   = rapid.Map(texts, func(s string) lifecycle.Reason { return lifecycle.Reason(s) })
	states    = rapid.Custom(func(t *rapid.T) lifecycle.State { return lifecycle.State(rapid.IntRange(0, 5).Draw(t, "state")) })
	channels  = rapid.SampledFrom([]lifecycle.Channel{lifecycle.Email, lifecycle.SMS})
	addresses = rapid.Custom(func(t *rapid.T) lifecycle.Address {
		a := lifecycle.Address{Value: texts.Draw(t, "value"), Key: texts.Draw(t, "key"), At: times.Draw(t, "at"), Sure: rapid.Bool().Draw(t, "sure")}
		return a
	})
	decisions = rapid.Custom(func(t *rapid.T) lifecycle.ConsentChange {
		return lifecycle.ConsentChange{
			Channel: channels.Draw(t, "channel"), State: lifecycle.ConsentState(rapid.IntRange(0, 3).Draw(t, "state")),
			At: times.Draw(t, "at"), Source: texts.Draw(t, "source"), Evidence: texts.Draw(t, "evidence"),
		}
	})
	runs = rapid.Custom(func(t *rapid.T) lifecycle.Run {
		return lifecycle.Run{
			ID: texts.Draw(t, "id"), Journey: texts.Draw(t, "journey"), Trigger: lifecycle.Trigger(texts.Draw(t, "trigger")),
			Anchor: times.Draw(t, "anchor"), Began: times.Draw(t, "began"), Step: rapid.Int().Draw(t, "step"),
			Handled: times.Draw(t, "handled"), Tries: rapid.Int().Draw(t, "tries"), Got: rapid.Int().Draw(t, "got"),
			Outcome: reasons.Draw(t, "outcome"), Ended: times.Draw(t, "ended"), Wait: times.Draw(t, "wait"), Waited: reasons.Draw(t, "waited"),
		}
	})
	messages = rapid.Custom(func(t *rapid.T) lifecycle.Message {
		return lifecycle.Message{
			ID:      rapid.OneOf(texts, rapid.Just(anna+"-"), rapid.Map(texts, func(s string) string { return anna + "-" + s })).Draw(t, "id"),
			Journey: texts.Draw(t, "journey"), Step: rapid.Int().Draw(t, "step"), Channel: channels.Draw(t, "channel"),
			Template: texts.Draw(t, "template"), Status: lifecycle.MessageStatus(rapid.IntRange(0, 6).Draw(t, "status")),
			Error: reasons.Draw(t, "error"), At: times.Draw(t, "at"), SentAt: times.Draw(t, "sent"), ProviderID: texts.Draw(t, "provider"),
			Code: texts.Draw(t, "code"), Coupon: texts.Draw(t, "coupon"), Opened: rapid.Bool().Draw(t, "opened"),
			Responded: rapid.Bool().Draw(t, "responded"), Run: texts.Draw(t, "run"), Address: texts.Draw(t, "address"), Segments: rapid.Int().Draw(t, "segments"),
		}
	})
	orders = rapid.Custom(func(t *rapid.T) lifecycle.OrderMark {
		return lifecycle.OrderMark{
			Key: rapid.Uint64().Draw(t, "key"), ID: texts.Draw(t, "id"), Source: texts.Draw(t, "source"), At: times.Draw(t, "at"),
			Version: times.Draw(t, "version"), Status: lifecycle.OrderStatus(rapid.IntRange(0, 3).Draw(t, "status")),
			Total: lifecycle.Money{Minor: rapid.Int64().Draw(t, "minor"), Currency: texts.Draw(t, "currency")}, Told: rapid.Int64().Draw(t, "told"),
			Refunds: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lifecycle.RefundMark {
				return lifecycle.RefundMark{Key: rapid.Uint64().Draw(t, "key"), Amount: rapid.Int64().Draw(t, "amount"), Full: rapid.Bool().Draw(t, "full")}
			}), 0, 2).Draw(t, "refunds"),
			Renewal: rapid.Bool().Draw(t, "renewal"), Product: texts.Draw(t, "product"), Partial: rapid.Bool().Draw(t, "partial"), Codes: texts.Draw(t, "codes"),
		}
	})
	contacts = rapid.Custom(contactOf)
)

func contactOf(t *rapid.T) lifecycle.Contact {
	c := lifecycle.Contact{
		ID: anna, Shop: texts.Draw(t, "shop"), Version: rapid.Uint64().Draw(t, "version"),
		Email: addresses.Draw(t, "email"), Phone: addresses.Draw(t, "phone"),
		Refs: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lifecycle.Ref {
			return lifecycle.Ref{Source: texts.Draw(t, "source"), ID: texts.Draw(t, "id")}
		}), 0, 3).Draw(t, "refs"),
		Profile: lifecycle.Profile{
			FirstName: texts.Draw(t, "first"), LastName: texts.Draw(t, "last"), Locale: texts.Draw(t, "locale"),
			Country: texts.Draw(t, "country"), Timezone: texts.Draw(t, "zone"), At: times.Draw(t, "at"), Sure: rapid.Bool().Draw(t, "sure"),
		},
		Ledger: rapid.SliceOfN(decisions, 0, 3).Draw(t, "ledger"), PausedTo: times.Draw(t, "paused"), PausedAt: times.Draw(t, "paused at"),
		Orders: rapid.SliceOfN(orders, 0, 3).Draw(t, "orders"),
		Older: lifecycle.Rolled{
			Count: rapid.Int().Draw(t, "count"), Spent: rapid.Int64().Draw(t, "spent"), First: times.Draw(t, "first"),
			Last: times.Draw(t, "last"), Foreign: rapid.Int().Draw(t, "foreign"),
		},
		State: states.Draw(t, "state"), Reason: reasons.Draw(t, "reason"), Since: times.Draw(t, "since"),
		Runs: rapid.SliceOfN(runs, 0, 2).Draw(t, "runs"), Messages: rapid.SliceOfN(messages, 0, 3).Draw(t, "messages"),
		Told: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lifecycle.Told {
			return lifecycle.Told{Source: texts.Draw(t, "source"), Channel: lifecycle.Channel(rapid.IntRange(0, 1).Draw(t, "channel")), At: times.Draw(t, "at"), Until: times.Draw(t, "until")}
		}), 0, 2).Draw(t, "told"),
		Accepted: rapid.Int().Draw(t, "accepted"), Due: times.Draw(t, "due"), DueWhy: reasons.Draw(t, "why"),
		HeldAt: times.Draw(t, "held"), HeldTo: times.Draw(t, "held to"), MadeAt: times.Draw(t, "made"), Forward: texts.Draw(t, "forward"),
	}
	rest(t, &c)
	return c
}

func rest(t *rapid.T, c *lifecycle.Contact) {
	for i := range c.Consent {
		c.Consent[i] = lifecycle.Consent{
			Decided: lifecycle.ConsentState(rapid.IntRange(0, 3).Draw(t, "decided")), At: times.Draw(t, "at"),
			Source: texts.Draw(t, "source"), Evidence: texts.Draw(t, "evidence"), UnknownAt: times.Draw(t, "unknown"),
		}
		c.Suppress[i] = lifecycle.Suppression{Reason: reasons.Draw(t, "suppressed"), At: times.Draw(t, "at"), Address: texts.Draw(t, "address")}
	}
	c.Marks = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lifecycle.Mark {
		return lifecycle.Mark{
			Kind: lifecycle.MarkKind(rapid.IntRange(0, 5).Draw(t, "kind")), At: times.Draw(t, "at"), Key: rapid.Uint64().Draw(t, "key"),
			Anchor: times.Draw(t, "anchor"), Outcome: states.Draw(t, "outcome"), Reason: reasons.Draw(t, "reason"),
		}
	}), 0, 3).Draw(t, "marks")
	c.Base = lifecycle.Fold{
		State: states.Draw(t, "state"), Reason: reasons.Draw(t, "reason"), Since: times.Draw(t, "since"), Orders: rapid.Int().Draw(t, "orders"),
		LastOrder: times.Draw(t, "last"), Anchor: times.Draw(t, "anchor"), Trigger: lifecycle.Trigger(texts.Draw(t, "trigger")),
		TriggerKey: rapid.Uint64().Draw(t, "key"), TriggerAt: times.Draw(t, "at"), Over: rapid.Bool().Draw(t, "over"),
		Gone: rapid.SliceOfN(rapid.Uint64(), 0, 3).Draw(t, "gone"),
	}
	if rapid.Bool().Draw(t, "runs") {
		run := runs.Draw(t, "run")
		c.Run = &run
	}
	if rapid.Bool().Draw(t, "sends") {
		c.Sending = &lifecycle.Attempt{
			ID: texts.Draw(t, "id"), Fence: rapid.Uint64().Draw(t, "fence"), Process: texts.Draw(t, "process"),
			Started: times.Draw(t, "started"), Message: messages.Draw(t, "message"), Locale: texts.Draw(t, "locale"),
		}
	}
	c.Timeline = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lifecycle.Entry {
		return lifecycle.Entry{
			At: times.Draw(t, "at"), Type: lifecycle.Type(texts.Draw(t, "type")), Source: texts.Draw(t, "source"),
			Reason: reasons.Draw(t, "reason"), Text: texts.Draw(t, "text"),
		}
	}), 0, 3).Draw(t, "timeline")
	c.Answers = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) lifecycle.Answer {
		return lifecycle.Answer{
			At: times.Draw(t, "at"), Kind: lifecycle.ResponseKind(texts.Draw(t, "kind")), Journey: texts.Draw(t, "journey"),
			Step: rapid.Int().Draw(t, "step"), Choice: texts.Draw(t, "choice"), Text: texts.Draw(t, "text"),
		}
	}), 0, 3).Draw(t, "answers")
}
