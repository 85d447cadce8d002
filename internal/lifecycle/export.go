package lifecycle

import (
	"maps"
	"slices"
	"time"
)

// Export is everything that is kept of one person, for that person (GDPR
// articles 15 and 20). Record is what support sees, with messages, answers and
// timeline; the rest is what the record does not show. Times are UTC; absent ones are null.
type Export struct {
	Record         Status              `json:"record"`
	FirstName      string              `json:"first_name"`
	LastName       string              `json:"last_name"`
	Timezone       string              `json:"timezone"`
	KnownSince     *time.Time          `json:"known_since"`
	EmailSince     *time.Time          `json:"email_since"` // when a source told this address
	PhoneSince     *time.Time          `json:"phone_since"`
	Sources        []string            `json:"sources"` // who told us anything, by name
	ConsentHistory []ExportConsent     `json:"consent_history"`
	Suppressed     []ExportSuppression `json:"suppressed"` // addresses that are not used whatever the consent
	Orders         []ExportOrder       `json:"orders"`
	EarlierOrders  *ExportEarlier      `json:"earlier_orders"` // sums of orders older than the list
	Journeys       []ExportRun         `json:"journeys"`       // ended ones and the live one, oldest first
	MessagesSent   int                 `json:"messages_sent"`  // ever taken by a provider, also those older than the list
	Subscription   *ExportSubscription `json:"subscription"`
	Facts          []ExportFact        `json:"facts"`      // what moved the state, oldest first
	FormerIDs      int                 `json:"former_ids"` // addresses and customer ids of before, kept as keyed hashes alone
	JoinedRecords  int                 `json:"joined_records"`
}

// ExportConsent is one piece of consent news with its evidence.
type ExportConsent struct {
	Channel  string     `json:"channel"`
	State    string     `json:"state"`
	At       time.Time  `json:"at"`
	Source   string     `json:"source"`
	Evidence string     `json:"evidence,omitempty"`
	Until    *time.Time `json:"last_told_at,omitempty"` // told again until then
	Times    int        `json:"times_told,omitempty"`
}

// ExportSuppression is an address that a provider could not or must not use.
type ExportSuppression struct {
	Channel string    `json:"channel"`
	Address string    `json:"address"`
	Reason  Reason    `json:"reason"`
	At      time.Time `json:"at"`
}

// ExportOrder is one order.
type ExportOrder struct {
	ID       string    `json:"id"`
	Source   string    `json:"source"`
	At       time.Time `json:"at"`
	Status   string    `json:"status"` // open, paid, refunded or void
	Total    string    `json:"total"`  // empty: never told
	Refunded string    `json:"refunded"`
	Currency string    `json:"currency"`
	Product  string    `json:"product,omitempty"`
	Codes    string    `json:"discount_codes,omitempty"`
	Renewal  bool      `json:"renewal"`
}

// ExportEarlier sums the orders that are older than the record's list.
type ExportEarlier struct {
	Count   int        `json:"count"`
	Spent   string     `json:"spent"` // in the shop's currency, less refunds
	Foreign int        `json:"in_other_currencies"`
	First   *time.Time `json:"first_at"`
	Last    *time.Time `json:"last_at"`
}

// ExportRun is one journey.
type ExportRun struct {
	Journey string     `json:"journey"`
	Trigger Trigger    `json:"trigger"`
	Anchor  time.Time  `json:"counted_from"`
	Began   time.Time  `json:"began_at"`
	Ended   *time.Time `json:"ended_at"` // null: it is live
	Outcome Reason     `json:"outcome"`
	Steps   int        `json:"steps_handled"`
	Got     int        `json:"messages"`
}

// ExportSubscription is what sources told of a subscription.
type ExportSubscription struct {
	Plan         string `json:"plan"`
	CancelReason string `json:"cancel_reason"`
	Involuntary  bool   `json:"involuntary"` // the last cancellation was nobody's decision
}

