package rehearse

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// Price is money of which a thousandth of a cent matters: millionths of the
// currency's unit.
type Price int64

// String has at least two decimal places and no needless ones.
func (p Price) String() string {
	s := fmt.Sprintf("%d.%06d", int64(p)/1e6, int64(p)%1e6)
	for strings.HasSuffix(s, "0") && len(s)-strings.IndexByte(s, '.') > 3 {
		s = s[:len(s)-1]
	}
	return s
}

// round is the price in cents, rounded up: what is owed is never shown smaller.
func (p Price) round() string { return ((p + 9_999) / 10_000 * 10_000).String() }

// Prices are what a provider charges.
type Prices struct {
	SMS     Price // for each part
	Email   Price
	Assumed bool // nobody told them: they are typical ones
}

func (p Prices) of(ch lifecycle.Channel, t *Tally) Price {
	if ch == lifecycle.SMS {
		return p.SMS * Price(t.Segments)
	}
	return p.Email * Price(t.Sent)
}

// Report is what people and programs read of a rehearsal. The names of its
// fields are stable; docs/simulate.md explains them.
type Report struct {
	Shop         string    `json:"shop"`
	Currency     string    `json:"currency"`
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Customers    int       `json:"customers"`
	Orders       int       `json:"orders"`
	AverageOrder string    `json:"average_order"`

	Entries   []Entry   `json:"entries"`
	Steps     []Step    `json:"steps"`
	Channels  []Channel `json:"channels"`
	Months    []Month   `json:"months"`
	Messages  int       `json:"messages"`
	Cost      string    `json:"cost"`
	SMSPrice  string    `json:"sms_price"`
	MailPrice string    `json:"email_price"`
	Assumed   bool      `json:"prices_assumed"`

	PerCustomer PerCustomer `json:"per_customer"`
	Blocked     []Blocked   `json:"blocked"`
	Moved       []Moved     `json:"moved"`
	Spared      Spared      `json:"spared"`
	Returns     Returns     `json:"returns"`
}

// Entry is how often a journey began, and how it ended, by reason.
type Entry struct {
	Journey string           `json:"journey"`
	Entered int64            `json:"entered"`
	Ended   map[string]int64 `json:"ended"`
}

// Step is what one step of a journey sends on a channel.
type Step struct {
	Journey  string `json:"journey"`
	Step     int    `json:"step"`
	Channel  string `json:"channel"`
	Template string `json:"template"`
	Messages int    `json:"messages"`
	Segments int    `json:"segments"`
	Cost     string `json:"cost"`
	Watched  int    `json:"watched"`
	Followed int    `json:"followed_by_order"`
}

// Channel is what leaves on a channel.
type Channel struct {
	Channel  string `json:"channel"`
	Messages int    `json:"messages"`
	Segments int    `json:"segments"`
	Cost     string `json:"cost"`
}

// Month is what leaves in a calendar month of the shop's zone.
type Month struct {
	Month string `json:"month"` // such as 2026-03
	Email int    `json:"email"`
	SMS   int    `json:"sms"`
	Cost  string `json:"cost"`
}

// PerCustomer is how many messages one customer gets. The mean and the others
// are over those who get any.
type PerCustomer struct {
	WrittenTo int     `json:"written_to"`
	Mean      float64 `json:"mean"`
	P50       int     `json:"p50"`
	P90       int     `json:"p90"`
	Max       int     `json:"max"`
}

// Blocked are steps without a message.
type Blocked struct {
	Journey string `json:"journey"`
	Step    int    `json:"step"`
	Reason  string `json:"reason"`
	Steps   int    `json:"steps"`
}

// Moved are messages that left later than their step's time.
type Moved struct {
	Journey  string `json:"journey"`
	Reason   string `json:"reason"`
	Messages int    `json:"messages"`
}

// Spared are customers who had bought again, and whom a fixed calendar of 30, 60
// and 90 days would have written to all the same.
type Spared struct {
	Customers int   `json:"customers"`
	Messages  int   `json:"messages"`
	Stopped   int64 `json:"journeys_stopped_by_order"`
}

