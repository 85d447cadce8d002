package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/generate"
	"ritorno/internal/lifecycle"
)

// tally is what the play itself counted, beside the service's own counters.
type tally struct {
	Webhooks, Duplicates, Parked int

	taken   int             // messages that the providers reported on
	revenue int64           // of the orders that ended somebody's silence, in the shop's currency
	steps   map[string]bool // of each contact's runs, that went out
	ids     map[string]bool // of messages that went out

	withoutConsent, twice int
	wonContact            string // somebody who came back, to look at
}

func (t *tally) begin() { t.steps, t.ids = map[string]bool{}, map[string]bool{} }

// sent holds a message against the two promises: nobody is written to without
// consent, and no step goes out twice. out is since when the person has not
// agreed.
func (t *tally) sent(contact string, m lifecycle.Message, s fake.Sent, out time.Time) {
	if !out.IsZero() && !s.At.Before(out) {
		t.withoutConsent++
	}
	step := contact + " " + m.Run + " " + strconv.Itoa(m.Step)
	if t.ids[m.ID] || t.steps[step] {
		t.twice++
	}
	t.ids[m.ID], t.steps[step] = true, true
}

// order counts what somebody paid who had gone silent before.
func (t *tally) order(before lifecycle.Contact, o *generate.Order, currency string) {
	if before.State != lifecycle.Dormant { // also what is no order at all
		return
	}
	if before.Accepted > 0 || t.wonContact == "" { // one who was written to has more to show
		t.wonContact = before.ID
	}
	if o.Currency == "" || o.Currency == currency {
		t.revenue += o.Total
	}
}

// funnel is what became of everybody, at one moment of the play.
type funnel struct {
	Shop     string           `json:"shop"`
	Seed     uint64           `json:"seed"`
	From     string           `json:"from"`
	Until    string           `json:"until"`
	People   int              `json:"people"` // customers of the shop so far: each must be one contact
	Contacts int64            `json:"contacts"`
	Orders   int64            `json:"orders"`
	States   map[string]int64 `json:"states"`
	Messages []funnelStep     `json:"messages"`

	Sent      int64 `json:"sent"`
	Failed    int64 `json:"failed"`
	Opened    int64 `json:"opened"`
	Responses int64 `json:"responses"`
	Entered   int64 `json:"entered"` // reactivation journeys that began

	WonByOrder    int64  `json:"won_by_order"`
	WonByResponse int64  `json:"won_by_response"`
	LetGo         int64  `json:"let_go"` // unsubscribed after the last step without a response
	OptOutEmail   int64  `json:"opt_out_email"`
	OptOutSMS     int64  `json:"opt_out_sms"`
	Revenue       string `json:"revenue_won_back"`
	Currency      string `json:"currency"`

	Webhooks       int   `json:"webhooks"`
	Duplicates     int   `json:"duplicates"`
	Parked         int   `json:"parked"`
	DeadLetters    int   `json:"dead_letters"`
	WithoutConsent int   `json:"sent_without_consent"`
	Twice          int   `json:"sent_twice"`
	BadLines       int   `json:"bad_lines,omitempty"`       // of --orders
	LostRefunds    int   `json:"unknown_refunds,omitempty"` // of --orders
	Uncertain      int64 `json:"uncertain"`
}

// funnelStep counts the messages of one step on one channel.
type funnelStep struct {
	Journey string `json:"journey"`
	Step    int    `json:"step"`
	Channel string `json:"channel"`
	Sent    int64  `json:"sent"`
}

// funnel reads the service's own counters.
func (d *demo) funnel(ctx context.Context, at time.Time) (funnel, error) {
	t, p := &d.tally, d.plot
	f := funnel{
		Shop: demoShop, Seed: d.o.seed, From: p.from.In(p.zone).Format(time.DateOnly), Until: at.In(p.zone).Format(time.DateOnly),
		Revenue: lifecycle.Money{Minor: t.revenue, Currency: p.currency}.String(), Currency: p.currency, People: d.signedUp,
		Webhooks: t.Webhooks, Duplicates: t.Duplicates, Parked: t.Parked, WithoutConsent: t.withoutConsent, Twice: t.twice,
		BadLines: p.bad, LostRefunds: p.lost, States: map[string]int64{},
	}
	var err error
	if f.Contacts, err = d.app.Store.Contacts(ctx); err != nil {
		return f, err
	}
	counts, err := d.app.Engine.Counts(ctx, demoShop)
	if err != nil {
		return f, err
	}
	dead, err := d.app.Store.ListDead(ctx, demoShop, "", 100)
	if err != nil {
		return f, err
	}
	f.DeadLetters = len(dead)
	for s := lifecycle.Active; s <= lifecycle.UnsubscribedState; s++ {
		f.States[s.String()] = counts["state:"+s.String()]
	}
	for field, n := range counts {
		f.add(field, n)
	}
	slices.SortFunc(f.Messages, func(a, b funnelStep) int {
		return cmp.Or(journeyOrder(a.Journey)-journeyOrder(b.Journey), cmp.Compare(a.Step, b.Step), -cmp.Compare(a.Channel, b.Channel))
	})
	return f, nil
}

func journeyOrder(name string) int {
	return slices.Index([]string{"reactivation", "welcome_back", "cancellation"}, name)
}

// add puts one of the service's counters where it belongs.
func (f *funnel) add(field string, n int64) {
	parts := strings.Split(field, ":")
	switch {
	case field == "orders":
		f.Orders += n
	case field == "uncertain":
		f.Uncertain += n
	case parts[0] == "failed":
		f.Failed += n
	case parts[0] == "opened":
		f.Opened += n
	case parts[0] == "responded":
		f.Responses += n
	case field == "entered:reactivation":
		f.Entered += n
	case field == "ended:reactivation:won_by_order":
		f.WonByOrder += n
	case field == "ended:reactivation:won_by_response":
		f.WonByResponse += n
	case field == "finished:reactivation:no_response":
		f.LetGo += n
	case field == "consent:email:unsubscribed":
		f.OptOutEmail += n
	case field == "consent:sms:unsubscribed":
		f.OptOutSMS += n
	case parts[0] == "sent" && len(parts) == 4:
		f.Sent += n
		step, err := strconv.Atoi(parts[2])
		if err == nil {
			f.Messages = append(f.Messages, funnelStep{parts[1], step, parts[3], n})
		}
	}
}
