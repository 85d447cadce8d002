package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// redraw is how often, in real time, a terminal shows the funnel anew.
const redraw = 150 * time.Millisecond

// stage is what the audience sees: the funnel redrawn in place on a terminal,
// else a line for each simulated month.
type stage struct {
	out, errs io.Writer
	live      io.Writer // where the funnel moves; nil: nowhere
	tty       bool
	json      bool

	landing string // the last landing page that somebody opened
	drawn   time.Time
	month   string
	lines   int // of the last drawing
}

// newStage keeps stdout clean for JSON: what moves then goes to stderr, and
// only where somebody sees it.
func newStage(out, errs io.Writer, json bool) *stage {
	s := &stage{out: out, errs: errs, live: out, json: json}
	if json {
		s.live = errs
	}
	f, ok := s.live.(*os.File)
	s.tty = ok && term.IsTerminal(int(f.Fd()))
	if json && !s.tty {
		s.live = nil
	}
	return s
}

func (s *stage) begin(d *demo) {
	if s.live == nil {
		return
	}
	p := d.plot
	what := "a generated shop, Bottega Rossi"
	if p.life == nil {
		what = d.o.orders
	}
	fmt.Fprintf(s.live, "Ritorno demo: %s, %d customers, %s to %s\n", what, len(p.people), p.from.Format(time.DateOnly), p.to.In(p.zone).Format(time.DateOnly))
	fmt.Fprintf(s.live, "service %s · pretend Twilio and SendGrid %s · nothing leaves this machine\n\n", d.url, d.providerURL)
}

// tick shows the funnel when it is time to.
func (s *stage) tick(ctx context.Context, d *demo, at time.Time) error {
	if s.live == nil {
		return nil
	}
	month := at.In(d.plot.zone).Format("2006-01")
	if s.month == "" {
		s.month = month
	}
	if s.tty && time.Since(s.drawn) < redraw || !s.tty && month == s.month {
		return nil
	}
	s.drawn, s.month = time.Now(), month
	f, err := d.funnel(ctx, at)
	if err != nil {
		return err
	}
	s.show(f)
	return nil
}

func (s *stage) show(f funnel) {
	if !s.tty {
		fmt.Fprintln(s.live, f.line())
		return
	}
	block := f.block()
	if s.lines > 0 {
		fmt.Fprintf(s.live, "\x1b[%dA\x1b[J", s.lines)
	}
	s.lines = strings.Count(block, "\n")
	fmt.Fprint(s.live, block)
}

// line is the funnel in one line.
func (f funnel) line() string {
	return fmt.Sprintf("%s  contacts %d  orders %d | active %d  dormant %d  cancelled %d  returning %d  unsubscribed %d | messages %d  responses %d | won back %d by order, %d by response  %s %s",
		f.Until, f.Contacts, f.Orders, f.States["active"], f.States["dormant"], f.States["cancelled"], f.States["returning"], f.States["unsubscribed"],
		f.Sent, f.Responses, f.WonByOrder, f.WonByResponse, f.Revenue, f.Currency)
}

// block is the funnel as a picture.
func (f funnel) block() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s    contacts %-6d orders %-6d webhooks %d\n\n", f.Until, f.Contacts, f.Orders, f.Webhooks)
	for _, state := range []string{"active", "dormant", "cancelled", "returning", "unsubscribed"} {
		fmt.Fprintf(&b, "  %-14s %6d  %s\n", state, f.States[state], bar(f.States[state], f.Contacts))
	}
	fmt.Fprintf(&b, "\n  %-14s %6d  (failed %d, outcome unknown %d)\n", "messages", f.Sent, f.Failed, f.Uncertain)
	for _, row := range f.rows() {
		fmt.Fprintf(&b, "    %s\n", row)
	}
	fmt.Fprintf(&b, "\n  went quiet     %6d\n", f.Entered)
	fmt.Fprintf(&b, "  opened         %6d\n", f.Opened)
	fmt.Fprintf(&b, "  responses      %6d\n", f.Responses)
	fmt.Fprintf(&b, "  won by order   %6d  %s\n", f.WonByOrder, bar(f.WonByOrder, f.Entered))
	fmt.Fprintf(&b, "  won by answer  %6d  %s\n", f.WonByResponse, bar(f.WonByResponse, f.Entered))
	fmt.Fprintf(&b, "  let go         %6d  %s\n", f.LetGo, bar(f.LetGo, f.Entered))
	fmt.Fprintf(&b, "  opted out      %6d by e-mail, %d by SMS\n", f.OptOutEmail, f.OptOutSMS)
	fmt.Fprintf(&b, "\n  orders of those who had gone quiet: %s %s\n", f.Revenue, f.Currency)
	return b.String()
}

// rows are the messages by journey and step, both channels in one line.
func (f funnel) rows() []string {
	var rows []string
	for i, m := range f.Messages {
		cell := fmt.Sprintf("%s %d", m.Channel, m.Sent)
		if i > 0 && f.Messages[i-1].Journey == m.Journey && f.Messages[i-1].Step == m.Step {
			rows[len(rows)-1] += ", " + cell
			continue
		}
		rows = append(rows, fmt.Sprintf("%-14s step %d  %s", m.Journey, m.Step, cell))
	}
	return rows
}

func bar(n, of int64) string {
	if of <= 0 || n <= 0 {
		return ""
	}
	return strings.Repeat("█", int(max(1, n*40/of)))
}
