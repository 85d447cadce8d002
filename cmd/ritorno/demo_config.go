package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"

	"ritorno/config"
	"ritorno/connectors/fake"
	"ritorno/handlers"
)

// demoShop is the shop's key; its two sources are called shopify and erp.
const demoShop = "bottega"

// demoFrom is the number that the shop writes from.
const demoFrom = "+390600000000"

// demoAccount is the pretend Twilio account.
const demoAccount = "AC00000000000000000000000000000000"

// demoSecrets are made anew for each demo.
type demoSecrets struct {
	shopify, erp, twilio string
	sendgrid             *ecdsa.PrivateKey
}

func newDemoSecrets() (s demoSecrets, err error) {
	s.sendgrid, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails; see crypto/rand
	s.erp = "whsec_" + base64.StdEncoding.EncodeToString(key)
	s.shopify, s.twilio = rand.Text(), rand.Text()
	return s, err
}

// startProviders runs pretend Twilio and SendGrid on a port of their own.
func (d *demo) startProviders() (err error) {
	if d.secrets, err = newDemoSecrets(); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the pretend providers: %w", err)
	}
	d.provider = fake.New(fake.Options{
		AccountSID: demoAccount, AuthToken: d.secrets.twilio, SendGridKey: d.secrets.sendgrid, EventsURL: d.url + "/callbacks/sendgrid/events",
		CallbackClient: d.client, Now: d.clock.now, Fate: d.fate,
	})
	d.providerURL = "http://" + ln.Addr().String()
	d.providerServer = handlers.NewHTTPServer("", d.provider.Handler())
	go func() { _ = d.providerServer.Serve(ln) }() // ends with Close
	return nil
}

// config is what an owner would have written into ritorno.yaml.
func (d *demo) config(dir string) (*config.Config, error) {
	der, err := x509.MarshalPKIXPublicKey(&d.secrets.sendgrid.PublicKey)
	if err != nil {
		return nil, err
	}
	src := fmt.Sprintf(`public_url: %q
listen: %q
data_dir: %q
redis: {shards: 1}
twilio: {account_sid: %s, auth_token: %q, from: %q, rate: 1000, base_url: %q}
sendgrid: {api_key: SG.demo, from: {email: ciao@bottega.example, name: Bottega Rossi}, rate: 1000, base_url: %q, webhook_public_key: %q}
shops:
  %s:
    name: Bottega Rossi
    home_url: https://bottega.example
    locale: it
    timezone: %s
    country: IT
    currency: %s
    quiet_hours: {from: "21:00", to: "09:00", days: [sun], holidays: true, channels: [sms]}
    frequency_cap: {messages: 6, per: 30d}
    contest: {rules_url: https://bottega.example/concorso, registration: "DEMO 1/2026", from: 1990-01-01, to: 2099-12-31}
    sources:
      shopify: {kind: shopify, secret: %q}
      erp: {kind: webhook, secret: %q}
    journeys: [reactivation, welcome_back, cancellation]
`, d.url, d.listener.Addr().String(), dir, demoAccount, d.secrets.twilio, demoFrom, d.providerURL, d.providerURL,
		base64.StdEncoding.EncodeToString(der), demoShop, demoZone, d.plot.currency, d.secrets.shopify, d.secrets.erp)
	c, problems := config.Parse("demo", []byte(src), os.LookupEnv)
	return c, mistakes(problems)
}

// httpClient keeps enough connections for callbacks and posts at once.
func httpClient() *http.Client {
	t := &http.Transport{MaxIdleConnsPerHost: 32} // no proxy: everything is on this machine
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
