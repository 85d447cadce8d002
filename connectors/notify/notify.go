// Package notify posts signed events to addresses of the owner's, after
// Standard Webhooks 1.0: https://www.standardwebhooks.com
package notify

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// Options say where events go and how they are signed.
type Options struct {
	URL string
	// Secrets are whsec_ and base64 of 24 to 64 bytes. Each signs, so that a
	// receiver may change from one to the next at its leisure.
	Secrets []string
	Agent   string // User-Agent
	Client  *outbound.Client
}

// Hook posts to one address.
type Hook struct {
	o    Options
	keys []*standardwebhooks.Webhook
}

var _ connectors.Notifier = (*Hook)(nil)

// New makes a hook.
func New(o Options) (*Hook, error) {
	if o.URL == "" || len(o.Secrets) == 0 || o.Client == nil {
		return nil, errors.New("a webhook needs url and secret")
	}
	h := &Hook{o: o}
	for _, s := range o.Secrets {
		key, err := secret(s)
		if err != nil {
			return nil, err
		}
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, errors.New("a secret is not usable as an HMAC key")
		}
		h.keys = append(h.keys, signer)
	}
	return h, nil
}

func secret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, "whsec_")
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("a secret must be whsec_ and base64 of 24 to 64 bytes")
	}
	return key, nil
}

// Notify posts one event.
func (h *Hook) Notify(ctx context.Context, n connectors.Notice, now time.Time) error {
	signatures := make([]string, len(h.keys))
	for i, key := range h.keys {
		text, err := key.Sign(n.ID, now, n.Body)
		if err != nil {
			return &connectors.TellFault{Single: true, Text: "the event cannot be signed"}
		}
		signatures[i] = text
	}
	a, err := h.o.Client.Post(ctx, h.o.URL, http.Header{
		"Content-Type":      {"application/json"},
		"User-Agent":        {h.o.Agent},
		"Webhook-Id":        {n.ID},
		"Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)},
		"Webhook-Signature": {strings.Join(signatures, " ")},
	}, n.Body)
	if err != nil {
		return &connectors.TellFault{Refused: errors.Is(err, outbound.ErrInternal), Text: "no answer: " + err.Error()}
	}
	if fault := judge(a); fault != nil {
		return fault
	}
	return nil
}

// judge reads an answer; nil: it was taken.
func judge(a outbound.Answer) *connectors.TellFault {
	switch s := a.Status; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusGone:
		return &connectors.TellFault{Refused: true, Text: "the receiver wants no more events (status 410): take the webhook out of the configuration"}
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return &connectors.TellFault{Refused: true, Text: fmt.Sprintf("the receiver refuses the signature (status %d): look at secret on both sides", s)}
	case s >= 300 && s < 400:
		return &connectors.TellFault{Refused: true, Text: fmt.Sprintf("the receiver leads elsewhere (status %d): url must be the address where it ends up", s)}
	case s == http.StatusNotFound, s == http.StatusMethodNotAllowed:
		return &connectors.TellFault{Refused: true, Text: fmt.Sprintf("there is no receiver at this address (status %d): look at url", s)}
	case connectors.Busy(s):
		return &connectors.TellFault{Text: fmt.Sprintf("the receiver cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	default:
		return &connectors.TellFault{Single: true, Refused: true, Text: fmt.Sprintf("the receiver does not take the event (status %d)", s)}
	}
}
