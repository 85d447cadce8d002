package main

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Measures of the picture, in pixels.
const (
	svgMargin   = 24
	svgCard     = 214 // width of a card
	svgApart    = 234 // least distance between two moments, so that cards do not touch
	svgFarthest = 468 // a longer stretch is drawn this long, with a break
	svgLineY    = 156 // of the time line
	svgCardsY   = 178 // top of the cards
	svgRow      = 17  // height of a line of text
	svgLetters  = 30  // letters of 12 pixels that fit into a card
	svgWords    = 4   // most lines that a message takes
)

// svgStyle colours the picture for bright and for dark screens.
const svgStyle = `
:root{--back:#fff;--card:#f6f3ee;--edge:#d9d2c7;--ink:#23201c;--soft:#655e55;--line:#8a3b12}
@media (prefers-color-scheme:dark){:root{--back:#1c2220;--card:#262e2b;--edge:#3d4743;--ink:#f0ede8;--soft:#b3aca2;--line:#f0a376}}
text{font-family:Helvetica,Arial,sans-serif;font-size:12px;fill:var(--ink)}
.back{fill:var(--back)}.card{fill:var(--card);stroke:var(--edge)}.line,.exit{stroke:var(--line);stroke-width:2;fill:none}
.exit{stroke-width:1;stroke-dasharray:4 4}.dot{fill:var(--line)}.title{font-size:20px;font-weight:bold}
.bold{font-weight:bold}.soft{fill:var(--soft)}.day{font-weight:bold;fill:var(--line)}
`

// moment is a point of the time line with its card.
type moment struct {
	at   time.Duration
	day  string
	rows []cardRow
	x    int
	cut  bool // the stretch before it is drawn shorter than it is
}

// cardRow is a line of text on a card.
type cardRow struct{ class, text string }

