package fake

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"ritorno/internal/lifecycle"
)

// batch is how many e-mails' events go into one call.
const batch = 200

// report queues the callbacks about a message.
func (p *Provider) report(s *Sent) {
	if p.o.CallbackClient == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) >= p.o.Keep {
		p.pending = p.pending[1:]
		p.counts.Lost++
	}
	p.pending = append(p.pending, s)
}

// start delivers callbacks by itself, where that is wanted.
func (p *Provider) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.o.Auto && !p.running && len(p.pending) > 0 && p.ctx.Err() == nil {
		p.running = true
		p.work.Go(p.deliver)
	}
}

// deliver flushes until nothing is left, then ends.
func (p *Provider) deliver() {
	for {
		_ = p.Flush(p.ctx) // counted as lost
		p.mu.Lock()
		if len(p.pending) == 0 || p.ctx.Err() != nil {
			p.running = false
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

// Flush delivers the callbacks that wait, in the order of the messages. It
// returns an error if any was not answered with 2xx; none is tried again.
func (p *Provider) Flush(ctx context.Context) error {
	p.flushing.Lock()
	defer p.flushing.Unlock()
	p.mu.Lock()
	list := p.pending
	p.pending = nil
	p.mu.Unlock()
	var mails []*Sent
	lost := 0
	for _, s := range list {
		if s.Channel == lifecycle.Email {
			mails = append(mails, s)
			continue
		}
		lost += p.smsStatus(ctx, s)
	}
	for part := range slices.Chunk(mails, batch) {
		lost += p.mailEvents(ctx, part)
	}
	if lost > 0 {
		return fmt.Errorf("deliver callbacks: %d were not answered with 2xx", lost)
	}
	return nil
}

func (p *Provider) fate(s *Sent) Fate {
	var f Fate
	if p.o.Fate != nil {
		p.mu.Lock()
		told := *s
		p.mu.Unlock()
		f = p.o.Fate(told)
	}
	if f.Event == "" {
		f.Event = "delivered"
	}
	return f
}

func (p *Provider) setStatus(s *Sent, status, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Status, s.why = status, why
}

// smsStatus posts "sent" and then what became of it.
func (p *Provider) smsStatus(ctx context.Context, s *Sent) (lost int) {
	f := p.fate(s)
	if f.Event == "none" || s.callback == "" {
		return 0
	}
	for _, status := range []string{"sent", f.Event} {
		why := ""
		if status == f.Event {
			why = f.Code
		}
		p.setStatus(s, status, why)
		form := url.Values{
			"AccountSid": {s.account}, "ApiVersion": {"2010-04-01"}, "From": {s.From}, "To": {s.To},
			"MessageSid": {s.ID}, "SmsSid": {s.ID}, "MessageStatus": {status}, "SmsStatus": {status},
		}
		if s.service != "" {
			form.Set("MessagingServiceSid", s.service)
		}
		if why != "" {
			form.Set("ErrorCode", why)
		}
		lost += p.count(p.postTwilio(ctx, s.callback, form))
	}
	return lost
}

// Reply sends an SMS from a contact to the shop's number: a signed inbound
// call to where Twilio would post it. It returns the HTTP status.
func (p *Provider) Reply(ctx context.Context, to, from, body, callback string) (int, error) {
	p.mu.Lock()
	p.counts.Requests++ // ids stay unique
	id := p.sid(p.counts.Requests)
	p.mu.Unlock()
	return p.postTwilio(ctx, callback, url.Values{
		"AccountSid": {p.o.AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {from}, "To": {to}, "Body": {body},
		"MessageSid": {id}, "SmsSid": {id}, "SmsMessageSid": {id}, "SmsStatus": {"received"},
		"NumMedia": {"0"}, "NumSegments": {"1"}, "FromCity": {""}, "FromCountry": {"IT"},
	})
}

// mailEvents posts one array with the events of some e-mails.
func (p *Provider) mailEvents(ctx context.Context, list []*Sent) (lost int) {
	if p.o.SendGridKey == nil || p.o.EventsURL == "" {
		return 0
	}
	var events []map[string]any
	for _, s := range list {
		f := p.fate(s)
		if f.Event == "none" {
			continue
		}
		events = append(events, p.mailEvent(s, Fate{Event: "processed"}), p.mailEvent(s, f))
		p.setStatus(s, f.Event, f.Code)
	}
	if len(events) == 0 {
		return 0
	}
	body, err := json.Marshal(events)
	if err != nil {
		panic(err) // text and numbers only
	}
	return p.count(p.PostEvents(ctx, body))
}

func (p *Provider) mailEvent(s *Sent, f Fate) map[string]any {
	e := map[string]any{}
	for name, v := range s.args {
		e[name] = v
	}
	e["email"], e["timestamp"], e["event"] = s.To, p.o.Now().Unix(), f.Event
	e["sg_message_id"] = s.ID + ".recvd-fake-1-0.0"
	e["sg_event_id"] = base64.RawURLEncoding.EncodeToString([]byte(f.Event + "-" + s.ID))
	e["smtp-id"] = "<" + s.ID + "@fake.invalid>"
	switch f.Event {
	case "bounce", "blocked":
		e["event"], e["type"], e["status"], e["reason"] = "bounce", f.Event, "5.1.1", f.Code
	case "dropped":
		e["reason"] = f.Code
	}
	return e
}

// count books a callback; 1 means that it was lost.
func (p *Provider) count(status int, err error) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || status < 200 || status > 299 {
		p.counts.Lost++
		return 1
	}
	p.counts.Calls++
	return 0
}
