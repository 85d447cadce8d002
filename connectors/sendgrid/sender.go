// Package sendgrid sends e-mail through SendGrid's Mail Send API and reads its
// signed event webhook.
package sendgrid

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"ritorno/connectors"
	"ritorno/connectors/transport"
	"ritorno/internal/lifecycle"
)

// EventsPath is where SendGrid posts its events, below the public URL.
const EventsPath = "/callbacks/sendgrid/events"

// What comes back in every event. Ids only: SendGrid keeps these for long and
// does not treat them as personal data.
const (
	argAttempt = "ritorno_attempt"
	argMessage = "ritorno_message"
	argShop    = "ritorno_shop"
)

// Address is an e-mail address with the name that mail programs show.
type Address struct{ Email, Name string }

// Options is one SendGrid account.
type Options struct {
	APIKey string
	From   Address // of a verified sender or an authenticated domain
	// ReplyTo is where answers go; its zero value means From.
	ReplyTo Address
	// BaseURL replaces https://api.sendgrid.com; nil leaves it. Accounts in the
	// EU region use https://api.eu.sendgrid.com.
	BaseURL *url.URL
	// Timeout limits one send; 0 is transport.DefaultSend.
	Timeout time.Duration
}

// Sender hands e-mail to one SendGrid account.
type Sender struct {
	o Options
	t *transport.Transport
}

var _ connectors.Sender = (*Sender)(nil)

// New makes a sender. The error names the key that is missing or unusable,
// never its value.
func New(o Options) (*Sender, error) {
	switch {
	case o.APIKey == "" || strings.ContainsFunc(o.APIKey, notPrintable):
		return nil, errors.New("sendgrid.api_key: is empty or holds spaces; make one with the right 'Mail Send' under Settings, API Keys")
	case !strings.Contains(o.From.Email, "@"):
		return nil, errors.New("sendgrid.from.email: want the e-mail address of a verified sender")
	}
	s := &Sender{o: o}
	s.t = transport.New(s.transport())
	return s, nil
}

// transport keeps the key out of the SDK.
func (s *Sender) transport() transport.Options {
	bearer := "Bearer " + s.o.APIKey
	return transport.Options{
		BaseURL:     s.o.BaseURL,
		SendTimeout: s.o.Timeout,
		Authorize:   func(h http.Header) { h.Set("Authorization", bearer) },
	}
}

func notPrintable(r rune) bool { return r <= ' ' || r > '~' }

// Channel is e-mail.
func (s *Sender) Channel() lifecycle.Channel { return lifecycle.Email }

// Send makes one request to /v3/mail/send and judges what came of it.
func (s *Sender) Send(ctx context.Context, m connectors.Outgoing) lifecycle.Result {
	r := lifecycle.Result{AttemptID: m.AttemptID}
	switch {
	case !strings.Contains(m.To, "@"):
		r.Outcome, r.Reason = lifecycle.RejectedContact, lifecycle.ReasonBounced
		return r
	case m.Message.Subject == "" || m.Message.Text == "" && m.Message.HTML == "":
		r.Outcome, r.Reason = lifecycle.RejectedContent, lifecycle.ReasonContent
		return r
	}
	send := s.t.Begin(ctx, m.Deadline)
	defer send.Close()
	// The key is added below, by the transport. The shared client of the SDK is
	// not used: it stores each message in itself and mixes them up.
	rq := sendgrid.GetRequest("", "/v3/mail/send", "")
	rq.Method = rest.Post
	rq.Body = mail.GetRequestBody(s.mail(m))
	// The error is not needed: the evidence says more.
	_, _ = (&rest.Client{HTTPClient: send.Client()}).SendWithContext(ctx, rq)
	judge(&r, send.Evidence(), time.Now())
	return r
}

// judge turns what the wire proved into a result. HTTP says first, the body
// may make a complete refusal finer.
func judge(r *lifecycle.Result, ev transport.Evidence, now time.Time) {
	r.Outcome = transport.Classify(ev)
	switch {
	case r.Outcome == lifecycle.Accepted:
		r.ProviderID = messageID(ev.Header)
		// A 202 is enough. Another 2xx, such as the 200 of sandbox mode, is
		// believed only with an id in it.
		if ev.Status != http.StatusAccepted && r.ProviderID == "" {
			r.Outcome = lifecycle.Ambiguous
		}
	case r.Outcome == lifecycle.NotSent:
		r.RetryAfter = transport.RetryAfter(ev.Header, now)
	case ev.Status == http.StatusBadRequest && ev.BodyErr == nil:
		r.Outcome = refused(ev.Body)
	}
	r.Reason = transport.ReasonOf(r.Outcome)
	if r.Outcome == lifecycle.RejectedContact {
		r.Reason = lifecycle.ReasonBounced
	}
}

// refused reads which field of the request SendGrid does not like. Its texts
// are for people and change; its field names are those of the request.
func refused(body []byte) lifecycle.Outcome {
	var answer struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return lifecycle.RejectedContent
	}
	for _, e := range answer.Errors {
		switch {
		case strings.HasPrefix(e.Field, "from"), strings.HasPrefix(e.Field, "reply_to"):
			return lifecycle.RejectedAccount
		case strings.HasPrefix(e.Field, "personalizations") && strings.Contains(e.Field, ".to"):
			return lifecycle.RejectedContact
		}
	}
	return lifecycle.RejectedContent
}

// messageID keeps a plausible id only; the answer is input like any other.
func messageID(h http.Header) string {
	id := h.Get("X-Message-Id")
	if len(id) > 128 || strings.ContainsFunc(id, notPrintable) {
		return ""
	}
	return id
}
