// Package twilio sends SMS through Twilio's Messages API and reads what Twilio
// calls back: delivery states and replies.
package twilio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"ritorno/connectors"
	"ritorno/connectors/transport"
	"ritorno/internal/lifecycle"
)

// StatusPath and InboundPath are where Twilio calls back, below the public URL.
const (
	StatusPath  = "/callbacks/twilio/status"
	InboundPath = "/callbacks/twilio/inbound"
)

// maxValidity is the longest time Twilio keeps a message in its queue.
const maxValidity = 36000 * time.Second

// Options is one Twilio account.
type Options struct {
	AccountSID, AuthToken string
	// From is a number in E.164 or a registered alphanumeric sender.
	// MessagingServiceSID may stand in its place; with both, the service sends
	// from that sender.
	From, MessagingServiceSID string
	// BaseURL replaces https://api.twilio.com; nil leaves it.
	BaseURL *url.URL
	// Timeout limits one send; 0 is transport.DefaultSend.
	Timeout time.Duration
}

// Sender hands SMS to one Twilio account.
type Sender struct {
	o Options
	t *transport.Transport
}

var _ connectors.Sender = (*Sender)(nil)

// New makes a sender. The error names the key that is missing or unusable,
// never its value.
func New(o Options) (*Sender, error) {
	switch {
	case o.AccountSID == "" || strings.ContainsFunc(o.AccountSID, notWord):
		return nil, errors.New("twilio.account_sid: want the account's id, AC and 32 digits, from the console's first page")
	case o.AuthToken == "":
		return nil, errors.New("twilio.auth_token: is empty; copy it from the console's first page")
	case o.From == "" && o.MessagingServiceSID == "":
		return nil, errors.New("twilio.from: is empty; set it or twilio.messaging_service_sid")
	}
	s := &Sender{o: o}
	s.t = transport.New(s.transport())
	return s, nil
}

func (s *Sender) transport() transport.Options {
	return transport.Options{BaseURL: s.o.BaseURL, SendTimeout: s.o.Timeout, Authorize: authorize(s.o.AccountSID, s.o.AuthToken)}
}

func notWord(r rune) bool {
	word := r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r == '-'
	return !word
}

// authorize adds the credentials below the SDK, which refuses tokens with
// other characters than letters and digits and could put them into errors.
func authorize(sid, token string) func(http.Header) {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(sid, token)
	v := r.Header.Get("Authorization")
	return func(h http.Header) { h.Set("Authorization", v) }
}

// Channel is SMS.
func (s *Sender) Channel() lifecycle.Channel { return lifecycle.SMS }

// Send makes one request to Messages.json and judges what came of it.
func (s *Sender) Send(ctx context.Context, m connectors.Outgoing) lifecycle.Result {
	r := lifecycle.Result{AttemptID: m.AttemptID, Segments: m.Message.Segments}
	switch {
	case m.To == "":
		r.Outcome, r.Reason = lifecycle.RejectedContact, lifecycle.ReasonInvalid
		return r
	case strings.TrimSpace(m.Message.Text) == "":
		r.Outcome, r.Reason = lifecycle.RejectedContent, lifecycle.ReasonContent
		return r
	}
	send := s.t.Begin(ctx, m.Deadline)
	defer send.Close()
	msg, err := s.service(send.Client()).CreateMessage(s.params(m))
	judge(&r, send.Evidence(), msg, err, time.Now())
	return r
}

// service is made for each send: the SDK takes no context, so the client must
// carry it. Made by hand, the request handler does not read TWILIO_EDGE and
// TWILIO_REGION from the environment.
func (s *Sender) service(hc *http.Client) *api.ApiService {
	c := &client.Client{Credentials: client.NewCredentials("", ""), HTTPClient: hc}
	c.SetAccountSid(s.o.AccountSID)
	return api.NewApiService(&client.RequestHandler{Client: c})
}

func (s *Sender) params(m connectors.Outgoing) *api.CreateMessageParams {
	p := &api.CreateMessageParams{}
	p.SetTo(m.To)
	p.SetBody(m.Message.Text)
	p.SetRiskCheck("disable") // known contacts, and a blocked message would look like a dead number
	if s.o.From != "" {
		p.SetFrom(s.o.From)
	}
	if s.o.MessagingServiceSID != "" {
		p.SetMessagingServiceSid(s.o.MessagingServiceSID)
	}
	if m.CallbackURL != "" {
		p.SetStatusCallback(callback(m.CallbackURL, m.AttemptID))
	}
	if m.Validity > 0 {
		p.SetValidityPeriod(int(min(max(m.Validity, time.Second), maxValidity) / time.Second))
	}
	return p
}

// callback is where Twilio reports on this attempt. What stands behind the
// hash is an instruction to Twilio: five tries, also after an error answer. By
// itself it would try once more, and only where no connection came about.
func callback(base, attempt string) string {
	return fmt.Sprintf("%s%s?a=%s#rc=5&rp=all", strings.TrimRight(base, "/"), StatusPath, url.QueryEscape(attempt))
}

// judge turns what the wire proved into a result. HTTP says first, Twilio's
// code may make a complete refusal finer.
func judge(r *lifecycle.Result, ev transport.Evidence, msg *api.ApiV2010Message, err error, now time.Time) {
	r.Outcome = transport.Classify(ev)
	r.Reason = transport.ReasonOf(r.Outcome)
	switch {
	case r.Outcome == lifecycle.Accepted:
		accepted(r, ev.Status, msg)
	case ev.Status >= 400 && ev.Status <= 499 && ev.BodyErr == nil:
		var told *client.TwilioRestError
		if errors.As(err, &told) && r.Outcome != lifecycle.Ambiguous {
			refine(r, ev.Status, told.Code)
		}
	}
	if r.Outcome == lifecycle.NotSent && r.RetryAfter == 0 {
		r.RetryAfter = transport.RetryAfter(ev.Header, now)
	}
}

// accepted learns the id. A 201 is enough to know that Twilio has the message,
// also with a cut answer; another 2xx, which Twilio does not document, only
// with an id in it.
func accepted(r *lifecycle.Result, status int, msg *api.ApiV2010Message) {
	if msg != nil {
		r.ProviderID = sid(msg.Sid)
		if msg.NumSegments != nil {
			if n, err := strconv.Atoi(*msg.NumSegments); err == nil && n > 0 && n <= 100 {
				r.Segments = n
			}
		}
	}
	if status != http.StatusCreated && r.ProviderID == "" {
		r.Outcome, r.Reason = lifecycle.Ambiguous, lifecycle.ReasonUncertain
	}
}

// sid keeps a plausible id only; the provider's answer is input like any other.
func sid(s *string) string {
	if s == nil || len(*s) > 64 || strings.ContainsFunc(*s, notWord) {
		return ""
	}
	return *s
}
