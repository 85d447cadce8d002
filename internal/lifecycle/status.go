package lifecycle

import (
	"strings"
	"time"
)

// Status is the record as support sees it: the contract's section 6. Times are
// UTC; absent ones are null.
type Status struct {
	Shop         string                   `json:"shop"`
	ID           string                   `json:"id"`
	Email        string                   `json:"email"`
	Phone        string                   `json:"phone"`
	Name         string                   `json:"name"`
	Locale       string                   `json:"locale,omitempty"`
	Country      string                   `json:"country,omitempty"`
	Region       string                   `json:"region,omitempty"`
	Timezone     StatusZone               `json:"timezone"`
	BestHour     *StatusHour              `json:"best_hour,omitempty"`
	CustomerIDs  []Ref                    `json:"customer_ids,omitempty"`
	State        string                   `json:"state"`
	StateReason  Reason                   `json:"state_reason"`
	StateSince   *time.Time               `json:"state_since"`
	LastOrder    *StatusOrder             `json:"last_order"`
	Orders       int                      `json:"orders"`
	Spent        string                   `json:"spent"`
	Currency     string                   `json:"currency"`
	FirstOrderAt *time.Time               `json:"first_order_at"`
	MeanGapDays  float64                  `json:"mean_gap_days"`
	Consent      map[string]StatusConsent `json:"consent"`
	PausedUntil  *time.Time               `json:"paused_until,omitempty"`
	Journey      *StatusJourney           `json:"journey"`
	Next         *StatusNext              `json:"next"`
	NextWhy      Reason                   `json:"next_why,omitempty"` // why nothing comes next: ReasonUnsubscribed or ReasonLeftOut
	Messages     []StatusMessage          `json:"messages"`
	Answers      []StatusAnswer           `json:"answers,omitempty"`
	Segment      string                   `json:"segment"`
	Timeline     []StatusEntry            `json:"timeline"`
}

// StatusZone is the time zone in which the contact's hours are counted. Several
// names, separated by spaces, mean that it must be a lawful hour in all of them.
type StatusZone struct {
	Name string     `json:"name"`
	Why  ZoneReason `json:"why"`
}

// StatusHour is the local hour at which the contact reacts most.
type StatusHour struct {
	Hour  int  `json:"hour"`
	Known int  `json:"known_from"` // orders and responses
	Used  bool `json:"used"`       // whether the shop lets steps wait for it
}

// StatusOrder is the last order.
type StatusOrder struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Total    string    `json:"total"`
	Currency string    `json:"currency"`
}

// StatusConsent is the consent of one channel with its evidence.
type StatusConsent struct {
	State      string     `json:"state"`
	At         *time.Time `json:"at"`
	Source     string     `json:"source"`
	Evidence   string     `json:"evidence,omitempty"`
	Suppressed Reason     `json:"suppressed,omitempty"` // the address cannot be used whatever the consent
}

// StatusJourney is the live journey. Step is the last one handled.
type StatusJourney struct {
	Name  string      `json:"name"`
	Step  int         `json:"step"`
	Steps int         `json:"steps"`
	Next  *StatusNext `json:"next"`
	// Version is the definition that the contact follows; it differs from the
	// journey's where that was changed since.
	Version string `json:"version,omitempty"`
	Holdout bool   `json:"holdout,omitempty"` // walks it and gets nothing
}

// StatusNext is what comes next, and why it waits if it does. Step 0 is the
// ending of the journey, Otherwise then says what becomes of the contact.
type StatusNext struct {
	Journey   string    `json:"journey,omitempty"`
	Step      int       `json:"step"`
	Channel   string    `json:"channel,omitempty"`
	Template  string    `json:"template,omitempty"`
	Due       time.Time `json:"due"`
	Why       Reason    `json:"why,omitempty"`
	Otherwise string    `json:"otherwise,omitempty"`
}