// drawJourney draws the time line as an SVG of its own.
func drawJourney(v journeyView, w *lineWords) string {
	list := moments(v, w)
	place(list)
	last, rows := list[len(list)-1], 0
	for _, m := range list {
		rows = max(rows, len(m.rows))
	}
	width, height := last.x+svgCard+svgMargin, svgCardsY+rows*svgRow+20+svgMargin
	title := w.Title + " " + v.Name
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" lang="%s" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="t d">`+"\n",
		w.Lang, width, height, width, height)
	fmt.Fprintf(&b, "<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n<style>%s</style>\n", escaped(title), escaped(described(list, v, w)), svgStyle)
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d"/>`+"\n", width, height)
	write(&b, svgMargin, 40, "title", title)
	write(&b, svgMargin, 60, "soft", settings(v, w))
	drawExit(&b, list[0].x, last.x, w.Leaves+w.Leave[v.Trigger])
	drawLine(&b, list)
	for _, m := range list {
		drawCard(&b, m)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// settings are what holds for the journey as a whole.
func settings(v journeyView, w *lineWords) string {
	list := []string{string(v.Trigger), fmt.Sprintf("priority %d", v.Priority), "reentry " + v.Reentry}
	if v.PerDay > 0 {
		list = append(list, fmt.Sprintf("entries_per_day %d", v.PerDay))
	}
	if v.Holdout > 0 {
		list = append(list, w.Share+hundredths(v.Holdout))
	}
	if v.StopIf != "" {
		list = append(list, w.StopIf+v.StopIf)
	}
	return strings.Join(list, " · ")
}

func moments(v journeyView, w *lineWords) []moment {
	list := []moment{{day: w.Start, rows: wrapped("", w.Enter[v.Trigger], svgWords)}}
	for _, s := range v.Steps {
		day := fmt.Sprintf(w.Day, s.Due)
		if strings.HasPrefix(s.After, "+") {
			day = fmt.Sprintf(w.From, s.Due, s.After)
		}
		list = append(list, moment{at: s.at, day: day, rows: stepRows(s, w)})
	}
	end := append([]cardRow{{"bold", w.End}}, wrapped("", w.Quiet+w.state(v), svgWords+2)...)
	return append(list, moment{at: v.Finish.at, day: fmt.Sprintf(w.Day, v.Finish.Due), rows: end})
}

func stepRows(s stepView, w *lineWords) []cardRow {
	rows := wrapped("bold", fmt.Sprintf("%d. %s", s.Step, templatesText(s)), svgWords+2)
	rows = append(rows, wrapped("soft", w.channels(s.Channels), 2)...)
	shown := map[string]bool{}
	for _, x := range s.Words {
		if text := "«" + flat(x.Subject+x.Text) + "»"; !shown[text] {
			shown[text] = true
			rows = append(rows, wrapped("", text, svgWords)...)
		}
	}
	var more []string
	if s.WaitFor != nil {
		more = append(more, fmt.Sprintf(w.Wait, w.Events[s.WaitFor.Event], s.WaitFor.Timeout, w.Otherwise[s.WaitFor.Otherwise]))
	}
	if s.When != "" {
		more = append(more, w.When+s.When)
	}
	if s.StopIf != "" {
		more = append(more, w.StopIf+s.StopIf)
	}
	if len(s.Offers) > 0 {
		more = append(more, w.Offer+strings.Join(s.Offers, w.Else))
	}
	for _, text := range more {
		rows = append(rows, wrapped("soft", text, svgWords)...)
	}
	return rows
}

// place puts the moments on the line: in proportion to their days, at least so
// far apart that their cards stand side by side, and cut where one stretch is
// much longer than the shortest of a day or more.
func place(list []moment) {
	shortest := time.Duration(0)
	for i := 1; i < len(list); i++ {
		if d := list[i].at - list[i-1].at; d >= 24*time.Hour && (shortest == 0 || d < shortest) {
			shortest = d
		}
	}
	list[0].x = svgMargin
	for i := 1; i < len(list); i++ {
		apart := svgApart
		if shortest > 0 {
			apart = max(apart, int(float64(svgApart)*float64(list[i].at-list[i-1].at)/float64(shortest)))
		}
		list[i].cut = apart > svgFarthest
		list[i].x = list[i-1].x + min(apart, svgFarthest)
	}
}

// drawExit draws what leads out of the journey at any time.
func drawExit(b *strings.Builder, from, to int, text string) {
	fmt.Fprintf(b, `<path class="exit" d="M%d %dV108H%dV%d"/>`+"\n", from+6, svgLineY-26, to+6, svgLineY-26)
	y := 102
	rows := wrapped("", text, 2)
	if letters := (to - from + svgCard) / 7; letters > svgLetters {
		rows = wrap("", text, 2, letters)
	}
	for i, r := range rows {
		write(b, from+14, y-(len(rows)-1-i)*svgRow, r.class, r.text)
	}
}

func drawLine(b *strings.Builder, list []moment) {
	fmt.Fprintf(b, `<path class="line" d="M%d %dH%d"/>`+"\n", list[0].x+6, svgLineY, list[len(list)-1].x+6)
	for i, m := range list {
		if m.cut {
			x := (list[i-1].x + m.x) / 2
			fmt.Fprintf(b, `<rect class="back" x="%d" y="%d" width="12" height="8"/><path class="line" d="M%d %dl6 -14M%d %dl6 -14"/>`+"\n",
				x, svgLineY-4, x-3, svgLineY+7, x+9, svgLineY+7)
		}
	}
	for _, m := range list {
		fmt.Fprintf(b, `<circle class="dot" cx="%d" cy="%d" r="6"/>`+"\n", m.x+6, svgLineY)
		write(b, m.x+18, svgLineY-12, "day", m.day)
	}
}

func drawCard(b *strings.Builder, m moment) {
	fmt.Fprintf(b, `<rect class="card" x="%d" y="%d" width="%d" height="%d" rx="8"/>`+"\n", m.x, svgCardsY, svgCard, len(m.rows)*svgRow+16)
	for i, r := range m.rows {
		write(b, m.x+10, svgCardsY+svgRow*(i+1)+4, r.class, r.text)
	}
}

// described is the picture in words, for whoever does not see it.
func described(list []moment, v journeyView, w *lineWords) string {
	var out []string
	for _, m := range list {
		text := m.day + ":"
		for _, r := range m.rows {
			text += " " + r.text
		}
		out = append(out, text+".")
	}
	return strings.Join(append(out, w.Leaves+w.Leave[v.Trigger]+"."), " ")
}

func write(b *strings.Builder, x, y int, class, text string) {
	fmt.Fprintf(b, `<text x="%d" y="%d"`, x, y)
	if class != "" {
		fmt.Fprintf(b, ` class="%s"`, class)
	}
	fmt.Fprintf(b, ">%s</text>\n", escaped(text))
}

// escaped is text that may stand in XML, whatever an owner wrote.
func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}

func wrapped(class, text string, most int) []cardRow {
	if class == "bold" {
		return wrap(class, text, most, svgLetters-3)
	}
	return wrap(class, text, most, svgLetters)
}

// wrap breaks text into lines of so many letters; what does not fit into most
// lines ends with three dots.
func wrap(class, text string, most, letters int) (rows []cardRow) {
	line := []rune{}
	for _, word := range strings.Fields(text) {
		w := []rune(word)
		if len(line) > 0 && len(line)+1+len(w) > letters {
			rows, line = append(rows, cardRow{class, string(line)}), nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for line = append(line, w...); len(line) > letters; line = slices.Clone(line[letters:]) {
			rows = append(rows, cardRow{class, string(line[:letters])})
		}
	}
	if len(line) > 0 {
		rows = append(rows, cardRow{class, string(line)})
	}
	if len(rows) > most {
		rows = rows[:most]
		rows[most-1].text += " …"
	}
	return rows
}