// Returns are orders after messages that nobody got: these customers came back
// by themselves. What messages add to that, no past history can tell.
type Returns struct {
	Days      int       `json:"days"`
	Watched   int       `json:"watched"`
	Followed  int       `json:"followed_by_order"`
	Share     float64   `json:"share"`
	Low       float64   `json:"share_low"` // Wilson, 95 %
	High      float64   `json:"share_high"`
	BreakEven BreakEven `json:"break_even"`
}

// BreakEven is what the messages must bring to earn their cost: orders of the
// average value that would not have come without them.
type BreakEven struct {
	Orders float64 `json:"orders"`
	Share  float64 `json:"share_of_written_to"`
}

// Report sums a result up.
func (r *Result) Report(rules *lifecycle.Rules, p Prices, within time.Duration) *Report {
	out := &Report{
		Shop: rules.Shop, Currency: rules.Currency, From: r.From, To: r.To, Customers: r.Contacts, Orders: r.Orders, AverageOrder: r.average(rules.Currency),
		Entries: r.entries(rules), PerCustomer: r.perCustomer(), Blocked: r.blocked(), Moved: r.moved(),
		Spared:   Spared{Customers: r.SparedCustomers, Messages: r.SparedMessages},
		SMSPrice: p.SMS.String(), MailPrice: p.Email.String(), Assumed: p.Assumed,
	}
	for _, e := range out.Entries {
		out.Spared.Stopped += e.Ended[string(lifecycle.ReasonWonOrder)]
	}
	cost, all := r.messages(out, p)
	out.Messages, out.Cost = all.Sent, cost.round()
	out.Returns = r.returns(all, cost, within, rules.Currency)
	out.Returns.BreakEven.Share = share(out.Returns.BreakEven.Orders, out.PerCustomer.WrittenTo)
	return out
}

func share(n float64, of int) float64 {
	if of == 0 {
		return 0
	}
	return rounded(n / float64(of))
}

// rounded keeps six decimal places.
func rounded(x float64) float64 { return math.Round(x*1e6) / 1e6 }

func (r *Result) average(currency string) string {
	if r.Valued == 0 {
		return ""
	}
	return lifecycle.Money{Minor: (r.Value + int64(r.Valued)/2) / int64(r.Valued), Currency: currency}.String()
}

// entries are in the order of the configuration.
func (r *Result) entries(rules *lifecycle.Rules) []Entry {
	var all []Entry
	for _, j := range rules.Journeys {
		e := Entry{Journey: j.Name, Entered: r.Counts["entered:"+j.Name], Ended: map[string]int64{}}
		for field, n := range r.Counts {
			if why, ok := strings.CutPrefix(field, "ended:"+j.Name+":"); ok {
				e.Ended[why] = n
			}
		}
		all = append(all, e)
	}
	return all
}

