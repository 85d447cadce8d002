package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ritorno/config"
	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/webhook"
)

// mapped are the worked examples of docs/mapping.md, in examples/requests.
var mapped = []string{"hubspot", "salesforce", "prestashop", "zapier", "bigcommerce"}

// exampleConfig is the configuration of one worked example.
func exampleConfig(t *testing.T, name string) *config.Config {
	t.Helper()
	path := filepath.Join(connectorstest.Root(t), "examples", "requests", "mapping", name, "ritorno.yaml")
	c, problems := config.Load(path, func(string) (string, bool) { return "", false })
	for _, p := range problems {
		t.Errorf("%s", p)
	}
	return c
}

func exampleSource(t *testing.T, c *config.Config, name string) *webhook.Source {
	t.Helper()
	src := c.Shop("bottega").Source(name)
	if src == nil {
		t.Fatalf("no source %s", name)
	}
	s, err := newSource(src)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*webhook.Source)
}

// Each worked example is believed, read, and refused under another secret.
func TestMappingExamples(t *testing.T) {
	for _, name := range mapped {
		c, collection := exampleConfig(t, name), connectorstest.Own(t, "mapping/"+name)
		for i, r := range collection.Requests {
			t.Run(name+"/"+r.File, func(t *testing.T) {
				s, req := exampleSource(t, c, r.Source), collection.Request(t, i)
				if err := s.Verify(req); err != nil {
					t.Errorf("genuine request: %v", err)
				}
				forged := exampleConfig(t, name)
				forged.Shop("bottega").Source(r.Source).Secrets = []config.Secret{config.NewSecret("a secret of somebody else")}
				if err := exampleSource(t, forged, r.Source).Verify(req); !errors.Is(err, connectors.ErrSignature) {
					t.Errorf("under another secret: %v, want ErrSignature", err)
				}
				events, err := s.Normalise(req)
				if err != nil {
					t.Fatal(err)
				}
				connectorstest.Golden(t, "mapping-"+name+"-"+strings.ReplaceAll(r.File, ".", "-"), events)
			})
		}
	}
}

// What docs/mapping.md shows is what the tests run.
func TestMappingPageShowsTheExamples(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(connectorstest.Root(t), "docs", "mapping.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range mapped {
		text, err := os.ReadFile(filepath.Join(connectorstest.Root(t), "examples", "requests", "mapping", name, "ritorno.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		_, sources, found := strings.Cut(string(text), "    sources:\n")
		if !found || !strings.Contains(string(page), "```yaml\n"+unindent(sources)+"```") {
			t.Errorf("docs/mapping.md does not show the sources of examples/requests/mapping/%s/ritorno.yaml", name)
		}
	}
}

func unindent(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "      ")
	}
	return strings.Join(lines, "")
}

// Published bodies of others are read by the same mappings.
func TestMappingReadsPublishedBodies(t *testing.T) {
	for name, tt := range map[string]struct{ folder, file, source, example, want string }{
		"HubSpot's batch":                 {"hubspot", "contact-propertyChange.json", "hubspot", "hubspot", "consent.changed 1246965, erase.requested 1246978"},
		"Salesforce's outbound message":   {"salesforce", "outbound-message-contact.xml", "salesforce", "salesforce", "contact.changed 003000000000001AAA"},
		"a CRM with names of its own":     {"generic", "order.json", "zapier", "zapier", "order.placed ada@example.com"},
		"BigCommerce's order, only ids":   {"bigcommerce", "store_order_created.json", "bigcommerce", "bigcommerce", ""},
		"BigCommerce's new customer, too": {"bigcommerce", "store_customer_created.json", "bigcommerce", "bigcommerce", ""},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(connectorstest.Fixtures(t, tt.folder), tt.file))
			if err != nil {
				t.Fatal(err)
			}
			events, err := exampleSource(t, exampleConfig(t, tt.example), tt.source).Normalise(connectors.Request{Body: body})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, ev := range events {
				who := ev.Person.CustomerID
				if who == "" {
					who = ev.Person.Email
				}
				got = append(got, string(ev.Type)+" "+who)
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

// The configuration and the connector list the same types and schemes.
func TestConfigurationKnowsWhatTheConnectorKnows(t *testing.T) {
	var given []webhook.Scheme
	for _, s := range []config.Scheme{config.StandardWebhooks, config.BigCommerce, config.HubSpotV3, config.HMAC, config.Bearer, config.Basic, config.Token} {
		a := authOf(&config.Auth{Scheme: s, Header: "X-Signature", User: "u"})
		if _, err := webhook.New(webhook.Options{Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, Auth: a}); err != nil {
			t.Errorf("scheme %s: %v", s, err)
		}
		given = append(given, a.Scheme)
	}
	if len(slices.Compact(given)) != 7 {
		t.Errorf("schemes %v", given)
	}
}
