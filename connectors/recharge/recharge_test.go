package recharge_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/recharge"
)

const (
	newer  = "X-Recharge-Webhook-Signature"
	legacy = "X-Recharge-Hmac-Sha256"
)

func source(t testing.TB, secrets ...string) *recharge.Source {
	t.Helper()
	s, err := recharge.New(recharge.Options{Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// samples turns recorded requests into samples of the conformance test. A
// request with both signatures is held to the newer one.
func samples(t *testing.T, c connectorstest.Collection) []connectorstest.Sample {
	t.Helper()
	return c.Samples(t, func(s *connectorstest.Sample) bool {
		s.Stranger = source(t, "somebody_else")
		if s.Proof, s.Window = []string{newer}, recharge.Window; s.Request.Header.Get(newer) == "" {
			s.Proof, s.Window = []string{legacy}, 0
		} else {
			s.Request.Header.Del(legacy)
		}
		return true
	})
}

func TestSource(t *testing.T) {
	c := connectorstest.Own(t, "recharge")
	connectorstest.Source(t, source(t, c.Secret), samples(t, c))
}

func TestEvents(t *testing.T) {
	c := connectorstest.Own(t, "recharge")
	connectorstest.Goldens(t, source(t, c.Secret), samples(t, c))
}

func TestNewNeedsASecret(t *testing.T) {
	for _, secrets := range [][]string{nil, {""}, {"", " "}} {
		if _, err := recharge.New(recharge.Options{Secrets: secrets}); err == nil {
			t.Errorf("New with secrets %q: no error", secrets)
		}
	}
}

// newerSum and legacySum are the two digests.
func newerSum(secret, timestamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "." + body))
	return fmt.Sprintf("%x", mac.Sum(nil))
}

func legacySum(secret, body string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(secret+body)))
}

func TestSignatures(t *testing.T) {
	const body, at = `{"customer":{"id":1}}`, "1788249605"
	mac := hmac.New(sha256.New, []byte("fresh"))
	mac.Write([]byte(body))
	good, old := "t="+at+",v1="+newerSum("fresh", at, body), legacySum("fresh", body)
	for name, tt := range map[string]struct {
		newer, legacy string
		ok            bool
	}{
		"both":                                  {good, old, true},
		"the newer alone":                       {good, "", true},
		"the older alone":                       {"", old, true},
		"the newer, with a wrong older":         {good, legacySum("x", body), true},
		"a wrong newer beside a right older":    {"t=" + at + ",v1=" + newerSum("x", at, body), old, false},
		"an unreadable newer and a right older": {"x", old, false},
		"an older secret":                       {"t=" + at + ",v1=" + newerSum("before", at, body), "", true},
		"an older secret, in the older way":     {"", legacySum("before", body), true},
		"two signatures, one fits":              {"t=" + at + ",v1=" + newerSum("x", at, body) + ",v1=" + newerSum("fresh", at, body), "", true},
		"a true HMAC in the older header":       {"", fmt.Sprintf("%x", mac.Sum(nil)), false},
		"the older digest in the newer":         {"t=" + at + ",v1=" + old, "", false},
		"no time":                               {"v1=" + newerSum("fresh", at, body), "", false},
		"two times":                             {"t=1," + good, "", false},
		"another time than was signed":          {"t=1788249606,v1=" + newerSum("fresh", at, body), "", false},
		"no signature":                          {"t=" + at, "", false},
		"half of the older":                     {"", old[:32], false},
		"nothing":                               {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := connectors.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: time.Unix(1788249605, 0)}
			r.Header.Set(newer, tt.newer)
			r.Header.Set(legacy, tt.legacy)
			err := source(t, "fresh", "", "before").Verify(r)
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, connectors.ErrSignature) {
				t.Errorf("err = %v, want accepted %v", err, tt.ok)
			}
		})
	}
}

// Recharge repeats for 48 hours; the older signature knows no time at all.
func TestWindow(t *testing.T) {
	const body, at = `{}`, "1788249605"
	for seconds, ok := range map[int64]bool{-172_801: false, -172_800: true, 172_800: true, 172_801: false} {
		r := connectors.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: time.Unix(1788249605+seconds, 0)}
		r.Header.Set(newer, "t="+at+",v1="+newerSum("x", at, body))
		if err := source(t, "x").Verify(r); (err == nil) != ok {
			t.Errorf("%d s later: %v, want accepted %v", seconds, err, ok)
		}
		r.Header = http.Header{legacy: {legacySum("x", body)}}
		if err := source(t, "x").Verify(r); err != nil {
			t.Errorf("%d s later, in the older way: %v", seconds, err)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	c := connectorstest.Own(f, "recharge")
	s := source(f, c.Secret)
	for i := range c.Requests {
		r := c.Request(f, i)
		f.Add(r.Header.Get("X-Recharge-Topic"), r.Body)
		f.Add("", r.Body)
	}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		events, err := s.Normalise(connectors.Request{Header: http.Header{}, Query: url.Values{"topic": {topic}}, Body: body})
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
	c := connectorstest.Own(f, "recharge")
	s, good := source(f, c.Secret), c.Request(f, 0)
	a, b := good.Header.Get(newer), good.Header.Get(legacy)
	_, sum, _ := strings.Cut(a, "v1=")
	f.Add(a, b, good.Body)
	f.Add("", b, good.Body)
	f.Add("t=1,v1=", "zz", []byte{})
	f.Fuzz(func(t *testing.T, first, second string, body []byte) {
		r := connectors.Request{Header: http.Header{}, Body: body, ReceivedAt: good.ReceivedAt}
		r.Header.Set(newer, first)
		r.Header.Set(legacy, second)
		err := s.Verify(r)
		if err != nil && !errors.Is(err, connectors.ErrSignature) {
			t.Fatalf("err = %v, want ErrSignature", err)
		}
		genuine := string(body) == string(good.Body) && (strings.Contains(strings.ToLower(first), sum) || first == "" && strings.EqualFold(second, b))
		if err == nil && !genuine {
			t.Fatalf("forged: %q, %q over %q", first, second, body)
		}
	})
}
