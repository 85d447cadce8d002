package stripe_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/stripe"
)

func source(t testing.TB, secrets ...string) *stripe.Source {
	t.Helper()
	s, err := stripe.New(stripe.Options{Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// samples turns recorded requests into samples of the conformance test.
func samples(t *testing.T, c connectorstest.Collection) []connectorstest.Sample {
	t.Helper()
	return c.Samples(t, func(s *connectorstest.Sample) bool {
		s.Proof, s.Stranger, s.Window = []string{"Stripe-Signature"}, source(t, "whsec_somebody_else"), stripe.Tolerance
		return true
	})
}

func TestSource(t *testing.T) {
	c := connectorstest.Own(t, "stripe")
	connectorstest.Source(t, source(t, c.Secret), samples(t, c))
}

func TestEvents(t *testing.T) {
	c := connectorstest.Own(t, "stripe")
	connectorstest.Goldens(t, source(t, c.Secret), samples(t, c))
}

func TestNewNeedsASecret(t *testing.T) {
	for _, secrets := range [][]string{nil, {""}, {"", " "}} {
		if _, err := stripe.New(stripe.Options{Secrets: secrets}); err == nil {
			t.Errorf("New with secrets %q: no error", secrets)
		}
	}
}

// sign makes a v1 signature.
func sign(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "." + body))
	return fmt.Sprintf("%x", mac.Sum(nil))
}

func TestSignatureHeader(t *testing.T) {
	const body, at = `{"object":"event"}`, "1788249605"
	s := source(t, "whsec_new", "", "whsec_old")
	fresh, old := sign("whsec_new", at, body), sign("whsec_old", at, body)
	for name, tt := range map[string]struct {
		header string
		ok     bool
	}{
		"the newest secret":                     {"t=" + at + ",v1=" + fresh, true},
		"an older one":                          {"t=" + at + ",v1=" + old, true},
		"one for each while a secret is rolled": {"t=" + at + ",v1=" + sign("whsec_gone", at, body) + ",v1=" + old, true},
		"test mode's beside it":                 {"t=" + at + ",v1=" + fresh + ",v0=" + old, true},
		"blanks behind the commas":              {"t=" + at + ", v1=" + fresh, true},
		"a part that cannot be read":            {"t=" + at + ",v1=zz,v1=" + fresh, true},
		"an unknown scheme beside it":           {"t=" + at + ",v9=" + old + ",v1=" + fresh, true},
		"in capitals":                           {"t=" + at + ",v1=" + strings.ToUpper(fresh), true},
		"test mode's alone":                     {"t=" + at + ",v0=" + fresh, false},
		"an unknown scheme alone":               {"t=" + at + ",v2=" + fresh, false},
		"no time":                               {"v1=" + fresh, false},
		"two times":                             {"t=1,t=" + at + ",v1=" + fresh, false},
		"a time with a zero":                    {"t=0" + at + ",v1=" + sign("whsec_new", "0"+at, body), false},
		"a time out of range":                   {"t=99999999999999999999,v1=" + fresh, false},
		"the earliest time there is":            {"t=-9223372036854775808,v1=" + sign("whsec_new", "-9223372036854775808", body), false},
		"a part without =":                      {"t=" + at + ",v1=" + fresh + ",x", false},
		"no signature":                          {"t=" + at, false},
		"another time than was signed":          {"t=1788249606,v1=" + fresh, false},
		"the secret without its beginning":      {"t=" + at + ",v1=" + sign("new", at, body), false},
		"more signatures than anyone has":       {"t=" + at + strings.Repeat(",v1="+old, 17), false},
		"nothing":                               {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Verify(connectors.Request{
				Header: http.Header{"Stripe-Signature": {tt.header}}, Body: []byte(body), ReceivedAt: time.Unix(1788249605, 0),
			})
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, connectors.ErrSignature) {
				t.Errorf("err = %v, want accepted %v", err, tt.ok)
			}
		})
	}
}

func TestTolerance(t *testing.T) {
	const body, at = `{}`, "1788249605"
	header := http.Header{"Stripe-Signature": {"t=" + at + ",v1=" + sign("whsec_x", at, body)}}
	for seconds, ok := range map[int64]bool{-301: false, -300: true, 0: true, 300: true, 301: false} {
		err := source(t, "whsec_x").Verify(connectors.Request{Header: header, Body: []byte(body), ReceivedAt: time.Unix(1788249605+seconds, 0)})
		if (err == nil) != ok {
			t.Errorf("%d s later: %v, want accepted %v", seconds, err, ok)
		}
	}
}

// The vector that Stripe's own library made.
func TestPublishedVectors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(connectorstest.Fixtures(t, "stripe"), "signature-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Secret, Body, V1 string
			Timestamp        int64
			ValidAt          int64 `json:"valid_at"`
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for i, v := range file.Vectors {
		r := connectors.Request{
			Header: http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", v.Timestamp, v.V1)}},
			Body:   []byte(v.Body), ReceivedAt: time.Unix(v.ValidAt, 0),
		}
		if err := source(t, v.Secret).Verify(r); err != nil {
			t.Errorf("vector %d: %v", i, err)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	c := connectorstest.Own(f, "stripe")
	s := source(f, c.Secret)
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
	c := connectorstest.Own(f, "stripe")
	s, good := source(f, c.Secret), c.Request(f, 0)
	right := good.Header.Get("Stripe-Signature")
	_, sum, _ := strings.Cut(right, "v1=")
	f.Add(right, good.Body)
	f.Add("t=1,v1=", []byte{})
	f.Add(",,=,", good.Body)
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		err := s.Verify(connectors.Request{Header: http.Header{"Stripe-Signature": {header}}, Body: body, ReceivedAt: good.ReceivedAt})
		if err != nil && !errors.Is(err, connectors.ErrSignature) {
			t.Fatalf("err = %v, want ErrSignature", err)
		}
		if err == nil && (!strings.Contains(strings.ToLower(header), sum) || string(body) != string(good.Body)) {
			t.Fatalf("forged: header %q over %q", header, body)
		}
	})
}
