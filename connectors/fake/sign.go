package fake

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (p *Provider) postTwilio(ctx context.Context, callback string, form url.Values) (int, error) {
	target, _, _ := strings.Cut(callback, "#") // what follows is an instruction to Twilio
	return p.post(ctx, target, "application/x-www-form-urlencoded", []byte(form.Encode()),
		http.Header{"X-Twilio-Signature": {SignTwilio(p.o.AuthToken, target, form)}})
}

// SignTwilio is the documented signature of a form post: HMAC-SHA1 over the
// URL and all parameters, sorted by name.
func SignTwilio(authToken, target string, form url.Values) string {
	h := hmac.New(sha1.New, []byte(authToken))
	_, _ = io.WriteString(h, target) // a hash never fails
	for _, name := range slices.Sorted(maps.Keys(form)) {
		_, _ = io.WriteString(h, name+form.Get(name))
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// PostEvents signs a body as SendGrid does and posts it to the events URL. It
// returns the HTTP status.
func (p *Provider) PostEvents(ctx context.Context, body []byte) (int, error) {
	// Real time, as at the real one: it is part of the signature.
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	signature, err := SignEvents(p.o.SendGridKey, stamp, body)
	if err != nil {
		return 0, err
	}
	return p.post(ctx, p.o.EventsURL, "application/json", body, http.Header{
		"X-Twilio-Email-Event-Webhook-Signature": {signature},
		"X-Twilio-Email-Event-Webhook-Timestamp": {stamp},
	})
}

// SignEvents is the documented signature of the event webhook: ECDSA over
// SHA-256 of time stamp and raw body.
func SignEvents(key *ecdsa.PrivateKey, stamp string, body []byte) (string, error) {
	digest := sha256.Sum256(append([]byte(stamp), body...))
	der, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign events: %w", err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

func (p *Provider) post(ctx context.Context, target, contentType string, body []byte, header http.Header) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("callback: %w", err)
	}
	r.Header = header
	r.Header.Set("Content-Type", contentType)
	c := p.o.CallbackClient
	if c == nil {
		c = http.DefaultClient
	}
	resp, err := c.Do(r)
	if err != nil {
		return 0, fmt.Errorf("callback: %w", err)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}
