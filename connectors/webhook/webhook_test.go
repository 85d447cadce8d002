package webhook_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/webhook"
	"ritorno/internal/lifecycle"
)

func source(t testing.TB, secrets ...string) *webhook.Source {
	t.Helper()
	s, err := webhook.New(webhook.Options{Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bearer is a source that tokens open.
func bearer(t testing.TB, tokens ...string) *webhook.Source {
	t.Helper()
	s, err := webhook.New(webhook.Options{Secrets: tokens, Auth: webhook.Auth{Scheme: webhook.Bearer}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// strange are secrets that nobody signs with.
var strange = []string{"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 24)), "whpk_" + base64.StdEncoding.EncodeToString(make([]byte, 32))}

func samples(t *testing.T, c connectorstest.Collection) []connectorstest.Sample {
	t.Helper()
	var out []connectorstest.Sample
	for i, r := range c.Requests {
		if r.Scheme == "bearer" {
			continue // proves who sends, not what: see TestBearer
		}
		s := connectorstest.Sample{
			Name:     strings.TrimSuffix(r.File, ".json"),
			Request:  c.Request(t, i),
			Proof:    []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"},
			Stranger: source(t, strange...),
			Window:   webhook.Tolerance,
		}
		if s.Request.Header.Get("Svix-Id") != "" {
			s.Proof = []string{"Svix-Id", "Svix-Timestamp", "Svix-Signature"}
		}
		out = append(out, s)
	}
	return out
}

func own(t testing.TB) (connectorstest.Collection, *webhook.Source) {
	t.Helper()
	c := connectorstest.Own(t, "webhook")
	return c, source(t, c.Secret, c.PublicKey)
}

func TestSource(t *testing.T) {
	c, s := own(t)
	connectorstest.Source(t, s, samples(t, c))
}

func TestEvents(t *testing.T) {
	c, s := own(t)
	for i, r := range c.Requests {
		t.Run(r.File, func(t *testing.T) {
			verifier := s
			if r.Scheme == "bearer" {
				verifier = bearer(t, c.Token)
			}
			if err := verifier.Verify(c.Request(t, i)); err != nil {
				t.Fatal(err)
			}
			events, err := s.Normalise(c.Request(t, i))
			if err != nil {
				t.Fatal(err)
			}
			connectorstest.Golden(t, strings.TrimSuffix(r.File, ".json"), events)
		})
	}
}

func TestPublishedSample(t *testing.T) {
	c := connectorstest.Published(t, "standard-webhooks")
	s := source(t, c.Secret)
	connectorstest.Source(t, s, samples(t, c))
	events, err := s.Normalise(c.Request(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 20, 8, 0, 21, 0, time.UTC)
	want := []lifecycle.Event{{
		Type: lifecycle.OrderPlaced, Key: "webhook msg_fixture_1", At: at, Version: at,
		Person: lifecycle.Person{
			CustomerID: "C-17", Email: "ada@example.com", Phone: "+33639980102",
			FirstName: "Ada", LastName: "Example", Locale: "fr-FR", Country: "FR",
		},
		Order: &lifecycle.Order{
			ID: "A-1001", At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 4410, Currency: "EUR"},
			Items: []lifecycle.Item{{Product: "P-1", Title: "Test product", Category: "tea", Quantity: 1}},
		},
	}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestPublishedVector(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(connectorstest.Fixtures(t, "standard-webhooks"), "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Secret, Body string
			ID           string `json:"webhook-id"`
			Timestamp    string `json:"webhook-timestamp"`
			Signature    string `json:"webhook-signature"`
			ValidAt      int64  `json:"valid_at"`
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		for _, family := range []string{"webhook-", "svix-"} {
			r := signedBy(family, v.ID, v.Timestamp, v.Signature, v.Body)
			for seconds, ok := range map[int64]bool{-301: false, -300: true, 0: true, 300: true, 301: false} {
				r.ReceivedAt = time.Unix(v.ValidAt+seconds, 0)
				if err := source(t, v.Secret).Verify(r); (err == nil) != ok {
					t.Errorf("%s headers %d s later: %v, want accepted %v", family, seconds, err, ok)
				}
			}
		}
	}
}

func signedBy(family, id, timestamp, signature, body string) connectors.Request {
	h := http.Header{}
	h.Set(family+"id", id)
	h.Set(family+"timestamp", timestamp)
	h.Set(family+"signature", signature)
	return connectors.Request{Header: h, Body: []byte(body)}
}

func TestSecrets(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(make([]byte, 25)) // ends in padding
	for name, tt := range map[string]struct {
		secrets []string
		want    string // of the error; empty: taken
	}{
		"none":                     {nil, "without a secret"},
		"only empty ones":          {[]string{"", " "}, "without a secret"},
		"HMAC":                     {[]string{"whsec_" + long}, ""},
		"HMAC without padding":     {[]string{"whsec_" + strings.TrimRight(long, "=")}, ""},
		"HMAC that is too short":   {[]string{"", "whsec_AAAA"}, "secret 2: whsec_ needs base64 of 24 to 64 bytes"},
		"HMAC that is too long":    {[]string{"whsec_" + strings.Repeat("AAAA", 22)}, "24 to 64 bytes"},
		"HMAC that is not base64":  {[]string{"whsec_not base64 at all, I fear!!!"}, "24 to 64 bytes"},
		"a public key":             {[]string{"whpk_" + base64.StdEncoding.EncodeToString(make([]byte, 32))}, ""},
		"half a public key":        {[]string{"whpk_AAAA"}, "32 bytes"},
		"a private key":            {[]string{"whsk_" + long}, "private key"},
		"a bearer token":           {[]string{"a token of any form"}, "a token needs auth: {scheme: bearer}"},
		"one good, one bad":        {[]string{"whsec_" + long, "whpk_x"}, "secret 2"},
		"the old one is empty now": {[]string{"whsec_" + long, ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := webhook.New(webhook.Options{Secrets: tt.secrets})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("err = %v, want %q", err, tt.want)
			}
			for _, s := range tt.secrets {
				if err != nil && len(s) > 8 && strings.Contains(err.Error(), s[6:]) {
					t.Errorf("the error holds the secret: %v", err)
				}
			}
		})
	}
}

func TestSignatureList(t *testing.T) {
	key := []byte("0123456789abcdef01234567")
	private := ed25519.NewKeyFromSeed(make([]byte, 32))
	s := source(t, strange[0], "whsec_"+base64.StdEncoding.EncodeToString(key), "whpk_"+base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey)))
	const id, body = "msg_1", `{"type":"x"}`
	now := time.Unix(1788249605, 0)
	sign := func(id, timestamp string) (v1, v1a string) {
		text := []byte(id + "." + timestamp + "." + body)
		mac := hmac.New(sha256.New, key)
		mac.Write(text)
		return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, text))
	}
	v1, v1a := sign(id, "1788249605")
	dotted, _ := sign("msg.1", "1788249605")
	plus, _ := sign(id, "+1788249605")
	zero, _ := sign(id, "01788249605")
	for name, tt := range map[string]struct {
		id, timestamp, signature string
		ok                       bool
	}{
		"HMAC":                             {id, "1788249605", v1, true},
		"Ed25519":                          {id, "1788249605", v1a, true},
		"the second of three":              {id, "1788249605", "v1,AAAA " + v1 + " v2,xyz", true},
		"several blanks between":           {id, "1788249605", "  v1,AAAA   " + v1a + " ", true},
		"an unknown version":               {id, "1788249605", "v2," + v1[3:], false},
		"no version":                       {id, "1788249605", v1[3:], false},
		"HMAC under the name of Ed25519":   {id, "1788249605", "v1a," + v1[3:], false},
		"Ed25519 under the name of HMAC":   {id, "1788249605", "v1," + v1a[4:], false},
		"an empty signature":               {id, "1788249605", "v1,", false},
		"no padding":                       {id, "1788249605", strings.TrimRight(v1, "="), false},
		"an id with a dot":                 {"msg.1", "1788249605", dotted, false},
		"an endless id":                    {strings.Repeat("a", 257), "1788249605", v1, false},
		"a time with a sign":               {id, "+1788249605", plus, false},
		"a time with a zero":               {id, "01788249605", zero, false},
		"a time in ISO 8601":               {id, "2026-09-01T08:00:05Z", v1, false},
		"a time out of range":              {id, "9223372036854775807", v1, false},
		"a time beyond numbers":            {id, "99999999999999999999", v1, false},
		"the earliest time there is":       {id, "-9223372036854775808", v1, false},
		"more signatures than anyone has":  {id, "1788249605", strings.Repeat("v1,AAAA ", 16) + v1, false},
		"as many as anyone may have":       {id, "1788249605", strings.Repeat("v1,AAAA ", 15) + v1, true},
		"another id than was signed":       {"msg_2", "1788249605", v1, false},
		"another time than was signed":     {id, "1788249606", v1, false},
		"another id than Ed25519 signed":   {"msg_2", "1788249605", v1a, false},
		"another time than Ed25519 signed": {id, "1788249606", v1a, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := signedBy("webhook-", tt.id, tt.timestamp, tt.signature, body)
			r.ReceivedAt = now
			err := s.Verify(r)
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, connectors.ErrSignature) {
				t.Errorf("err = %v, want accepted %v", err, tt.ok)
			}
		})
	}
}

// The old names must not lend their signature to the new ones.
func TestHeaderFamiliesDoNotMix(t *testing.T) {
	c, s := own(t)
	for i := range c.Requests {
		r := c.Request(t, i)
		if r.Header.Get("Svix-Id") == "" {
			continue
		}
		before, err := s.Normalise(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Webhook-Id", "msg_forged")
		if err := s.Verify(r); err != nil {
			t.Fatal(err)
		}
		after, err := s.Normalise(r)
		if err != nil || after[0].Key != before[0].Key {
			t.Errorf("an unsigned webhook-id changed the key to %q, %v", after[0].Key, err)
		}
		return
	}
	t.Fatal("no sample with svix headers")
}

func TestBearer(t *testing.T) {
	const token = "ritorno_sample_token"
	s := bearer(t, "older_token", token)
	for header, ok := range map[string]bool{
		"Bearer " + token:           true,
		"bearer " + token:           true,
		"Bearer  " + token + " ":    true,
		"Bearer older_token":        true,
		"Bearer " + token[1:]:       false,
		"Bearer " + token + "x":     false,
		"Bearer":                    false,
		"Bearer ":                   false,
		"Basic " + token:            false,
		token:                       false,
		"":                          false,
		"Bearer a, Bearer " + token: false,
	} {
		err := s.Verify(connectors.Request{Header: http.Header{"Authorization": {header}}, Body: []byte("{}")})
		if (err == nil) != ok || err != nil && !errors.Is(err, connectors.ErrSignature) {
			t.Errorf("%q: %v, want accepted %v", header, err, ok)
		}
	}
	// A signing secret is no password: it must never travel in a header.
	c := connectorstest.Own(t, "webhook")
	for _, secret := range []string{c.Secret, c.PublicKey} {
		err := source(t, secret).Verify(connectors.Request{Header: http.Header{"Authorization": {"Bearer " + secret}}})
		if !errors.Is(err, connectors.ErrSignature) {
			t.Errorf("a signing secret as a bearer token: %v, want ErrSignature", err)
		}
	}
}

func TestKeyWithoutSignature(t *testing.T) {
	s := bearer(t, "token")
	key := func(body, id string) string {
		t.Helper()
		h := http.Header{"Authorization": {"Bearer token"}}
		if id != "" {
			h.Set("Webhook-Id", id)
		}
		events, err := s.Normalise(connectors.Request{Header: h, Body: []byte(body)})
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		return events[0].Key
	}
	body := func(id string) string {
		return fmt.Sprintf(`{"type":"contact.created","id":%q,"data":{"customer":{"id":"C-1"}}}`, id)
	}
	if a, b := key(body("1"), ""), key(body("1"), ""); a != b || a != "id 1" {
		t.Errorf("the envelope's id gives %q and %q", a, b)
	}
	if a := key(body("1"), "h"); a != "webhook h" {
		t.Errorf("the header's id gives %q", a)
	}
	if a, b := key(body(""), ""), key(body("")+" ", ""); a == b {
		t.Errorf("two bodies share the key %q", a)
	}
}

func FuzzNormalise(f *testing.F) {
	c, s := own(f)
	for i := range c.Requests {
		f.Add(c.Request(f, i).Body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Normalise(connectors.Request{Header: http.Header{}, Body: body})
		if err != nil && !errors.Is(err, connectors.ErrMalformed) {
			t.Fatalf("err = %v, want ErrMalformed", err)
		}
		for _, ev := range events {
			if ev.Key == "" || ev.Type == "" || err != nil {
				t.Fatalf("event %+v with err %v", ev, err)
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	c, s := own(f)
	for i := range c.Requests {
		r := c.Request(f, i)
		f.Add(r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), r.Header.Get("Webhook-Signature"), r.Header.Get("Authorization"))
	}
	good, tokens := c.Request(f, 0), bearer(f, c.Token)
	f.Fuzz(func(t *testing.T, id, timestamp, signature, authorization string) {
		r := signedBy("webhook-", id, timestamp, signature, "{}")
		r.Header.Set("Authorization", authorization)
		r.ReceivedAt = good.ReceivedAt
		for name, err := range map[string]error{"signed": s.Verify(r), "bearer": tokens.Verify(r)} {
			if err != nil && !errors.Is(err, connectors.ErrSignature) {
				t.Fatalf("err = %v, want ErrSignature", err)
			}
			if err == nil && (name == "signed" || !strings.Contains(authorization, c.Token)) {
				t.Fatalf("forged: %q %q %q %q", id, timestamp, signature, authorization)
			}
		}
	})
}

// FuzzNew: a secret of any form is taken or refused, and the answer does not
// repeat it.
func FuzzNew(f *testing.F) {
	for _, s := range []string{"", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whpk_AAAA", "whsk_AAAA", "a token", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		s, err := webhook.New(webhook.Options{Secrets: []string{secret}})
		if err != nil {
			if len(secret) > 12 && strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats the secret: %v", err)
			}
			return
		}
		if err := s.Verify(connectors.Request{Body: []byte("{}"), ReceivedAt: time.Now()}); !errors.Is(err, connectors.ErrSignature) {
			t.Errorf("an unsigned request: %v", err)
		}
	})
}
