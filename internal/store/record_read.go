package store

import (
	"errors"
	"fmt"

	"ritorno/internal/lifecycle"
	pb "ritorno/internal/store/recordpb"
)

// contact reads the record. What is out of range stays in r.err.
func (r *reader) contact(m *pb.Record) lifecycle.Contact {
	c := lifecycle.Contact{
		ID: r.id, Shop: r.word(m.Shop), Email: r.address(m.Email), Phone: r.address(m.Phone),
		Profile: r.profile(m.Profile), Older: r.rolled(m.Older), Base: r.fold(m.Base),
		State: small(r, m.State, lifecycle.UnsubscribedState), Reason: lifecycle.Reason(r.word(m.Reason)),
		Since: r.time(m.Since), Due: r.time(m.Due), DueWhy: lifecycle.Reason(r.word(m.DueWhy)),
		MadeAt: r.time(m.MadeAt), HeldAt: r.time(m.HeldAt), HeldTo: r.time(m.HeldTo), PausedTo: r.time(m.PausedTo),
		PausedAt: r.unpackTime(0, m.PausedAt),
		Accepted: r.int(m.Accepted), Forward: string(m.Forward),
		CancelReason: r.word(m.CancelReason), Involuntary: m.Involuntary, Plan: r.word(m.Plan),
	}
	for _, p := range m.Refs {
		c.Refs = append(c.Refs, lifecycle.Ref{Source: r.word(p.Source), ID: unpack(p.Id, p.Number)})
	}
	r.consents(&c, m)
	for _, p := range m.Orders {
		c.Orders = append(c.Orders, r.order(p))
	}
	for _, p := range m.OrderLinks {
		c.Links = append(c.Links, lifecycle.OrderLink{Also: p.Also, Key: p.Key, Lookup: string(p.Lookup)})
	}
	for _, p := range m.Marks {
		c.Marks = append(c.Marks, r.mark(p, lifecycle.MarkEnded))
	}
	for _, p := range m.Asides {
		c.Marks = append(c.Marks, r.mark(p, lifecycle.MarkStarted))
	}
	if len(m.Asides) > 0 {
		lifecycle.SortMarks(c.Marks)
	}
	r.journeys(&c, m)
	r.erasure(&c, m)
	r.moment(&c, m.Moment)
	for _, p := range m.Timeline {
		c.Timeline = append(c.Timeline, lifecycle.Entry{
			At: r.time(p.At), Type: lifecycle.Type(r.word(p.Type)), Source: r.word(p.Source),
			Reason: lifecycle.Reason(r.word(p.Reason)), Text: string(p.Text),
		})
	}
	for _, p := range m.Answers {
		c.Answers = append(c.Answers, lifecycle.Answer{
			At: r.time(p.At), Kind: lifecycle.ResponseKind(r.word(p.Kind)), Journey: r.word(p.Journey),
			Step: r.int(p.Step), Choice: string(p.Choice), Text: string(p.Text),
		})
	}
	return c
}

func (r *reader) consents(c *lifecycle.Contact, m *pb.Record) {
	if len(m.Consent) > len(c.Consent) || len(m.Suppress) > len(c.Suppress) {
		r.fail(fmt.Errorf("more than %d channels: %w", len(c.Consent), errNewer))
		return
	}
	for i, p := range m.Consent {
		c.Consent[i] = lifecycle.Consent{
			Decided: small(r, p.Decided, lifecycle.Pending), At: r.time(p.At), Source: r.word(p.Source),
			Evidence: r.word(p.Evidence), UnknownAt: r.time(p.UnknownAt),
		}
	}
	for i, p := range m.Suppress {
		c.Suppress[i] = lifecycle.Suppression{
			Reason: lifecycle.Reason(r.word(p.Reason)), At: r.time(p.At), Address: r.word(p.Address),
		}
	}
	for _, p := range m.Ledger {
		c.Ledger = append(c.Ledger, r.consentChange(p))
	}
	for _, p := range m.Told {
		c.Told = append(c.Told, lifecycle.Told{Source: string(p.Source), Channel: small(r, p.Channel, lifecycle.SMS), At: ofInstant(p.At), Until: ofInstant(p.Until)})
	}
	for _, p := range m.History {
		c.History = append(c.History, lifecycle.ConsentSpan{ConsentChange: r.consentChange(p.Change), Until: r.time(p.Until), Times: r.int(p.Times)})
	}
}

func (r *reader) consentChange(p *pb.ConsentChange) lifecycle.ConsentChange {
	if p == nil {
		return lifecycle.ConsentChange{}
	}
	return lifecycle.ConsentChange{
		Channel: small(r, p.Channel, lifecycle.SMS), State: small(r, p.State, lifecycle.Pending), At: r.time(p.At),
		Source: r.word(p.Source), Evidence: r.word(p.Evidence),
	}
}

