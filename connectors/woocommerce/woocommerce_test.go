package woocommerce_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/woocommerce"
)

const signature = "X-WC-Webhook-Signature"

// fields are the plugin fields of the own samples.
var fields = woocommerce.Fields{
	EmailConsent: []string{"newsletter"}, SMSConsent: []string{"sms_ok", "sms_opt_in"},
	Locale: []string{"wpml_language"}, CancelReason: []string{"cancellation_reason"},
}

func source(t testing.TB, secrets ...string) *woocommerce.Source {
	t.Helper()
	s, err := woocommerce.New(woocommerce.Options{Secrets: secrets, Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// samples turns recorded requests into samples of the conformance test. The
// ping and the shop's error are none: neither becomes an event.
func samples(t *testing.T, c connectorstest.Collection) []connectorstest.Sample {
	t.Helper()
	return c.Samples(t, func(s *connectorstest.Sample) bool {
		s.Proof, s.Stranger = []string{signature}, source(t, "somebody else's")
		return s.Name != "ping" && !strings.Contains(s.Name, "error")
	})
}

func TestSource(t *testing.T) {
	c := connectorstest.Own(t, "woocommerce")
	connectorstest.Source(t, source(t, c.Secret), samples(t, c))
}

func TestEvents(t *testing.T) {
	c := connectorstest.Own(t, "woocommerce")
	connectorstest.Goldens(t, source(t, c.Secret), samples(t, c))
}

func TestNewNeedsASecret(t *testing.T) {
	for _, secrets := range [][]string{nil, {""}, {"", ""}} {
		if _, err := woocommerce.New(woocommerce.Options{Secrets: secrets}); err == nil {
			t.Errorf("New with secrets %q: no error", secrets)
		}
	}
}

func TestAllSecretsAreTried(t *testing.T) {
	c := connectorstest.Own(t, "woocommerce")
	r := c.Request(t, 0)
	for name, secrets := range map[string][]string{
		"the newest":                {c.Secret, "old"},
		"an old one":                {"new", "", c.Secret},
		"an empty one is passed by": {"", c.Secret},
	} {
		if err := source(t, secrets...).Verify(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPing(t *testing.T) {
	s := source(t, "x")
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	with := func(name, value string) http.Header {
		h := form.Clone()
		h.Set(name, value)
		return h
	}
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		want   error
	}{
		"as WooCommerce sends it":      {form, "webhook_id=17", connectors.ErrPing},
		"with a charset":               {with("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"), "webhook_id=17", connectors.ErrPing},
		"as JSON":                      {with("Content-Type", "application/json"), "webhook_id=17", connectors.ErrSignature},
		"without its type":             {http.Header{}, "webhook_id=17", connectors.ErrSignature},
		"with a topic":                 {with("X-WC-Webhook-Topic", "order.created"), "webhook_id=17", connectors.ErrSignature},
		"with a signature that is bad": {with(signature, "AAAA"), "webhook_id=17", connectors.ErrSignature},
		"with more in it":              {form, "webhook_id=17&x=1", connectors.ErrSignature},
		"with words for a number":      {form, "webhook_id=seventeen", connectors.ErrSignature},
		"without a number":             {form, "webhook_id=", connectors.ErrSignature},
		"an order under its type":      {form, `{"id":1}`, connectors.ErrSignature},
		"nothing at all":               {form, "", connectors.ErrSignature},
	} {
		if err := s.Verify(connectors.Request{Header: tt.header, Body: []byte(tt.body)}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	c := connectorstest.Own(f, "woocommerce")
	s := source(f, c.Secret)
	for i := range c.Requests {
		r := c.Request(f, i)
		f.Add(r.Header.Get("X-WC-Webhook-Topic"), r.Body)
	}
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		h := http.Header{}
		h.Set("X-WC-Webhook-Topic", topic)
		events, err := s.Normalise(connectors.Request{Header: h, Body: body})
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
	c := connectorstest.Own(f, "woocommerce")
	s, good := source(f, c.Secret), c.Request(f, 0)
	right := good.Header.Get(signature)
	f.Add(right, good.Body)
	f.Add("", []byte("webhook_id=17"))
	f.Add("=====", good.Body)
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		h := http.Header{"Content-Type": {"application/json"}}
		h.Set(signature, header)
		err := s.Verify(connectors.Request{Header: h, Body: body})
		if err != nil && !errors.Is(err, connectors.ErrSignature) {
			t.Fatalf("err = %v, want ErrSignature", err)
		}
		if err == nil && (header != right || string(body) != string(good.Body)) {
			t.Fatalf("forged: header %q over %q", header, body)
		}
	})
}
