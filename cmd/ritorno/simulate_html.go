package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"ritorno/internal/rehearse"
)

//go:embed simulate.html
var simulatePage string

var simulateTemplate = template.Must(template.New("simulate").Parse(simulatePage))

// simulateView is what the page shows.
type simulateView struct {
	*simulated
	W        *simulateWords
	Span     string
	Notes    []remark
	Tiles    []tile
	Months   *picture
	Steps    *picture
	Blocked  *picture
	Endings  []ending
	Waits    []wait
	Gaps     []wait
	Spared   string
	Returns  string
	Even     string
	Prices   string
	Lines    []versus
	Examples []exampleView
	Summary  string
}

type (
	tile        struct{ Value, Name string }
	ending      struct{ Journey, Entered, How string }
	wait        struct{ Journey, Step, Why, Number string }
	exampleView struct{ Customer, First, Other string }
)

// writeHTML writes one page that needs nothing else: no script, no network.
func (s *simulated) writeHTML(w io.Writer, locale string) error {
	words := wordsOf(locale)
	v := simulateView{simulated: s, W: words, Notes: s.remarks(words), Span: fmt.Sprintf(words.ReadAs, s.From.In(s.zone).Format("2006-01-02"), s.To.In(s.zone).Format("2006-01-02"))}
	v.tiles()
	v.texts()
	for _, c := range []struct {
		to **picture
		of bars
	}{{&v.Months, monthsChart(s.Report, words)}, {&v.Steps, stepsChart(s.Report, words)}, {&v.Blocked, blockedChart(s.Report, words)}} {
		if len(c.of.labels) == 0 {
			continue
		}
		p, err := c.of.draw()
		if err != nil {
			return fmt.Errorf("draw %q: %w", c.of.alt, err)
		}
		*c.to = &p
	}
	return simulateTemplate.Execute(w, v)
}

func (v *simulateView) tiles() {
	s, w := v.simulated, v.W
	v.Tiles = []tile{
		{w.Count(s.Customers), w.Customers},
		{w.Count(s.Orders), w.Orders},
		{w.Count(s.Messages), w.Messages},
		{w.Figure(s.Cost) + " " + s.Currency, w.Cost},
		{w.Count(s.PerCustomer.WrittenTo), w.WrittenTo},
		{w.Count(s.Spared.Customers), w.Spared},
	}
	if s.AverageOrder != "" {
		v.Tiles = append(v.Tiles, tile{w.Figure(s.AverageOrder) + " " + s.Currency, w.Average})
	}
}

// texts fills in the sentences and the tables whose cells need words.
func (v *simulateView) texts() {
	s, w := v.simulated, v.W
	for _, e := range s.Entries {
		v.Endings = append(v.Endings, ending{e.Journey, w.Count(int(e.Entered)), endings(e, w, w.Count)})
	}
	for _, b := range s.Blocked {
		v.Gaps = append(v.Gaps, wait{b.Journey, strconv.Itoa(b.Step), w.reason(b.Reason), w.Count(b.Steps)})
	}
	for _, m := range s.Moved {
		v.Waits = append(v.Waits, wait{m.Journey, "", w.reason(m.Reason), w.Count(m.Messages)})
	}
	sp, r := s.Spared, s.Returns
	v.Spared = fmt.Sprintf(w.SparedLead, sp.Customers, sp.Messages, sp.Stopped)
	if r.Watched > 0 {
		v.Returns = fmt.Sprintf(w.ReturnsLead, r.Followed, r.Watched, r.Days, w.Figure(percent(r.Share)), w.Figure(percent(r.Low)), w.Figure(percent(r.High)))
	}
	if r.BreakEven.Orders > 0 {
		v.Even = fmt.Sprintf(w.BreakEvenLead, w.Figure(s.Cost), s.Currency, w.Figure(few(r.BreakEven.Orders)), w.Figure(percent(r.BreakEven.Share)))
	}
	v.Prices = fmt.Sprintf(w.Prices, w.Figure(s.SMSPrice), w.Figure(s.MailPrice), s.Currency)
	v.compare()
}

func (v *simulateView) compare() {
	c, w := v.Compare, v.W
	if c == nil {
		return
	}
	for _, l := range v.lines(w) {
		v.Lines = append(v.Lines, versus{l.What, w.Figure(l.First), w.Figure(l.Other), w.Figure(l.Difference)})
	}
	v.Lines = append(v.Lines,
		versus{w.Same, w.Count(c.Same), w.Count(c.Same), ""}, versus{w.Different, w.Count(c.Different), w.Count(c.Different), ""},
		versus{w.Only, w.Count(c.OnlyFirst), w.Count(c.OnlyOther), ""})
	for _, ex := range c.Examples {
		first, other := v.storiesOf(ex, w)
		v.Examples = append(v.Examples, exampleView{ex.Customer, first, other})
	}
}

// Rows are the steps, for the page's table.
func (v simulateView) Rows() []rehearse.Step { return v.Report.Steps }