func (r *reader) journeys(c *lifecycle.Contact, m *pb.Record) {
	if m.Run != nil {
		run := r.run(m.Run)
		c.Run = &run
	}
	for _, p := range m.Runs {
		c.Runs = append(c.Runs, r.run(p))
	}
	for _, p := range m.Entered {
		c.Entered = append(c.Entered, lifecycle.Entered{Journey: r.word(p.Journey), At: r.time(p.At)})
	}
	if p := m.Delay; p != nil {
		c.Delay = lifecycle.Delay{Run: r.word(p.Run), Journey: r.word(p.Journey), To: r.time(p.To), Granted: p.Granted}
	}
	if p := m.Sending; p != nil {
		c.Sending = &lifecycle.Attempt{
			ID: string(p.Id), Fence: p.Fence, Process: string(p.Process), Started: r.time(p.Started),
			Message: r.message(p.Message), Locale: r.word(p.Locale),
		}
	}
	for _, p := range m.Messages {
		c.Messages = append(c.Messages, r.message(p))
	}
	for _, p := range m.Looks {
		c.Looks = append(c.Looks, lifecycle.Look{
			Message: r.whole(p.Message, p.Tail), Attempt: string(p.Attempt), Started: r.time(p.Started), Next: r.time(p.Next),
			Tries: r.int(p.Tries), Absent: r.int(p.Absent), Asked: r.time(p.Asked), Found: r.word(p.Found),
		})
	}
}

func (r *reader) erasure(c *lifecycle.Contact, m *pb.Record) {
	for _, p := range m.Former {
		c.Former = append(c.Former, lifecycle.Former{Lookup: string(p.Lookup), Suppress: string(p.Suppress)})
	}
	c.Joined = lines(m.Joined)
	if p := m.Erasing; p != nil {
		c.Erasing = &lifecycle.Erasing{
			Lookups: lines(p.Lookups), Orders: lines(p.Orders), Codes: lines(p.Codes), Suppress: lines(p.Suppress), Joined: lines(p.Joined),
			At: r.time(p.At), Next: r.time(p.Next),
		}
	}
}

// whole is a message id; tail stands for one that begins with the contact's.
func (r *reader) whole(id, tail []byte) string {
	if len(tail) > 0 {
		return r.id + "-" + string(tail)
	}
	return string(id)
}

func lines(raws [][]byte) []string {
	var all []string
	for _, t := range raws {
		all = append(all, string(t))
	}
	return all
}

func (r *reader) address(p *pb.Address) lifecycle.Address {
	if p == nil {
		return lifecycle.Address{}
	}
	return lifecycle.Address{Value: r.word(p.Value), Key: r.word(p.Key), At: r.time(p.At), Sure: p.Sure}
}

func (r *reader) profile(p *pb.Profile) lifecycle.Profile {
	if p == nil {
		return lifecycle.Profile{}
	}
	return lifecycle.Profile{
		FirstName: string(p.FirstName), LastName: string(p.LastName), Locale: r.word(p.Locale),
		Country: r.word(p.Country), Timezone: r.word(p.Timezone), At: r.time(p.At), Sure: p.Sure,
	}
}

func (r *reader) order(p *pb.Order) lifecycle.OrderMark {
	at := r.time(p.At)
	o := lifecycle.OrderMark{
		Key: p.Key, ID: unpack(p.Id, p.Number), Source: r.word(p.Source), At: at, Version: r.after(at, p.Version),
		Status: small(r, p.Status, lifecycle.OrderVoid), Total: lifecycle.Money{Minor: p.Minor, Currency: r.word(p.Currency)},
		Told: p.Told, Renewal: p.Renewal, Product: r.word(p.Product), Partial: p.Partial, Codes: r.word(p.Codes),
	}
	for _, f := range p.Refunds {
		o.Refunds = append(o.Refunds, lifecycle.RefundMark{Key: f.Key, Amount: f.Amount, Full: f.Full})
	}
	return o
}

func (r *reader) rolled(p *pb.Rolled) lifecycle.Rolled {
	if p == nil {
		return lifecycle.Rolled{}
	}
	return lifecycle.Rolled{
		Count: r.int(p.Count), Spent: p.Spent, First: r.time(p.First), Last: r.time(p.Last), Foreign: r.int(p.Foreign),
	}
}

func (r *reader) fold(p *pb.Fold) lifecycle.Fold {
	if p == nil {
		return lifecycle.Fold{}
	}
	f := lifecycle.Fold{
		State: small(r, p.State, lifecycle.UnsubscribedState), Reason: lifecycle.Reason(r.word(p.Reason)),
		Since: r.time(p.Since), Orders: r.int(p.Orders), LastOrder: r.time(p.LastOrder), Anchor: r.time(p.Anchor),
		Trigger: lifecycle.Trigger(r.word(p.Trigger)), TriggerKey: p.TriggerKey, TriggerAt: r.time(p.TriggerAt),
		Over: p.Over, Gone: p.Gone, Upto: r.time(p.Upto), Joined: p.Joined,
	}
	for _, g := range p.Grounds {
		f.Grounds = append(f.Grounds, lifecycle.Ground{
			Trigger: lifecycle.Trigger(r.word(g.Trigger)), Key: g.Key, At: r.time(g.At), Last: r.time(g.Last), Sub: g.Sub,
			Journey: r.word(g.Journey), Over: lifecycle.Reason(r.word(g.Over)),
		})
	}
	return f
}

