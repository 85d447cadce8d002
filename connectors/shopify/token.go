package shopify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// renewBefore is how long before its end a granted token is used no more.
const renewBefore = 5 * time.Minute

// tokens keeps the token of one shop.
type tokens struct {
	fixed string

	mu      sync.Mutex
	granted string
	until   time.Time
}

// forget drops a granted token that is refused; false: it is fixed, so another
// try would end the same.
func (t *tokens) forget(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fixed != "" {
		return false
	}
	if t.granted == token {
		t.granted = ""
	}
	return true
}

// access is the token to call with, granted anew where it must be.
func (m *Maker) access(ctx context.Context) (string, *connectors.CouponFault) {
	t := &m.token
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fixed != "" {
		return t.fixed, nil
	}
	if t.granted != "" && time.Now().Before(t.until) {
		return t.granted, nil
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {m.o.ClientID}, "client_secret": {m.o.ClientSecret}}
	a, err := m.o.Client.Post(ctx, m.o.URL+"/admin/oauth/access_token", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"},
	}, []byte(form.Encode()))
	if err != nil {
		return "", unreached(err)
	}
	token, lasts, fault := grant(a)
	if fault != nil {
		return "", fault
	}
	t.granted, t.until = token, time.Now().Add(lasts-renewBefore)
	return token, nil
}

// grant reads what the client credentials grant answers.
// https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/client-credentials-grant
func grant(a outbound.Answer) (string, time.Duration, *connectors.CouponFault) {
	if a.Status == http.StatusBadRequest {
		return "", 0, refused("it gives us no token (status 400): api_key and api_secret are the app's client id and secret, the app must be installed, and app and shop belong to the same organisation")
	}
	if fault := status(a); fault != nil {
		return "", 0, fault
	}
	var got struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"` // seconds
	}
	if json.Unmarshal(a.Body, &got) != nil || got.Token == "" {
		return "", 0, away("its answer holds no token; is api_url the address of a Shopify shop?")
	}
	for _, c := range []byte(got.Token) {
		if c <= ' ' || c > '~' {
			return "", 0, away("its answer holds no token that can be sent")
		}
	}
	return got.Token, time.Duration(min(max(got.Expires, 0), 86400)) * time.Second, nil
}