// StatusMessage is one message.
type StatusMessage struct {
	ID         string     `json:"id"`
	Journey    string     `json:"journey"`
	Step       int        `json:"step"`
	Channel    string     `json:"channel"`
	Template   string     `json:"template"`
	Status     string     `json:"status"`
	At         time.Time  `json:"at"`
	SentAt     *time.Time `json:"sent_at"`
	ProviderID string     `json:"provider_id"`
	Error      Reason     `json:"error"`
	Opened     bool       `json:"opened"`
	Responded  bool       `json:"responded"`
	Segments   int        `json:"segments,omitempty"`
	Coupon     string     `json:"coupon,omitempty"`
	Until      *time.Time `json:"coupon_expires,omitempty"`
	Used       *time.Time `json:"coupon_used_at,omitempty"`
	Variant    string     `json:"variant,omitempty"`
	Detail     string     `json:"detail,omitempty"` // more on error: the expression that did not hold, what was waited for
	Offer      string     `json:"offer,omitempty"`
	OfferKind  OfferKind  `json:"offer_kind,omitempty"`
	OfferCost  string     `json:"offer_cost,omitempty"` // in the shop's currency
	OfferUntil *time.Time `json:"offer_expires,omitempty"`

	Receipt *StatusReceipt `json:"receipt,omitempty"` // why it was allowed to leave
}

// StatusAnswer is one answer, entry or reply.
type StatusAnswer struct {
	At      time.Time    `json:"at"`
	Kind    ResponseKind `json:"kind"`
	Journey string       `json:"journey,omitempty"`
	Step    int          `json:"step,omitempty"`
	Choice  string       `json:"choice,omitempty"`
	Text    string       `json:"text,omitempty"`
}

// StatusEntry is one line of the timeline.
type StatusEntry struct {
	At      time.Time `json:"at"`
	Type    Type      `json:"type"`
	Source  string    `json:"source"`
	Reason  Reason    `json:"reason,omitempty"`
	Summary string    `json:"summary"`
}

// Status renders a contact. It decides nothing.
func (r *Rules) Status(c Contact, now time.Time) Status {
	t := r.Totals(&c)
	s := Status{
		Shop: c.Shop, ID: c.ID, Email: c.Email.Value, Phone: c.Phone.Value,
		Name: strings.TrimSpace(c.Profile.FirstName + " " + c.Profile.LastName), Locale: c.Profile.Locale, Country: c.Profile.Country, Region: c.Profile.Region,
		CustomerIDs: c.Refs, State: c.State.String(), StateReason: c.Reason, StateSince: ptr(c.Since),
		Orders: t.Orders, Spent: t.Spent.String(), Currency: r.Currency, FirstOrderAt: ptr(t.First), MeanGapDays: t.MeanGapDays(),
		Consent: map[string]StatusConsent{}, Messages: []StatusMessage{}, Timeline: []StatusEntry{},
	}
	if o := t.LastOne; o != nil {
		s.LastOrder = &StatusOrder{o.ID, o.At, o.Total.String(), o.Total.Currency}
	}
	if c.PausedTo.After(now) {
		s.PausedUntil = ptr(c.PausedTo)
	}
	for ch := range channels {
		s.Consent[Channel(ch).String()] = c.statusConsent(Channel(ch))
	}
	where := r.WhereIs(&c)
	s.Timezone = StatusZone{where.String(), where.Why}
	if hour, known, ok := r.BestHour(&c); ok {
		s.BestHour = &StatusHour{hour, known, r.BestHours}
	}
	if s.Next = r.next(c, now); s.Next == nil {
		s.NextWhy = r.idle(&c)
	}
	if c.Run != nil {
		s.Journey = &StatusJourney{Name: c.Run.Journey, Step: c.Run.Step, Next: s.Next, Version: c.Run.Version, Holdout: c.Run.Holdout}
		if j := r.journeyOf(c.Run); j != nil {
			s.Journey.Steps = len(j.Steps)
		}
	}
	for _, m := range c.Messages {
		s.Messages = append(s.Messages, StatusMessage{
			m.ID, m.Journey, m.Step, m.Channel.String(), m.Template, m.Status.String(), m.At,
			ptr(m.SentAt), m.ProviderID, m.Error, m.Opened, m.Responded, m.Segments, m.Coupon, ptr(m.CouponUntil), ptr(m.CouponUsed),
			m.Variant, m.Detail, m.Offer, m.OfferKind, r.offerCost(&m), ptr(m.OfferUntil), m.Receipt.status(),
		})
	}
	for _, a := range c.Answers {
		s.Answers = append(s.Answers, StatusAnswer(a))
	}
	for _, e := range c.Timeline {
		s.Timeline = append(s.Timeline, StatusEntry{e.At, e.Type, e.Source, e.Reason, e.summary()})
	}
	return s
}

