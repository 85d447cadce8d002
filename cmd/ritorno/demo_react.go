package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/generate"
	"ritorno/internal/lifecycle"
)

var linkCode = regexp.MustCompile(`/l/([0-9A-Za-z_-]{6,})`)

// fate is what becomes of a message on its way.
func (d *demo) fate(s fake.Sent) fake.Fate {
	d.fresh = append(d.fresh, s)
	d.tally.taken++
	f, _ := d.lost(s)
	return f
}

// lost tells the few messages that never arrive: some numbers are dead, some
// mailboxes gone.
func (d *demo) lost(s fake.Sent) (f fake.Fate, lost bool) {
	person, ok := d.reader(s)
	switch {
	case ok && s.Channel == lifecycle.SMS && person%67 == 13:
		return fake.Fate{Event: "undelivered", Code: "30005"}, true
	case ok && s.Channel == lifecycle.Email && person%71 == 17:
		return fake.Fate{Event: "bounce", Code: "550 5.1.1 no such mailbox"}, true
	}
	return f, false
}

// reader is who a message went to.
func (d *demo) reader(s fake.Sent) (person int, ok bool) {
	if s.Channel == lifecycle.SMS {
		person, ok = d.byPhone[s.To]
		return person, ok
	}
	person, ok = d.byEmail[s.To]
	return person, ok
}

// read looks into the outbox of the providers, lets them call back, and lets
// people react to what is new.
func (d *demo) read(ctx context.Context) error {
	accepted := d.provider.Counts().Accepted
	if accepted == d.tally.taken {
		return nil
	}
	for range 200 {
		if err := d.provider.Flush(ctx); err != nil {
			return err
		}
		if d.tally.taken >= accepted || ctx.Err() != nil {
			break
		}
		<-time.After(time.Millisecond) // the provider has taken it, but not yet answered
	}
	fresh := d.fresh
	d.fresh = nil
	// Sends at one instant are under way at once: put them in an order of ours,
	// so that the same seed is the same play.
	slices.SortStableFunc(fresh, func(a, b fake.Sent) int {
		x, _ := d.reader(a)
		y, _ := d.reader(b)
		return cmp.Or(cmp.Compare(x, y), a.At.Compare(b.At))
	})
	for _, s := range fresh {
		if err := d.receive(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// receive lets a person get a message.
func (d *demo) receive(ctx context.Context, s fake.Sent) error {
	person, ok := d.reader(s)
	if !ok {
		return fmt.Errorf("the service wrote to somebody who is no customer of the demo's shop")
	}
	a := &d.actors[person]
	c, err := d.record(ctx, a)
	if err != nil {
		return err
	}
	id := lifecycle.MessageOf(s.AttemptID)
	i := slices.IndexFunc(c.Messages, func(m lifecycle.Message) bool { return m.ID == id })
	if i < 0 {
		return fmt.Errorf("message %s left, but its contact's record does not hold it", id)
	}
	m := c.Messages[i]
	d.tally.sent(c.ID, m, s, a.out[s.Channel])
	if _, lost := d.lost(s); lost {
		return nil
	}
	d.react(person, m, s, d.reactionTo(person, m, s))
	return nil
}

func (d *demo) reactionTo(person int, m lifecycle.Message, s fake.Sent) generate.Reaction {
	if d.plot.life != nil {
		return d.plot.life.React(person, m.Step, s.Channel, m.Template, s.At)
	}
	return generate.ReactionOf(d.o.seed, d.actors[person].Person, m.Step, s.Channel, m.Template, s.At)
}

// react puts a person's reaction to a message on the programme.
func (d *demo) react(person int, m lifecycle.Message, s fake.Sent, r generate.Reaction) {
	code := ""
	if found := linkCode.FindStringSubmatch(s.Body); found != nil {
		code = found[1]
	}
	if r.Opens > 0 && code != "" {
		d.at(s.At.Add(r.Opens), person, func(ctx context.Context) error { return d.visit(ctx, person, code, m, s, r) })
	}
	if r.Reply != "" {
		d.at(s.At.Add(r.ReplyIn), person, func(ctx context.Context) error { return d.reply(ctx, person, r.Reply) })
	}
	if r.Buys > 0 {
		at := s.At.Add(r.Buys).Truncate(time.Second)
		d.at(at, person, func(context.Context) error {
			a := &d.actors[person]
			for _, ev := range d.plot.life.Comeback(person, at, a.comeback, !a.busyTo.After(at)) {
				d.plan(ev)
			}
			a.comeback++
			return nil
		})
	}
}

// visit is a person, or a scanner, at a landing page.
func (d *demo) visit(ctx context.Context, person int, code string, m lifecycle.Message, s fake.Sent, r generate.Reaction) error {
	page := "/l/" + code
	if _, err := d.do(ctx, http.MethodGet, page, nil, nil); err != nil {
		return err
	}
	d.mu.Lock()
	d.out.landing = d.url + page
	d.mu.Unlock()
	switch {
	case r.Leaves:
		return d.leave(ctx, person, code, s)
	case !r.Seen:
		return nil
	}
	if err := d.form(ctx, page+"/seen", nil); err != nil {
		return err
	}
	switch {
	case r.Answer == "":
		return nil
	case m.Template == "contest":
		return d.form(ctx, page+"/answer", url.Values{"rules": {"yes"}})
	}
	return d.form(ctx, page+"/answer", url.Values{"choice": {r.Answer}, "text": {r.Text}})
}

// leave unsubscribes: from an e-mail with the mail program's own button, from
// an SMS on the preference page.
func (d *demo) leave(ctx context.Context, person int, code string, s fake.Sent) error {
	a := &d.actors[person]
	if s.Channel == lifecycle.Email {
		way := strings.Trim(s.Headers["List-Unsubscribe"], "<>")
		defer func() { a.leave(d.clock.now(), lifecycle.Email) }()
		return d.form(ctx, strings.TrimPrefix(way, d.url), url.Values{"List-Unsubscribe": {"One-Click"}})
	}
	defer func() { a.leave(d.clock.now(), lifecycle.Email, lifecycle.SMS) }()
	return d.form(ctx, "/u/"+code, url.Values{"form": {"1"}, "all": {"off"}})
}

// reply is an SMS to the shop's number, signed by the provider.
func (d *demo) reply(ctx context.Context, person int, text string) error {
	a := &d.actors[person]
	status, err := d.provider.Reply(ctx, demoFrom, a.Phone, text, d.url+"/callbacks/twilio/inbound")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("reply by SMS: %w: %d", errAnswer, status)
	}
	if text == "STOP" || text == "Basta, grazie" {
		a.leave(d.clock.now(), lifecycle.SMS)
	}
	return err
}
