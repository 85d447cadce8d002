package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// printJourney writes the time line as a table, and the words of each message
// below.
func printJourney(out io.Writer, v journeyView) error {
	w := lineWordsOf("en")
	fmt.Fprintf(out, "%s, on %s: starts with %s\n", flat(v.Name), v.Trigger, w.Enter[v.Trigger])
	fmt.Fprintf(out, "priority %d, reentry %s, entries a day %s, holdout %s, stops if %s\n\n",
		v.Priority, flat(reentryText(v.Reentry)), orWord(v.PerDay > 0, strconv.Itoa(v.PerDay), "without limit"),
		orWord(v.Holdout > 0, hundredths(v.Holdout), "none"), orWord(v.StopIf != "", flat(v.StopIf), "never"))
	if err := table(out, journeyRows(v)...); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nEnds at once by: %s.\nElse it ends %s after its start at the earliest: %s.\n\n", w.Leave[v.Trigger], flat(v.Finish.Due), w.state(v))
	rows := [][]any{}
	for _, s := range v.Steps {
		for _, x := range s.Words {
			rows = append(rows, []any{s.Step, x.Channel, flat(x.Template), flat(x.Subject + x.Text)})
		}
	}
	return table(out, rows...)
}

// journeyRows are the table's rows, without the columns in which nothing
// stands.
func journeyRows(v journeyView) [][]any {
	rows := [][]string{{"DAY", "STEP", "CHANNELS", "TEMPLATE", "ONLY WHEN", "STOPS IF", "WAITS FOR", "OFFER", "EXPIRES"}}
	for _, s := range v.Steps {
		day, wait, offers := s.Due, "", strings.Join(s.Offers, ", else ")
		if strings.HasPrefix(s.After, "+") {
			day = "from " + s.Due + " (" + s.After + ")"
		}
		if s.WaitFor != nil {
			wait = fmt.Sprintf("%s, at most %s, then %s", s.WaitFor.Event, s.WaitFor.Timeout, s.WaitFor.Otherwise)
		}
		rows = append(rows, []string{day, strconv.Itoa(s.Step), strings.Join(s.Channels, ", else "), templatesText(s), s.When, s.StopIf, wait, offers, s.Expires})
	}
	rows = append(rows, []string{v.Finish.Due, "end", "", "then " + v.Finish.Otherwise, "", "", "", "", ""})
	out := make([][]any, len(rows))
	for column := range rows[0] {
		if !slices.ContainsFunc(rows[1:], func(row []string) bool { return row[column] != "" }) {
			continue
		}
		for i, row := range rows {
			out[i] = append(out[i], orWord(row[column] != "", flat(row[column]), "-"))
		}
	}
	return out
}

// templatesText names the template, or the variants with their shares.
func templatesText(s stepView) string {
	if len(s.Variants) == 0 {
		return s.Template
	}
	var list []string
	for _, x := range s.Variants {
		list = append(list, fmt.Sprintf("%s %s %s", hundredths(x.Share), x.Name, x.Template))
	}
	return strings.Join(list, " | ")
}

func reentryText(r string) string {
	if r == "always" || r == "never" {
		return r
	}
	return r + " after the last entry"
}

func orWord(ok bool, text, instead string) string {
	if ok {
		return text
	}
	return instead
}

// flat shows text of an owner on a terminal: without line breaks, tabs and
// control characters.
func flat(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f && r < 0xa0 }), " ")
}