func (r *reader) mark(p *pb.Mark, most lifecycle.MarkKind) lifecycle.Mark {
	return lifecycle.Mark{
		Kind: small(r, p.Kind, most), At: r.time(p.At), Key: p.Key, Anchor: r.time(p.Anchor),
		Outcome: small(r, p.Outcome, lifecycle.UnsubscribedState), Reason: lifecycle.Reason(r.word(p.Reason)), Journey: r.word(p.Journey),
	}
}

func (r *reader) run(p *pb.Run) lifecycle.Run {
	return lifecycle.Run{
		ID: r.word(p.Id), Journey: r.word(p.Journey), Trigger: lifecycle.Trigger(r.word(p.Trigger)),
		Anchor: r.time(p.Anchor), Began: r.time(p.Began), Step: r.int(p.Step), Handled: r.time(p.Handled),
		Tries: r.int(p.Tries), Got: r.int(p.Got), Outcome: lifecycle.Reason(r.word(p.Outcome)), Ended: r.time(p.Ended),
		Wait: r.time(p.Wait), Waited: lifecycle.Reason(r.word(p.Waited)),
		Version: r.word(p.Version), Holdout: p.Holdout, Heard: small(r, p.Heard, lifecycle.Reaction(255)), HeardAt: r.time(p.HeardAt),
	}
}

func (r *reader) message(p *pb.Message) lifecycle.Message {
	if p == nil {
		return lifecycle.Message{}
	}
	at := r.time(p.At)
	return lifecycle.Message{
		ID: r.whole(p.Id, p.Tail), Journey: r.word(p.Journey), Step: r.int(p.Step), Channel: small(r, p.Channel, lifecycle.SMS),
		Template: r.word(p.Template), Status: small(r, p.Status, lifecycle.Dropped), Error: lifecycle.Reason(r.word(p.Error)),
		At: at, SentAt: r.after(at, p.SentAt), ProviderID: unpackHex(p.ProviderId, p.ProviderHex), Code: string(p.Code),
		Coupon: string(p.Coupon), CouponUntil: r.time(p.CouponUntil), CouponUsed: r.time(p.CouponUsed), Opened: p.Opened, Responded: p.Responded, Run: r.word(p.Run),
		Address: r.word(p.Address), Segments: r.int(p.Segments), Variant: r.word(p.Variant), Detail: r.word(p.Detail),
		Offer: r.word(p.Offer), OfferKind: lifecycle.OfferKind(r.word(p.OfferKind)), OfferCost: p.OfferCost,
		OfferUntil: r.time(p.OfferUntil), Framing: r.word(p.Framing),
	}
}

// moment gives each message its receipt. One whose message an older release
// rolled out of the record goes.
func (r *reader) moment(c *lifecycle.Contact, m *pb.Moment) {
	if m == nil {
		return
	}
	own := &reader{base: m.BaseSec, id: r.id, words: lines(m.Words)}
	if beyond(own.base) {
		r.fail(errors.New("a base out of range"))
		return
	}
	c.Profile.Region, c.Email.Since, c.Phone.Since = own.word(m.Region), own.time(m.EmailSince), own.time(m.PhoneSince)
	if p := m.Sending; p != nil && c.Sending != nil && c.Sending.Message.ID == own.whole(p.Message, p.Tail) {
		c.Sending.Message.Receipt = own.receipt(p)
	}
	for _, p := range m.Receipts {
		id := own.whole(p.Message, p.Tail)
		for i := range c.Messages {
			if c.Messages[i].ID == id {
				c.Messages[i].Receipt = own.receipt(p)
				break
			}
		}
	}
	if own.err != nil {
		r.fail(own.err)
	}
}

func (r *reader) receipt(p *pb.Receipt) lifecycle.Receipt {
	if p == nil {
		return lifecycle.Receipt{}
	}
	return lifecycle.Receipt{
		Basis: small(r, p.Basis, lifecycle.Assumed), At: r.time(p.At), Source: r.word(p.Source), Evidence: r.word(p.Evidence), Order: r.word(p.Order),
		Rules: r.word(p.Rules), Country: r.word(p.Country), Region: r.word(p.Region), Zone: r.word(p.Zone), ZoneWhy: lifecycle.ZoneReason(r.word(p.ZoneWhy)),
		Decided: r.time(p.Decided), Offset: r.int(p.Offset), Law: small(r, p.Law, lifecycle.LawOff), From: r.int(p.From), To: r.int(p.To), Left: r.int(p.Left), Also: r.word(p.Also),
	}
}