func (c *Contact) statusConsent(ch Channel) StatusConsent {
	con := c.Consent[ch]
	out := StatusConsent{State: con.State().String(), At: ptr(con.At), Source: con.Source, Evidence: con.Evidence}
	if con.State() == Unknown && !con.UnknownAt.IsZero() {
		out.At = ptr(con.UnknownAt)
	}
	if sup := c.Suppress[ch]; sup.Address == c.address(ch) {
		out.Suppressed = sup.Reason
	}
	return out
}

// next says what the timer will do, as far as can be told today.
func (r *Rules) next(c Contact, now time.Time) *StatusNext {
	if c.Due.IsZero() {
		return nil
	}
	d := decision{r: r, c: c.clone(), now: now}
	n := &StatusNext{Due: c.Due, Why: c.DueWhy}
	if c.Run == nil || c.DueWhy == ReasonInactive || c.DueWhy == ReasonEarly {
		j := d.awaited()
		if j == nil || len(j.Steps) == 0 {
			n.Otherwise = Active.String()
			return n
		}
		n.Journey = j.Name
		d.nextStep(n, j, 0)
		return n
	}
	j := r.journeyOf(c.Run)
	n.Journey = c.Run.Journey
	if j == nil || c.Run.Step >= len(j.Steps) {
		if j != nil {
			n.Otherwise = j.Finish.Otherwise.String()
		}
		return n
	}
	d.nextStep(n, j, c.Run.Step)
	return n
}

// idle is why no timer runs, where a person would ask.
func (r *Rules) idle(c *Contact) Reason {
	switch {
	case c.State == UnsubscribedState:
		return ReasonUnsubscribed
	case r.Held(c):
		return ReasonLeftOut
	}
	return ""
}

// awaited is the journey that the contact enters when the timer fires.
func (d *decision) awaited() (j *Journey) {
	f := d.r.fold(&d.c)
	switch d.c.DueWhy {
	case ReasonInactive:
		_, j = d.quietAt(f)
	case ReasonEarly:
		_, j = d.earlyDue(f)
	case ReasonPerDay:
		j = d.r.named(d.c.Delay.Journey)
	}
	return j
}

func (d *decision) nextStep(n *StatusNext, j *Journey, i int) {
	s := &j.Steps[i]
	n.Step = i + 1
	n.Template, _ = d.pick(j, i)
	if n.Why == ReasonDue || n.Why == ReasonInactive || n.Why == ReasonEarly {
		n.Why = ""
	}
	if d.c.Delay.Granted && d.c.Delay.To.Equal(n.Due) {
		n.Why = ReasonPerDay
	}
	if ch, why := d.channel(s); why == "" {
		n.Channel = ch.String()
	} else {
		n.Why = why
	}
}

func ptr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// summaries are the sentences of the timeline; the entry's text follows.
var summaries = map[Type]string{
	OrderPlaced: "Order", Renewed: "Renewal", OrderCancelled: "Order cancelled:", OrderRefunded: "Refund for order",
	SubscriptionStarted: "Subscription started", SubscriptionCancelled: "Subscription cancelled", SubscriptionPaused: "Subscription paused",
	PaymentFailed: "Payment failed", ContactChanged: "Contact:", ContactDeleted: "Customer deleted at the source",
	ContactMerged: "Joined with another record of the same person", ConsentChanged: "Consent:", DataRequested: "Asked for a copy of the data",
	Released: "Imported as silent already: let into the journey on", Opened: "Opened the link of", Responded: "Responded:", Noted: "Note:", Paused: "Asked for a pause",
	Started: "Asked for by a program:", "journey.stopped": "Stopped by an expression:",
	"message.sent": "Sent", "message.failed": "Failed:", "coupon.used": "Used our coupon",
	"state.active": "Active", "state.dormant": "Dormant", "state.cancelled": "Cancelled", "state.returning": "Returning", "state.unsubscribed": "Unsubscribed",
}

func (e Entry) summary() string {
	s, ok := summaries[e.Type]
	if !ok {
		s = string(e.Type)
	}
	if e.Text != "" {
		s += " " + e.Text
	}
	if e.Reason != "" {
		s += " (" + string(e.Reason) + ")"
	}
	return s
}
