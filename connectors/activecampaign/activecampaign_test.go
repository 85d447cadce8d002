package activecampaign_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/connectors/connectorstest"
)

// options are the owner's mapping for the own samples.
func options(t testing.TB, token string) activecampaign.Options {
	t.Helper()
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	return activecampaign.Options{
		Token: token, Zone: rome,
		Tags: map[string]activecampaign.Meaning{
			"cliente disdetto": activecampaign.Cancelled, "ABBONATO": activecampaign.Started, "promo-sms": activecampaign.SMSSubscribed,
			"niente-mail": activecampaign.EmailUnsubscribed, "in pausa": activecampaign.Paused, "carta rifiutata": activecampaign.PaymentFailed,
			"dimentica": activecampaign.Erase, "newsletter": activecampaign.EmailSubscribed,
		},
		Lists:  map[string]activecampaign.List{"3": activecampaign.ListSubscription, "7": activecampaign.ListSMS, "9": activecampaign.ListIgnore},
		Fields: activecampaign.Fields{Locale: []string{"40"}, CancelReason: []string{"39", "reason"}},
	}
}

func source(t testing.TB, token string) *activecampaign.Source {
	t.Helper()
	s, err := activecampaign.New(options(t, token))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func samples(t *testing.T, c connectorstest.Collection) []connectorstest.Sample {
	t.Helper()
	return c.Samples(t, func(s *connectorstest.Sample) bool {
		s.Param, s.Stranger = "token", source(t, "the token of another account")
		return true
	})
}

func TestSource(t *testing.T) {
	c := connectorstest.Own(t, "activecampaign")
	connectorstest.Source(t, source(t, c.Token), samples(t, c))
}

func TestEvents(t *testing.T) {
	c := connectorstest.Own(t, "activecampaign")
	connectorstest.Goldens(t, source(t, c.Token), samples(t, c))
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*activecampaign.Options){
		"no token":            func(o *activecampaign.Options) { o.Token = "" },
		"an unknown meaning":  func(o *activecampaign.Options) { o.Tags["x"] = "subscription.gone" },
		"a meaning of ours":   func(o *activecampaign.Options) { o.Tags["x"] = "email.unknown" },
		"an unknown list":     func(o *activecampaign.Options) { o.Lists["1"] = "phone" },
		"a list without kind": func(o *activecampaign.Options) { o.Lists["1"] = "" },
	} {
		o := options(t, "t")
		change(&o)
		if _, err := activecampaign.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestErrorsDoNotShowTheToken(t *testing.T) {
	const token = "secret-token-of-this-account"
	s := source(t, token)
	for _, q := range []string{"", "token=guess", "token=" + token + "x", "token=" + token + "&token=" + token, "Token=" + token} {
		query, err := url.ParseQuery(q)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Verify(connectors.Request{Query: query, Header: http.Header{}})
		if !errors.Is(err, connectors.ErrSignature) || strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "guess") {
			t.Errorf("?%s: %v", q, err)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	c := connectorstest.Own(f, "activecampaign")
	s := source(f, c.Token)
	for i := range c.Requests {
		r := c.Request(f, i)
		f.Add(r.Query.Get("event"), r.Body)
	}
	f.Add("sbscription.cancelled", []byte("contact%5Bid%5D=1"))
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		events, err := s.Normalise(connectors.Request{Header: http.Header{}, Query: url.Values{"event": {event}}, Body: body})
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
