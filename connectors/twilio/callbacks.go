package twilio

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/twilio/twilio-go/client"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// maxField bounds a value taken from a callback other than a reply's text.
const maxField = 256

// Callbacks reads what Twilio posts to us. It is safe for concurrent use.
type Callbacks struct {
	validator client.RequestValidator
}

// NewCallbacks takes the account's auth token, which signs callbacks also
// where requests are made with an API key.
func NewCallbacks(authToken string) (*Callbacks, error) {
	if authToken == "" {
		return nil, errors.New("twilio.auth_token: is empty; without it anybody could call back")
	}
	return &Callbacks{validator: client.NewRequestValidator(authToken)}, nil
}

// VerifyForm checks X-Twilio-Signature over the public URL and the raw form
// and returns the form, each name with its first value: only that one is
// signed. The signature has no time stamp, so an old request verifies for
// ever; what follows from it must not change anything twice.
func (c *Callbacks) VerifyForm(r connectors.Request) (url.Values, error) {
	signature := r.Header.Get("X-Twilio-Signature")
	if signature == "" {
		return nil, fmt.Errorf("X-Twilio-Signature is missing: %w", connectors.ErrSignature)
	}
	called, _, _ := strings.Cut(r.URL, "#")
	u, err := url.Parse(called)
	if err != nil {
		return nil, fmt.Errorf("callback URL: %w", connectors.ErrSignature)
	}
	// With this parameter the signature would not cover the form. Twilio adds
	// it to JSON calls only, and none of ours is one.
	if u.Query().Has("bodySHA256") {
		return nil, fmt.Errorf("bodySHA256 on a form: %w", connectors.ErrSignature)
	}
	if !c.validator.ValidateBody(called, r.Body, signature) {
		return nil, fmt.Errorf("X-Twilio-Signature (is public_url what Twilio calls?): %w", connectors.ErrSignature)
	}
	form, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return nil, fmt.Errorf("form: %w", connectors.ErrMalformed)
	}
	for name, values := range form {
		form[name] = values[:1:1]
	}
	return form, nil
}

// states maps Twilio's words. Each of them proves that Twilio has the message.
var states = map[string]lifecycle.MessageStatus{
	"accepted":            lifecycle.SentStatus,
	"queued":              lifecycle.SentStatus,
	"scheduled":           lifecycle.SentStatus,
	"sending":             lifecycle.SentStatus,
	"sent":                lifecycle.SentStatus,
	"delivered":           lifecycle.Delivered,
	"partially_delivered": lifecycle.Delivered,
	"read":                lifecycle.Delivered,
	"undelivered":         lifecycle.Failed,
	"failed":              lifecycle.Failed,
	"canceled":            lifecycle.Failed,
}

// Status reads a delivery report. It may come before our own request has
// returned, so it is tied to the message by the attempt id in the URL.
func (c *Callbacks) Status(r connectors.Request) (lifecycle.News, error) {
	form, err := c.VerifyForm(r)
	if err != nil {
		return lifecycle.News{}, err
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return lifecycle.News{}, fmt.Errorf("callback URL: %w", connectors.ErrMalformed)
	}
	n := lifecycle.News{AttemptID: u.Query().Get("a"), ProviderID: first(form, "MessageSid", "SmsSid")}
	if n.AttemptID == "" && n.ProviderID == "" || len(n.AttemptID) > maxField || len(n.ProviderID) > maxField {
		return lifecycle.News{}, fmt.Errorf("a, MessageSid: missing or too long: %w", connectors.ErrMalformed)
	}
	status, ok := states[first(form, "MessageStatus", "SmsStatus")]
	if !ok {
		return lifecycle.News{}, fmt.Errorf("MessageStatus: not a known state: %w", connectors.ErrMalformed)
	}
	n.Status = status
	if status == lifecycle.Failed {
		n.Reason, n.Suppress = failure(form.Get("ErrorCode"))
	}
	return n, nil
}

// Inbound reads an SMS that somebody sent to us. Answer it with an empty
// TwiML response: Twilio itself answers STOP, and ours would be refused.
func (c *Callbacks) Inbound(r connectors.Request) (connectors.Reply, error) {
	form, err := c.VerifyForm(r)
	if err != nil {
		return connectors.Reply{}, err
	}
	reply := connectors.Reply{
		From:       form.Get("From"),
		To:         form.Get("To"),
		Body:       strings.ToValidUTF8(form.Get("Body"), "\uFFFD"),
		ProviderID: first(form, "MessageSid", "SmsMessageSid", "SmsSid"),
		OptOutType: optOutType(form.Get("OptOutType")),
	}
	for _, f := range []struct{ name, value string }{{"From", reply.From}, {"To", reply.To}, {"MessageSid", reply.ProviderID}} {
		if f.value == "" || len(f.value) > maxField {
			return connectors.Reply{}, fmt.Errorf("%s: missing or too long: %w", f.name, connectors.ErrMalformed)
		}
	}
	return reply, nil
}

func optOutType(v string) string {
	switch v = strings.ToUpper(v); v {
	case "STOP", "START", "HELP":
		return v
	}
	return ""
}

func first(form url.Values, names ...string) string {
	for _, n := range names {
		if v := form.Get(n); v != "" {
			return v
		}
	}
	return ""
}
