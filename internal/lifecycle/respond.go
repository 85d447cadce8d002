package lifecycle

import (
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// opened notes that a landing page was fetched. That is no response yet: it
// may have been a scanner.
func (d *decision) opened() {
	if d.ev.Response == nil {
		return
	}
	m := d.message(d.ev.Response.MessageID)
	if m == nil || m.Opened {
		d.t.Reason = ReasonNothingNew
		return
	}
	m.Opened = true
	d.hear(m, ReactionOpen)
	d.t.count("opened:" + m.Journey + ":" + itoa(m.Step))
	d.note(m.Template)
}

// seenAgain is how soon a page that was seen may be loaded again without being
// a reaction of its own: else a page left open fills the record.
const seenAgain = 24 * time.Hour

// lastResponse is when the contact reacted last.
func (d *decision) lastResponse() (at time.Time) {
	for _, m := range d.c.Marks {
		if m.Kind == MarkResponse {
			at = maxTime(at, m.At)
		}
	}
	return at
}

// responded takes in a confirmed human reaction.
func (d *decision) responded() {
	resp := d.ev.Response
	if resp == nil {
		return
	}
	m := d.message(resp.MessageID)
	if m != nil && m.Responded && resp.Kind == ResponseSeen && d.ev.At.Sub(d.lastResponse()) < seenAgain {
		d.t.Reason = ReasonNothingNew
		return
	}
	if !d.mark(Mark{Kind: MarkResponse, At: d.ev.At, Key: digest("response", resp.MessageID, string(resp.Kind), d.ev.Key)}) {
		return
	}
	d.hear(m, reactionOf(resp.Kind))
	text := string(resp.Kind)
	a := Answer{At: d.ev.At, Kind: resp.Kind, Choice: clip(resp.Choice, 64), Text: clip(resp.Text, 500)}
	if m != nil {
		first := !m.Responded
		m.Opened, m.Responded = true, true
		a.Journey, a.Step = m.Journey, m.Step
		if first {
			d.t.count("responded:" + m.Journey + ":" + itoa(m.Step))
		}
	}
	if resp.Kind != ResponseSeen {
		d.c.Answers = append(d.c.Answers, a)
		if len(d.c.Answers) > MaxAnswers {
			d.c.Answers = d.c.Answers[1:]
		}
	}
	if a.Choice != "" {
		if text += " " + a.Choice; resp.Kind == ResponseReply {
			d.t.count("reply:" + a.Choice)
		}
	}
	if a.Text != "" {
		text += ": " + a.Text
	}
	d.note(text)
}
