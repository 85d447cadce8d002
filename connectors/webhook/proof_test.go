package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/webhook"
)

func proven(t testing.TB, a webhook.Auth, secrets ...string) *webhook.Source {
	t.Helper()
	s, err := webhook.New(webhook.Options{Secrets: secrets, Auth: a})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func call(t testing.TB, target, body string, header ...string) connectors.Request {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	r := connectors.Request{Method: "POST", URL: target, Header: http.Header{}, Query: u.Query(), Body: []byte(body)}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func sum(secret, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

const (
	hook   = "https://ritorno.example.com/hooks/bottega/crm"
	newer  = "the newer secret of two"
	older  = "the older secret of two"
	sample = `{"a":1}`
)

func TestSchemes(t *testing.T) {
	hexOf, b64 := hex.EncodeToString(sum(older, sample)), base64.StdEncoding.EncodeToString(sum(older, sample))
	basic := func(user, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret))
	}
	signed := webhook.Auth{Scheme: webhook.HMAC, Header: "X-Signature", Prefix: "sha256="}
	plain := webhook.Auth{Scheme: webhook.HMAC, Header: "X-Signature", Base64: true}
	inURL, inHeader := webhook.Auth{Scheme: webhook.Token}, webhook.Auth{Scheme: webhook.Token, Header: "X-Api-Key"}
	user := webhook.Auth{Scheme: webhook.Basic, User: "flow"}
	for name, tt := range map[string]struct {
		auth   webhook.Auth
		target string
		header []string
		ok     bool
	}{
		"hmac in hex":                      {signed, hook, []string{"X-Signature", "sha256=" + hexOf}, true},
		"hmac without its prefix":          {signed, hook, []string{"X-Signature", hexOf}, false},
		"hmac of another body":             {signed, hook, []string{"X-Signature", "sha256=" + hex.EncodeToString(sum(older, sample+" "))}, false},
		"hmac, half of it":                 {signed, hook, []string{"X-Signature", "sha256=" + hexOf[:32]}, false},
		"hmac of nothing":                  {signed, hook, []string{"X-Signature", "sha256="}, false},
		"hmac missing":                     {signed, hook, nil, false},
		"hmac in base64":                   {plain, hook, []string{"X-Signature", b64}, true},
		"hmac in hex where base64 belongs": {plain, hook, []string{"X-Signature", hexOf}, false},
		"token in the URL":                 {inURL, hook + "?token=" + url.QueryEscape(newer), nil, true},
		"another token":                    {inURL, hook + "?token=" + url.QueryEscape(newer) + "x", nil, false},
		"an empty token":                   {inURL, hook + "?token=", nil, false},
		"two tokens":                       {inURL, hook + "?token=" + url.QueryEscape(newer) + "&token=x", nil, false},
		"no token":                         {inURL, hook, nil, false},
		"the token in a header instead":    {inURL, hook, []string{"Authorization", "Bearer " + newer}, false},
		"token in a header":                {inHeader, hook, []string{"x-api-key", older}, true},
		"the token in the URL instead":     {inHeader, hook + "?token=" + url.QueryEscape(newer), nil, false},
		"basic":                            {user, hook, []string{"Authorization", basic("flow", older)}, true},
		"basic of another user":            {user, hook, []string{"Authorization", basic("flood", older)}, false},
		"basic with another password":      {user, hook, []string{"Authorization", basic("flow", "x")}, false},
		"basic that is no base64":          {user, hook, []string{"Authorization", "Basic ???"}, false},
		"basic without a colon":            {user, hook, []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(older))}, false},
		"bearer where basic belongs":       {user, hook, []string{"Authorization", "Bearer " + older}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := proven(t, tt.auth, newer, "", older).Verify(call(t, tt.target, sample, tt.header...))
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, connectors.ErrSignature) {
				t.Errorf("err = %v, want accepted %v", err, tt.ok)
			}
		})
	}
}

