package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"ritorno/internal/rehearse"
)

// write is the report as text.
func (s *simulated) write(w io.Writer) error {
	words := wordsOf("en")
	fmt.Fprintf(w, "%s, shop %s, %s to %s: %s customers, %s orders", s.File, s.Shop, s.From.In(s.zone).Format("2006-01-02"), s.To.In(s.zone).Format("2006-01-02"), grouped(s.Customers), grouped(s.Orders))
	if s.AverageOrder != "" {
		fmt.Fprintf(w, ", %s %s on average", s.AverageOrder, s.Currency)
	}
	fmt.Fprintf(w, "\nNothing was sent. %s messages to %s customers would cost %s %s.\n", grouped(s.Messages), grouped(s.PerCustomer.WrittenTo), s.Cost, s.Currency)
	for _, part := range []func(io.Writer, *simulateWords) error{s.textEntries, s.textSteps, s.textMonths, s.textBlocked, s.textRest, s.textCompare} {
		if err := part(w, words); err != nil {
			return err
		}
	}
	for _, n := range s.Notes {
		fmt.Fprintf(w, "\n* %s", n.Text)
	}
	for _, f := range s.Read.Faults {
		fmt.Fprintf(w, "\n    %s", f)
	}
	_, err := fmt.Fprintln(w)
	return err
}

func (s *simulated) textEntries(w io.Writer, words *simulateWords) error {
	rows := [][]any{{"JOURNEY", "ENTERED", "ENDED"}}
	for _, e := range s.Entries {
		rows = append(rows, []any{e.Journey, e.Entered, endings(e, words, strconv.Itoa)})
	}
	fmt.Fprintln(w)
	return table(w, rows...)
}

// endings are the ways in which a journey ended, the most frequent first.
func endings(e rehearse.Entry, words *simulateWords, count func(int) string) string {
	whys := slices.SortedFunc(maps.Keys(e.Ended), func(a, b string) int {
		if d := e.Ended[b] - e.Ended[a]; d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
	var all []string
	for _, why := range whys {
		all = append(all, words.reason(why)+" "+count(int(e.Ended[why])))
	}
	return orDash(strings.Join(all, ", "))
}

func (s *simulated) textSteps(w io.Writer, _ *simulateWords) error {
	if len(s.Steps) == 0 {
		return nil
	}
	rows := [][]any{{"JOURNEY", "STEP", "CHANNEL", "TEMPLATE", "MESSAGES", "SEGMENTS", "COST"}}
	for _, st := range s.Steps {
		rows = append(rows, []any{st.Journey, st.Step, st.Channel, st.Template, st.Messages, segmentsOf(st), st.Cost})
	}
	for _, c := range s.Channels {
		rows = append(rows, []any{"all", "", c.Channel, "", c.Messages, segmentsOf(rehearse.Step{Channel: c.Channel, Segments: c.Segments}), c.Cost})
	}
	fmt.Fprintln(w)
	return table(w, rows...)
}

// segmentsOf is empty for e-mail, which has none.
func segmentsOf(st rehearse.Step) string {
	if st.Channel == "email" {
		return "-"
	}
	return strconv.Itoa(st.Segments)
}

func (s *simulated) textMonths(w io.Writer, _ *simulateWords) error {
	if len(s.Months) == 0 {
		return nil
	}
	rows := [][]any{{"MONTH", "EMAIL", "SMS", "COST"}}
	for _, m := range s.Months {
		rows = append(rows, []any{m.Month, m.Email, m.SMS, m.Cost})
	}
	fmt.Fprintln(w)
	return table(w, rows...)
}

func (s *simulated) textBlocked(w io.Writer, words *simulateWords) error {
	if len(s.Blocked)+len(s.Moved) == 0 {
		return nil
	}
	rows := [][]any{{"JOURNEY", "STEP", "WITHOUT A MESSAGE", "WHY"}}
	for _, b := range s.Blocked {
		rows = append(rows, []any{b.Journey, b.Step, b.Steps, words.reason(b.Reason)})
	}
	for _, m := range s.Moved {
		rows = append(rows, []any{m.Journey, "any", m.Messages, "moved: " + words.reason(m.Reason)})
	}
	fmt.Fprintln(w)
	return table(w, rows...)
}

func (s *simulated) textRest(w io.Writer, words *simulateWords) error {
	p := s.PerCustomer
	fmt.Fprintf(w, "\nA customer who is written to gets %.2f messages on average; half get at most %d, nine in ten at most %d, the most %d.\n", p.Mean, p.P50, p.P90, p.Max)
	fmt.Fprintf(w, words.SparedLead+"\n", s.Spared.Customers, s.Spared.Messages, s.Spared.Stopped)
	r := s.Returns
	if r.Watched > 0 {
		fmt.Fprintf(w, words.ReturnsLead+"\n", r.Followed, r.Watched, r.Days, percent(r.Share), percent(r.Low), percent(r.High))
	}
	if r.BreakEven.Orders > 0 {
		fmt.Fprintf(w, words.BreakEvenLead+"\n", s.Cost, s.Currency, few(r.BreakEven.Orders), percent(r.BreakEven.Share))
	}
	_, err := fmt.Fprintf(w, words.Prices+"\n", s.SMSPrice, s.MailPrice, s.Currency)
	return err
}

// few is a small number with two figures that count, a larger one rounded up.
func few(n float64) string {
	if n < 10 {
		return strconv.FormatFloat(n, 'g', 2, 64)
	}
	return grouped(int(math.Ceil(n)))
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 2, 64) + " %" }

func (s *simulated) textCompare(w io.Writer, words *simulateWords) error {
	c := s.Compare
	if c == nil {
		return nil
	}
	fmt.Fprintf(w, "\n%s against %s\n\n", s.names[0], c.Config)
	rows := [][]any{{"", "FIRST", "OTHER", "DIFFERENCE"}}
	for _, l := range s.lines(words) {
		rows = append(rows, []any{l.What, l.First, l.Other, l.Difference})
	}
	if err := table(w, rows...); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s customers are treated the same, %s differently; %s are written to by the first only, %s by the other only.\n",
		grouped(c.Same), grouped(c.Different), grouped(c.OnlyFirst), grouped(c.OnlyOther))
	for _, ex := range c.Examples {
		first, other := s.storiesOf(ex, words)
		fmt.Fprintf(w, "\ncustomer %s\n  first: %s\n  other: %s\n", ex.Customer, first, other)
	}
	return nil
}

