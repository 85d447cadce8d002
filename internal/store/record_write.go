package store

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"ritorno/internal/lifecycle"
	pb "ritorno/internal/store/recordpb"
)

// contact fills the record. The id is the key and the version the header:
// neither is repeated here.
func (w *writer) contact(c *lifecycle.Contact) {
	m := w.rec
	m.Shop, m.Email, m.Phone = w.word(c.Shop), w.address(c.Email), w.address(c.Phone)
	m.Profile, m.Older, m.Base = w.profile(c.Profile), w.rolled(c.Older), w.fold(c.Base)
	m.State, m.Reason, m.Since = uint32(c.State), w.word(string(c.Reason)), w.time(c.Since)
	m.Due, m.DueWhy = w.time(c.Due), w.word(string(c.DueWhy))
	m.MadeAt, m.HeldAt, m.PausedTo = w.time(c.MadeAt), w.time(c.HeldAt), w.time(c.PausedTo)
	m.HeldTo, m.PausedAt = w.time(c.HeldTo), packTime(0, c.PausedAt)
	m.Moment = w.moment(c)
	m.Accepted, m.Forward = int64(c.Accepted), raw(c.Forward)
	m.CancelReason, m.Involuntary, m.Plan = w.word(c.CancelReason), c.Involuntary, w.word(c.Plan)
	for _, r := range c.Refs {
		id, n := pack(r.ID)
		m.Refs = append(m.Refs, &pb.Ref{Source: w.word(r.Source), Id: id, Number: n})
	}
	w.consents(c)
	for _, o := range c.Orders {
		m.Orders = append(m.Orders, w.order(o))
	}
	for _, l := range c.Links {
		m.OrderLinks = append(m.OrderLinks, &pb.OrderLink{Also: l.Also, Key: l.Key, Lookup: raw(l.Lookup)})
	}
	for _, k := range c.Marks {
		p := &pb.Mark{
			Kind: uint32(k.Kind), At: w.time(k.At), Key: k.Key, Anchor: w.time(k.Anchor),
			Outcome: uint32(k.Outcome), Reason: w.word(string(k.Reason)), Journey: w.word(k.Journey),
		}
		if k.Kind > lifecycle.MarkEnded {
			m.Asides = append(m.Asides, p)
		} else {
			m.Marks = append(m.Marks, p)
		}
	}
	w.journeys(c)
	w.erasure(c)
	for _, e := range c.Timeline {
		m.Timeline = append(m.Timeline, &pb.Entry{
			At: w.time(e.At), Type: w.word(string(e.Type)), Source: w.word(e.Source),
			Reason: w.word(string(e.Reason)), Text: raw(e.Text),
		})
	}
	for _, a := range c.Answers {
		m.Answers = append(m.Answers, &pb.Answer{
			At: w.time(a.At), Kind: w.word(string(a.Kind)), Journey: w.word(a.Journey),
			Step: int64(a.Step), Choice: raw(a.Choice), Text: raw(a.Text),
		})
	}
}

func (w *writer) consents(c *lifecycle.Contact) {
	for i := len(c.Consent) - 1; i >= 0; i-- {
		if n := c.Consent[i]; len(w.rec.Consent) > 0 || n != (lifecycle.Consent{}) {
			w.rec.Consent = append([]*pb.Consent{{
				Decided: uint32(n.Decided), At: w.time(n.At), Source: w.word(n.Source),
				Evidence: w.word(n.Evidence), UnknownAt: w.time(n.UnknownAt),
			}}, w.rec.Consent...)
		}
		if s := c.Suppress[i]; len(w.rec.Suppress) > 0 || s != (lifecycle.Suppression{}) {
			w.rec.Suppress = append([]*pb.Suppression{{
				Reason: w.word(string(s.Reason)), At: w.time(s.At), Address: w.word(s.Address),
			}}, w.rec.Suppress...)
		}
	}
	for _, n := range c.Ledger {
		w.rec.Ledger = append(w.rec.Ledger, w.consentChange(n))
	}
	for _, t := range c.Told {
		w.rec.Told = append(w.rec.Told, &pb.Told{Source: raw(t.Source), Channel: uint32(t.Channel), At: instant(t.At), Until: instant(t.Until)})
	}
	for _, h := range c.History {
		w.rec.History = append(w.rec.History, &pb.ConsentSpan{Change: w.consentChange(h.ConsentChange), Until: w.time(h.Until), Times: int64(h.Times)})
	}
}

// instant is a time that counts from no other time of the record: unix ms, plus
// 1 from 1970 on; 0 for none.
func instant(t time.Time) int64 {
	ms := t.UnixMilli()
	switch {
	case t.IsZero():
		return 0
	case ms >= 0:
		return ms + 1
	}
	return ms
}