// messages fills in what leaves by step, channel and month.
func (r *Result) messages(out *Report, p Prices) (cost Price, all Tally) {
	type cell struct {
		Tally
		cost Price
	}
	steps, chans, months := map[MessageKey]*cell{}, map[lifecycle.Channel]*cell{}, map[int]*[2]cell{}
	for k, t := range r.Messages {
		c := p.of(k.Channel, t)
		cost += c
		all.add(t)
		m := months[k.Month]
		if m == nil {
			m = &[2]cell{}
			months[k.Month] = m
		}
		step := k
		step.Month = 0
		for _, to := range []*cell{at(steps, step), at(chans, k.Channel), &m[k.Channel]} {
			to.add(t)
			to.cost += c
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(steps), compareKeys(out.Entries)) {
		c := steps[k]
		out.Steps = append(out.Steps, Step{k.Journey, k.Step, k.Channel.String(), k.Template, c.Sent, c.Segments, c.cost.round(), c.Watched, c.Followed})
	}
	for _, ch := range slices.Sorted(maps.Keys(chans)) {
		c := chans[ch]
		out.Channels = append(out.Channels, Channel{ch.String(), c.Sent, c.Segments, c.cost.round()})
	}
	for _, n := range slices.Sorted(maps.Keys(months)) {
		m := months[n]
		out.Months = append(out.Months, Month{
			fmt.Sprintf("%04d-%02d", n/12, n%12+1), m[lifecycle.Email].Sent, m[lifecycle.SMS].Sent, (m[0].cost + m[1].cost).round(),
		})
	}
	return cost, all
}

func at[K comparable, V any](m map[K]*V, k K) *V {
	if m[k] == nil {
		m[k] = new(V)
	}
	return m[k]
}

// compareKeys orders steps as the configuration does.
func compareKeys(journeys []Entry) func(a, b MessageKey) int {
	place := func(j string) int {
		return slices.IndexFunc(journeys, func(e Entry) bool { return e.Journey == j })
	}
	return func(a, b MessageKey) int {
		return cmp.Or(cmp.Compare(place(a.Journey), place(b.Journey)), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Template, b.Template))
	}
}

func (r *Result) perCustomer() (p PerCustomer) {
	total := 0
	for n, customers := range r.Each {
		if n > 0 {
			p.WrittenTo += customers
			total += n * customers
			p.Max = max(p.Max, n)
		}
	}
	if p.WrittenTo == 0 {
		return p
	}
	p.Mean = math.Round(100*float64(total)/float64(p.WrittenTo)) / 100
	p.P50, p.P90 = r.quantile(p.WrittenTo, 50), r.quantile(p.WrittenTo, 90)
	return p
}

// quantile is the smallest number of messages that so many percent of those who
// are written to do not exceed.
func (r *Result) quantile(of, percent int) int {
	need, seen := (of*percent+99)/100, 0
	for _, n := range slices.Sorted(maps.Keys(r.Each)) {
		if n == 0 {
			continue
		}
		if seen += r.Each[n]; seen >= need {
			return n
		}
	}
	return 0
}

func (r *Result) blocked() []Blocked {
	var all []Blocked
	for k, n := range r.Drops {
		all = append(all, Blocked{k.Journey, k.Step, string(k.Reason), n})
	}
	slices.SortFunc(all, func(a, b Blocked) int {
		return cmp.Or(cmp.Compare(b.Steps, a.Steps), cmp.Compare(a.Journey, b.Journey), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

func (r *Result) moved() []Moved {
	by := map[StepKey]int{}
	for k, n := range r.Moves {
		k.Step = 0
		by[k] += n
	}
	var all []Moved
	for k, n := range by {
		all = append(all, Moved{k.Journey, string(k.Reason), n})
	}
	slices.SortFunc(all, func(a, b Moved) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Journey, b.Journey), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// returns holds the messages against the orders that came anyway. The interval
// is Wilson's (1927).
func (r *Result) returns(all Tally, cost Price, within time.Duration, currency string) Returns {
	out := Returns{Days: int(within / day), Watched: all.Watched, Followed: all.Followed}
	if n := float64(all.Watched); n > 0 {
		const z = 1.96
		p := float64(all.Followed) / n
		middle, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
		out.Share, out.Low, out.High = rounded(p), rounded((middle-half)/(1+z*z/n)), rounded((middle+half)/(1+z*z/n))
	}
	if r.Valued > 0 && r.Value > 0 {
		unit := math.Pow10(lifecycle.Decimals(currency))
		out.BreakEven.Orders = rounded(float64(cost) / 1e6 / (float64(r.Value) / unit / float64(r.Valued)))
	}
	return out
}

// Only reports whether a reason is why every step of every journey stayed
// without a message.
func (r *Report) Only(reason lifecycle.Reason) bool {
	for _, b := range r.Blocked {
		if b.Reason != string(reason) {
			return false
		}
	}
	return r.Messages == 0 && len(r.Blocked) > 0
}