func TestSchemesThatCannotBe(t *testing.T) {
	for name, a := range map[string]webhook.Auth{"hmac without a header": {Scheme: webhook.HMAC}, "an unknown one": {Scheme: "magic"}} {
		if _, err := webhook.New(webhook.Options{Secrets: []string{newer}, Auth: a}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestHubSpotVectors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(connectorstest.Fixtures(t, "hubspot"), "signature-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct{ Version, Secret, Method, URI, Body, Timestamp, Signature string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, v := range file.Vectors {
		if v.Version != "v3" {
			continue
		}
		checked++
		ms, err := strconv.ParseInt(v.Timestamp, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		s := proven(t, webhook.Auth{Scheme: webhook.HubSpotV3}, newer, v.Secret)
		for seconds, ok := range map[int64]bool{-301: false, -300: true, 0: true, 300: true, 301: false} {
			r := call(t, v.URI, v.Body, "X-HubSpot-Signature-v3", v.Signature, "X-HubSpot-Request-Timestamp", v.Timestamp)
			r.ReceivedAt = time.UnixMilli(ms).Add(time.Duration(seconds) * time.Second)
			if err := s.Verify(r); (err == nil) != ok {
				t.Errorf("%d s later: %v, want accepted %v", seconds, err, ok)
			}
			r.URL += "?x=1"
			if err := s.Verify(r); !errors.Is(err, connectors.ErrSignature) {
				t.Errorf("another URL: %v, want ErrSignature", err)
			}
		}
	}
	if checked == 0 {
		t.Error("no vector of version 3")
	}
}

// HubSpot signs the URL with some percent codes decoded, and others not.
func TestHubSpotDecodesSomePercentCodes(t *testing.T) {
	const stamp = "1693657560000"
	seen, signed := hook+"?a=%3A%2fb%20c%25", hook+"?a=:/b%20c%25"
	sig := base64.StdEncoding.EncodeToString(sum(newer, "POST"+signed+sample+stamp))
	r := call(t, seen, sample, "X-HubSpot-Signature-v3", sig, "X-HubSpot-Request-Timestamp", stamp)
	r.ReceivedAt = time.UnixMilli(1693657560000)
	if err := proven(t, webhook.Auth{Scheme: webhook.HubSpotV3}, newer).Verify(r); err != nil {
		t.Error(err)
	}
}

func TestPublishedBigCommerceSamples(t *testing.T) {
	dir := connectorstest.Fixtures(t, "bigcommerce")
	c := connectorstest.Published(t, "bigcommerce")
	text, err := os.ReadFile(filepath.Join(dir, "signed-requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for i, r := range c.Requests {
		if err := proven(t, webhook.Auth{Scheme: webhook.BigCommerce}, file.Secret).Verify(c.Request(t, i)); err != nil {
			t.Errorf("%s: %v", r.File, err)
		}
		if err := proven(t, webhook.Auth{Scheme: webhook.BigCommerce}, newer).Verify(c.Request(t, i)); !errors.Is(err, connectors.ErrSignature) {
			t.Errorf("%s under another secret: %v", r.File, err)
		}
	}
}

func FuzzSchemes(f *testing.F) {
	f.Add("sha256=00", "token=x", "Basic eDp5", "1693657560000")
	f.Add("", "token=%ff&token", "bearer", "-1")
	all := []*webhook.Source{
		proven(f, webhook.Auth{Scheme: webhook.HMAC, Header: "X-Proof", Prefix: "sha256="}, newer), proven(f, webhook.Auth{Scheme: webhook.HMAC, Header: "X-Proof", Base64: true}, newer),
		proven(f, webhook.Auth{Scheme: webhook.HubSpotV3}, newer), proven(f, webhook.Auth{Scheme: webhook.Token}, newer), proven(f, webhook.Auth{Scheme: webhook.Basic, User: "u"}, newer), proven(f, webhook.Auth{Scheme: webhook.Bearer}, newer),
	}
	f.Fuzz(func(t *testing.T, proof, query, authorization, stamp string) {
		values, _ := url.ParseQuery(query)
		r := connectors.Request{Method: "POST", URL: hook + "?" + query, Query: values, Body: []byte(sample), ReceivedAt: time.UnixMilli(1693657560000), Header: http.Header{
			"X-Proof": {proof}, "X-Hubspot-Signature-V3": {proof}, "Authorization": {authorization}, "X-Hubspot-Request-Timestamp": {stamp},
		}}
		for i, s := range all {
			if err := s.Verify(r); !errors.Is(err, connectors.ErrSignature) {
				t.Fatalf("scheme %d: %v for %q %q %q", i, err, proof, query, authorization)
			}
		}
	})
}