// ExportFact is one fact that moved the state.
type ExportFact struct {
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

// Export renders a contact in full. It decides nothing.
func (r *Rules) Export(c Contact, now time.Time) Export {
	x := Export{
		Record:    r.Status(c, now),
		FirstName: c.Profile.FirstName, LastName: c.Profile.LastName, Timezone: c.Profile.Timezone,
		KnownSince: ptr(c.MadeAt), EmailSince: ptr(c.Email.At), PhoneSince: ptr(c.Phone.At),
		Sources: c.sources(), ConsentHistory: c.consentHistory(), Suppressed: []ExportSuppression{},
		Orders: []ExportOrder{}, Journeys: []ExportRun{}, MessagesSent: c.Accepted, Facts: []ExportFact{},
		FormerIDs: len(c.Former), JoinedRecords: len(c.Joined),
	}
	for ch, s := range c.Suppress {
		if s.Reason != "" {
			x.Suppressed = append(x.Suppressed, ExportSuppression{Channel(ch).String(), s.Address, s.Reason, s.At})
		}
	}
	for _, o := range c.Orders {
		x.Orders = append(x.Orders, exportOrder(o))
	}
	if w := c.Older; w != (Rolled{}) {
		x.EarlierOrders = &ExportEarlier{w.Count, Money{w.Spent, r.Currency}.String(), w.Foreign, ptr(w.First), ptr(w.Last)}
	}
	runs := slices.Clone(c.Runs)
	if c.Run != nil {
		runs = append(runs, *c.Run)
	}
	for _, run := range runs {
		x.Journeys = append(x.Journeys, ExportRun{run.Journey, run.Trigger, run.Anchor, run.Began, ptr(run.Ended), run.Outcome, run.Step, run.Got})
	}
	if c.Plan != "" || c.CancelReason != "" || c.Involuntary {
		x.Subscription = &ExportSubscription{c.Plan, c.CancelReason, c.Involuntary}
	}
	for _, m := range c.Marks {
		x.Facts = append(x.Facts, ExportFact{m.Kind.String(), m.At})
	}
	return x
}

func exportOrder(o OrderMark) ExportOrder {
	x := ExportOrder{
		ID: o.ID, Source: o.Source, At: o.At, Status: [...]string{"open", "paid", "refunded", "void"}[o.Status],
		Refunded: Money{o.Refunded(), o.Total.Currency}.String(), Currency: o.Total.Currency,
		Product: o.Product, Codes: o.Codes, Renewal: o.Renewal,
	}
	if !o.Partial {
		x.Total = o.Total.String()
	}
	return x
}

// consentHistory is all that is known, oldest first: what rolled out of the
// ledger, then the ledger.
func (c *Contact) consentHistory() []ExportConsent {
	all := []ExportConsent{}
	for _, h := range c.History {
		x := exportConsent(h.ConsentChange)
		if h.Times > 1 {
			x.Until, x.Times = ptr(h.Until), h.Times
		}
		all = append(all, x)
	}
	for _, n := range c.Ledger {
		all = append(all, exportConsent(n))
	}
	slices.SortStableFunc(all, func(a, b ExportConsent) int { return a.At.Compare(b.At) })
	return all
}

func exportConsent(n ConsentChange) ExportConsent {
	return ExportConsent{Channel: n.Channel.String(), State: n.State.String(), At: n.At, Source: n.Source, Evidence: n.Evidence}
}

// sources are the names of all who told something that is still known.
func (c *Contact) sources() []string {
	seen := map[string]bool{}
	for _, ref := range c.Refs {
		seen[ref.Source] = true
	}
	for _, o := range c.Orders {
		seen[o.Source] = true
	}
	for _, n := range c.Ledger {
		seen[n.Source] = true
	}
	for _, h := range c.History {
		seen[h.Source] = true
	}
	for _, e := range c.Timeline {
		seen[e.Source] = true
	}
	delete(seen, "")
	return append([]string{}, slices.Sorted(maps.Keys(seen))...)
}

// String is a plain word for the export.
func (k MarkKind) String() string {
	switch k {
	case MarkCancelled:
		return "subscription cancelled"
	case MarkResumed:
		return "subscription started or renewed"
	case MarkResponse:
		return "responded"
	case MarkDormant:
		return "became dormant"
	case MarkEnded:
		return "journey ended without response"
	}
	return "unknown"
}
