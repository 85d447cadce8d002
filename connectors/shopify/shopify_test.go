package shopify_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/shopify"
)

func source(t testing.TB, secrets ...string) *shopify.Source {
	t.Helper()
	s, err := shopify.New(shopify.Options{Secrets: secrets})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// samples turns recorded requests into samples of the conformance test.
func samples(t *testing.T, c connectorstest.Collection) []connectorstest.Sample {
	t.Helper()
	return c.Samples(t, func(s *connectorstest.Sample) bool {
		s.Proof, s.Stranger = []string{"X-Shopify-Hmac-Sha256"}, source(t, "shpss_somebody_else")
		if s.Request.Header.Get("Shopify-Hmac-Sha256") != "" {
			s.Proof = []string{"Shopify-Hmac-Sha256"}
		}
		return true
	})
}

func TestSource(t *testing.T) {
	c := connectorstest.Own(t, "shopify")
	s := source(t, c.Secret)
	connectorstest.Source(t, s, samples(t, c))
}

func TestEvents(t *testing.T) {
	c := connectorstest.Own(t, "shopify")
	connectorstest.Goldens(t, source(t, c.Secret), samples(t, c))
}

func TestNewNeedsASecret(t *testing.T) {
	for _, secrets := range [][]string{nil, {""}, {"", ""}} {
		if _, err := shopify.New(shopify.Options{Secrets: secrets}); err == nil {
			t.Errorf("New with secrets %q: no error", secrets)
		}
	}
}

func TestAllSecretsAreTried(t *testing.T) {
	c := connectorstest.Own(t, "shopify")
	r := c.Request(t, 0)
	for name, secrets := range map[string][]string{
		"the newest":                {c.Secret, "shpss_old"},
		"an old one":                {"shpss_new", "", c.Secret},
		"the same one three times":  {c.Secret, c.Secret, c.Secret},
		"an empty one is passed by": {"", c.Secret},
	} {
		if err := source(t, secrets...).Verify(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignatureHeader(t *testing.T) {
	c := connectorstest.Own(t, "shopify")
	s, good := source(t, c.Secret), c.Request(t, 0)
	right := good.Header.Get("X-Shopify-Hmac-Sha256")
	for name, value := range map[string]string{
		"without padding":            strings.TrimRight(right, "="),
		"in URL letters":             strings.NewReplacer("+", "-", "/", "_").Replace(right) + "-",
		"in hexadecimal":             "2201021452c6ad893eeb33120ea25b123507f61cb41496cd28.ed77d755afa2",
		"of too few bytes":           "AAAA",
		"with a blank in it":         right[:10] + " " + right[10:],
		"with bits behind its end":   right[:42] + "9=",
		"twice":                      right + "," + right,
		"of the empty body":          "ZAZ6P4c14f6v798OCPYCodtdf9g8Z+GfthdfCgyhUYg=",
		"with a line break injected": right + "\nX: y",
	} {
		r := good
		r.Header = good.Header.Clone()
		r.Header.Set("X-Shopify-Hmac-Sha256", value)
		if err := s.Verify(r); !errors.Is(err, connectors.ErrSignature) {
			t.Errorf("%s: err = %v, want ErrSignature", name, err)
		}
	}
}

func TestEmptyBodyHasASignatureToo(t *testing.T) {
	r := connectors.Request{Header: http.Header{"X-Shopify-Hmac-Sha256": {"Knm8rWjeSXNIt2H0AOMT7DQ8/YSy8sQi/pEjbuUmGMs="}}}
	if err := source(t, "hush").Verify(r); err != nil {
		t.Error(err)
	}
	r.Header.Set("X-Shopify-Topic", "orders/create")
	if _, err := source(t, "hush").Normalise(r); !errors.Is(err, connectors.ErrMalformed) {
		t.Errorf("Normalise: %v, want ErrMalformed", err)
	}
}

// The published vectors of other people's libraries.
func TestPublishedVectors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(connectorstest.Fixtures(t, "shopify"), "hmac-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Secret, Body string
			HMAC         string `json:"hmac_sha256_base64"`
			Valid        bool
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for i, v := range file.Vectors {
		// This signature is published for an empty body, but is that of two
		// quotes: an empty Go string, marshalled.
		if v.Body == "" && v.HMAC == "ZAZ6P4c14f6v798OCPYCodtdf9g8Z+GfthdfCgyhUYg=" {
			v.Body = `""`
		}
		err := source(t, v.Secret).Verify(connectors.Request{
			Header: http.Header{"X-Shopify-Hmac-Sha256": {v.HMAC}},
			Body:   []byte(v.Body),
		})
		if (err == nil) != v.Valid {
			t.Errorf("vector %d: %v, want valid %v", i, err, v.Valid)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	c := connectorstest.Own(f, "shopify")
	s := source(f, c.Secret)
	for i := range c.Requests {
		r := c.Request(f, i)
		topic := r.Header.Get("X-Shopify-Topic")
		if topic == "" {
			topic = r.Header.Get("Shopify-Topic")
		}
		f.Add(topic, r.Body)
	}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		r := connectors.Request{Header: http.Header{"X-Shopify-Topic": {topic}}, Body: body}
		events, err := s.Normalise(r)
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
	c := connectorstest.Own(f, "shopify")
	s, good := source(f, c.Secret), c.Request(f, 0)
	right := good.Header.Get("X-Shopify-Hmac-Sha256")
	f.Add(right, good.Body)
	f.Add("", []byte{})
	f.Add("=====", good.Body)
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		err := s.Verify(connectors.Request{Header: http.Header{"X-Shopify-Hmac-Sha256": {header}}, Body: body})
		if err != nil && !errors.Is(err, connectors.ErrSignature) {
			t.Fatalf("err = %v, want ErrSignature", err)
		}
		if err == nil && (header != right || string(body) != string(good.Body)) {
			t.Fatalf("forged: header %q over %q", header, body)
		}
	})
}
