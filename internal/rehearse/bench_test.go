package rehearse_test

import (
	"testing"
	"time"

	"ritorno/config"
	"ritorno/internal/generate"
	"ritorno/internal/lifecycle"
	"ritorno/internal/rehearse"
)

const shopYAML = `public_url: https://ritorno.example.com
shops:
  bottega:
    name: Bottega Rossi
    home_url: https://bottega.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: EUR
    consent: {assume: {email: subscribed, sms: subscribed}}
    quiet_hours: {from: "21:00", to: "09:00", days: [sun], holidays: true, channels: [sms]}
    frequency_cap: {messages: 4, per: 30d}
    sources: {}
    journeys: [reactivation, welcome_back, cancellation]
`

func rulesOf(t testing.TB, src string) lifecycle.Rules {
	t.Helper()
	c, problems := config.Parse("shop.yaml", []byte(src), func(string) (string, bool) { return "", false })
	for _, p := range problems {
		if !p.Warning {
			t.Fatal(p.String())
		}
	}
	return c.Rules(c.Shops[0].ID)
}

// life is a generated shop's history.
func life(t testing.TB, people int) *rehearse.History {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2024, 5, 1, 0, 0, 0, 0, zone)
	l := generate.New(7, generate.Options{People: people, From: from, To: from.AddDate(0, 18, 0), Zone: zone})
	h := rehearse.NewHistory("bottega")
	for _, ev := range l.Events {
		if ev.Kind != generate.Bought && ev.Kind != generate.Renewed {
			continue
		}
		h.Add(lifecycle.Event{
			Type: lifecycle.OrderPlaced, Source: "import", At: ev.Order.At, Version: ev.Order.At, Historical: true,
			Person: lifecycle.Person{CustomerID: l.People[ev.Person].CustomerID},
			Order:  &lifecycle.Order{ID: ev.Order.ID, At: ev.Order.At, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: ev.Order.Total, Currency: "EUR"}},
		})
	}
	return h
}

func BenchmarkPlay(b *testing.B) {
	h := life(b, 20_000)
	h.Reach("IT", lifecycle.Email, lifecycle.SMS)
	o := rehearse.Options{Rules: rulesOf(b, shopYAML), Within: 30 * 24 * time.Hour, Workers: 1}
	b.ReportAllocs()
	for b.Loop() {
		r, err := rehearse.Play(h, o)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for _, t := range r.Messages {
			n += t.Sent
		}
		b.ReportMetric(float64(n), "messages")
	}
	b.ReportMetric(float64(h.Len())*float64(b.N)/b.Elapsed().Seconds(), "orders/s")
	b.ReportMetric(float64(h.Len()), "orders")
}