// storiesOf tells an example from where the two begin to differ.
func (s *simulated) storiesOf(ex contrast, words *simulateWords) (first, other string) {
	same := 0
	for same < min(len(ex.First), len(ex.Other)) && ex.First[same] == ex.Other[same] {
		same++
	}
	return s.storyOf(ex.First, same, words), s.storyOf(ex.Other, same, words)
}

// storyMost is how many messages of an example are told.
const storyMost = 4

// storyOf is an example's messages from one on, in one line, at the shop's time.
func (s *simulated) storyOf(all []planMessage, from int, words *simulateWords) string {
	var parts []string
	if from > 0 {
		parts = append(parts, fmt.Sprintf(words.Before, from))
	}
	for _, m := range all[from:min(len(all), from+storyMost)] {
		text := fmt.Sprintf("%s %s %d %s %s", m.At.In(s.zone).Format("2006-01-02 15:04"), m.Journey, m.Step, words.Channels[m.Channel], m.Template)
		if m.What == rehearse.Dropped {
			text += " (" + words.NotSent + ": " + words.reason(m.Reason) + ")"
		}
		parts = append(parts, text)
	}
	if n := len(all) - from - storyMost; n > 0 {
		parts = append(parts, fmt.Sprintf(words.More, n))
	}
	if len(all) == from {
		parts = append(parts, words.None)
	}
	return strings.Join(parts, " · ")
}

// versus is one line of a comparison.
type versus struct{ What, First, Other, Difference string }

// lines hold the two reports against each other.
func (s *simulated) lines(words *simulateWords) []versus {
	a, b := s.Report, s.Compare.Report
	number := func(what string, x, y int) versus {
		return versus{what, grouped(x), grouped(y), signed(y - x)}
	}
	var all []versus
	for _, j := range journeysOf(a, b) {
		all = append(all, number(words.Entered+": "+j, enteredOf(a, j), enteredOf(b, j)))
	}
	all = append(all, number(words.Messages, a.Messages, b.Messages), number(words.WrittenTo, a.PerCustomer.WrittenTo, b.PerCustomer.WrittenTo))
	for _, ch := range []string{"email", "sms"} {
		all = append(all, number(words.Channels[ch], channelOf(a, ch), channelOf(b, ch)))
	}
	return append(all, versus{words.Cost + " " + s.Currency, a.Cost, b.Cost, costDifference(a.Cost, b.Cost)})
}

func signed(n int) string {
	switch {
	case n > 0:
		return "+" + grouped(n)
	case n < 0:
		return "-" + grouped(-n)
	}
	return "0"
}

// costDifference subtracts two decimal texts of cents.
func costDifference(a, b string) string {
	cents := func(s string) int {
		n, _ := strconv.Atoi(strings.Replace(s, ".", "", 1)) // our own text of two places
		return n
	}
	d := cents(b) - cents(a)
	sign := "+"
	if d == 0 {
		sign = ""
	} else if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%d.%02d", sign, d/100, d%100)
}

func journeysOf(reports ...*rehearse.Report) (all []string) {
	for _, r := range reports {
		for _, e := range r.Entries {
			if !slices.Contains(all, e.Journey) {
				all = append(all, e.Journey)
			}
		}
	}
	return all
}

func enteredOf(r *rehearse.Report, journey string) int {
	for _, e := range r.Entries {
		if e.Journey == journey {
			return int(e.Entered)
		}
	}
	return 0
}

func channelOf(r *rehearse.Report, channel string) int {
	for _, c := range r.Channels {
		if c.Channel == channel {
			return c.Messages
		}
	}
	return 0
}