// ofInstant reads what instant wrote.
func ofInstant(n int64) time.Time {
	switch {
	case n == 0:
		return time.Time{}
	case n > 0:
		n--
	}
	return time.UnixMilli(n).UTC()
}

func (w *writer) consentChange(n lifecycle.ConsentChange) *pb.ConsentChange {
	return &pb.ConsentChange{
		Channel: uint32(n.Channel), State: uint32(n.State), At: w.time(n.At),
		Source: w.word(n.Source), Evidence: w.word(n.Evidence),
	}
}

func (w *writer) journeys(c *lifecycle.Contact) {
	if c.Run != nil {
		w.rec.Run = w.run(c.Run)
	}
	for i := range c.Runs {
		w.rec.Runs = append(w.rec.Runs, w.run(&c.Runs[i]))
	}
	for _, e := range c.Entered {
		w.rec.Entered = append(w.rec.Entered, &pb.Entered{Journey: w.word(e.Journey), At: w.time(e.At)})
	}
	if y := c.Delay; y != (lifecycle.Delay{}) {
		w.rec.Delay = &pb.Delay{Run: w.word(y.Run), Journey: w.word(y.Journey), To: w.time(y.To), Granted: y.Granted}
	}
	if a := c.Sending; a != nil {
		w.rec.Sending = &pb.Attempt{
			Id: raw(a.ID), Fence: a.Fence, Process: raw(a.Process), Started: w.time(a.Started),
			Message: w.message(&a.Message), Locale: w.word(a.Locale),
		}
	}
	for i := range c.Messages {
		w.rec.Messages = append(w.rec.Messages, w.message(&c.Messages[i]))
	}
	for _, l := range c.Looks {
		p := &pb.Look{
			Attempt: raw(l.Attempt), Started: w.time(l.Started), Next: w.time(l.Next), Tries: int64(l.Tries),
			Absent: int64(l.Absent), Asked: w.time(l.Asked), Found: w.word(l.Found),
		}
		p.Message, p.Tail = w.tail(l.Message)
		w.rec.Looks = append(w.rec.Looks, p)
	}
}

// erasure writes what is left of somebody who was erased, and what an erasure
// will have to remove.
func (w *writer) erasure(c *lifecycle.Contact) {
	for _, f := range c.Former {
		w.rec.Former = append(w.rec.Former, &pb.Former{Lookup: raw(f.Lookup), Suppress: raw(f.Suppress)})
	}
	w.rec.Joined = raws(c.Joined)
	if e := c.Erasing; e != nil {
		w.rec.Erasing = &pb.Erasing{
			Lookups: raws(e.Lookups), Orders: raws(e.Orders), Codes: raws(e.Codes), Suppress: raws(e.Suppress), Joined: raws(e.Joined),
			At: w.time(e.At), Next: w.time(e.Next),
		}
	}
}

// tail packs a message id: those of this contact without the contact's id.
func (w *writer) tail(id string) (whole, tail []byte) {
	if t, ok := strings.CutPrefix(id, w.id+"-"); ok && t != "" {
		return nil, []byte(t)
	}
	return raw(id), nil
}

func raws(texts []string) [][]byte {
	var all [][]byte
	for _, t := range texts {
		all = append(all, []byte(t))
	}
	return all
}

func (w *writer) address(a lifecycle.Address) *pb.Address {
	if a == (lifecycle.Address{}) {
		return nil
	}
	return &pb.Address{Value: w.word(a.Value), Key: w.word(a.Key), At: w.time(a.At), Sure: a.Sure}
}

func (w *writer) profile(p lifecycle.Profile) *pb.Profile {
	if p == (lifecycle.Profile{}) {
		return nil
	}
	return &pb.Profile{
		FirstName: raw(p.FirstName), LastName: raw(p.LastName), Locale: w.word(p.Locale),
		Country: w.word(p.Country), Timezone: w.word(p.Timezone), At: w.time(p.At), Sure: p.Sure,
	}
}

func (w *writer) order(o lifecycle.OrderMark) *pb.Order {
	id, n := pack(o.ID)
	m := &pb.Order{
		Key: o.Key, Id: id, Number: n, Source: w.word(o.Source), At: w.time(o.At), Version: w.after(o.At, o.Version),
		Status: uint32(o.Status), Minor: o.Total.Minor, Currency: w.word(o.Total.Currency), Told: o.Told,
		Renewal: o.Renewal, Product: w.word(o.Product), Partial: o.Partial, Codes: w.word(o.Codes),
	}
	for _, r := range o.Refunds {
		m.Refunds = append(m.Refunds, &pb.Refund{Key: r.Key, Amount: r.Amount, Full: r.Full})
	}
	return m
}

func (w *writer) rolled(r lifecycle.Rolled) *pb.Rolled {
	if r == (lifecycle.Rolled{}) {
		return nil
	}
	return &pb.Rolled{
		Count: int64(r.Count), Spent: r.Spent, First: w.time(r.First), Last: w.time(r.Last), Foreign: int64(r.Foreign),
	}
}

func (w *writer) fold(f lifecycle.Fold) *pb.Fold {
	m := &pb.Fold{
		State: uint32(f.State), Reason: w.word(string(f.Reason)), Since: w.time(f.Since), Orders: int64(f.Orders),
		LastOrder: w.time(f.LastOrder), Anchor: w.time(f.Anchor), Trigger: w.word(string(f.Trigger)),
		TriggerKey: f.TriggerKey, TriggerAt: w.time(f.TriggerAt), Over: f.Over, Gone: f.Gone,
		Upto: w.time(f.Upto), Joined: f.Joined,
	}
	for _, g := range f.Grounds {
		m.Grounds = append(m.Grounds, &pb.Ground{
			Trigger: w.word(string(g.Trigger)), Key: g.Key, At: w.time(g.At), Last: w.time(g.Last), Sub: g.Sub,
			Journey: w.word(g.Journey), Over: w.word(string(g.Over)),
		})
	}
	if proto.Size(m) == 0 {
		return nil
	}
	return m
}

func (w *writer) run(r *lifecycle.Run) *pb.Run {
	return &pb.Run{
		Id: w.word(r.ID), Journey: w.word(r.Journey), Trigger: w.word(string(r.Trigger)), Anchor: w.time(r.Anchor),
		Began: w.time(r.Began), Step: int64(r.Step), Handled: w.time(r.Handled), Tries: int64(r.Tries), Got: int64(r.Got),
		Outcome: w.word(string(r.Outcome)), Ended: w.time(r.Ended), Wait: w.time(r.Wait), Waited: w.word(string(r.Waited)),
		Version: w.word(r.Version), Holdout: r.Holdout, Heard: uint32(r.Heard), HeardAt: w.time(r.HeardAt),
	}
}

func (w *writer) message(m *lifecycle.Message) *pb.Message {
	p := &pb.Message{
		Journey: w.word(m.Journey), Step: int64(m.Step), Channel: uint32(m.Channel), Template: w.word(m.Template),
		Status: uint32(m.Status), Error: w.word(string(m.Error)), At: w.time(m.At), SentAt: w.after(m.At, m.SentAt),
		Code: raw(m.Code), Coupon: raw(m.Coupon), Opened: m.Opened,
		CouponUntil: w.time(m.CouponUntil), CouponUsed: w.time(m.CouponUsed),
		Offer: w.word(m.Offer), OfferKind: w.word(string(m.OfferKind)), OfferCost: m.OfferCost,
		OfferUntil: w.time(m.OfferUntil), Framing: w.word(m.Framing),
		Responded: m.Responded, Run: w.word(m.Run), Address: w.word(m.Address), Segments: int64(m.Segments),
		Variant: w.word(m.Variant), Detail: w.word(m.Detail),
	}
	p.ProviderId, p.ProviderHex = packHex(m.ProviderID)
	p.Id, p.Tail = w.tail(m.ID)
	return p
}

// moment is written with words and a base of its own; nil where there is none.
func (w *writer) moment(c *lifecycle.Contact) *pb.Moment {
	own := &writer{rec: &pb.Record{BaseSec: w.rec.BaseSec}, id: w.id}
	p := &pb.Moment{
		Region: own.word(c.Profile.Region), EmailSince: own.time(c.Email.Since), PhoneSince: own.time(c.Phone.Since),
	}
	if c.Sending != nil {
		p.Sending = own.receipt(&c.Sending.Message)
	}
	for i := range c.Messages {
		if x := own.receipt(&c.Messages[i]); x != nil {
			p.Receipts = append(p.Receipts, x)
		}
	}
	if proto.Size(p) == 0 {
		return nil
	}
	p.Words, p.BaseSec = own.rec.Words, own.rec.BaseSec
	return p
}

// receipt is nil where the message has none.
func (w *writer) receipt(m *lifecycle.Message) *pb.Receipt {
	x := m.Receipt
	if x == (lifecycle.Receipt{}) {
		return nil
	}
	p := &pb.Receipt{
		Basis: uint32(x.Basis), At: w.time(x.At), Source: w.word(x.Source), Evidence: w.word(x.Evidence), Order: w.word(x.Order),
		Rules: w.word(x.Rules), Country: w.word(x.Country), Region: w.word(x.Region), Zone: w.word(x.Zone), ZoneWhy: w.word(string(x.ZoneWhy)),
		Decided: w.time(x.Decided), Offset: int64(x.Offset), Law: uint32(x.Law), From: int64(x.From), To: int64(x.To), Left: int64(x.Left), Also: w.word(x.Also),
	}
	p.Message, p.Tail = w.tail(m.ID)
	return p
}
