package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/connectors/connectorstest"
)

// aboutSignatures are files of the collections that are no body of a webhook:
// lists of requests, and vectors that the tests of the connectors recompute.
var aboutSignatures = []string{"INDEX.md", "signed-requests.json", "signature-vectors.json", "hmac-vectors.json", "vectors.json"}

// TestEveryPublishedSampleIsPosted: no file of the collections is forgotten, and
// each collection has a test that posts it to the running service.
func TestEveryPublishedSampleIsPosted(t *testing.T) {
	inTables := func(table []row) (names []string) {
		for _, r := range table {
			names = append(names, r.file)
		}
		return names
	}
	byPayments := func(kind string) (names []string) {
		for _, r := range connectorstest.Published(t, kind).Requests {
			names = append(names, r.File)
		}
		return names
	}
	posted := map[string][]string{
		"shopify": inTables(publishedShopify), "woocommerce": inTables(publishedWoo), "activecampaign": inTables(publishedActiveCampaign),
		"stripe": byPayments("stripe"), "recharge": byPayments("recharge"), "standard-webhooks": {"order-created.json"},
	}
	for _, m := range publishedMapped {
		posted[m.folder] = append(posted[m.folder], m.file)
	}
	folders, err := os.ReadDir(filepath.Dir(connectorstest.Fixtures(t, "shopify")))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		files, err := os.ReadDir(connectorstest.Fixtures(t, folder.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if name := f.Name(); !slices.Contains(aboutSignatures, name) && !slices.Contains(posted[folder.Name()], name) {
				t.Errorf("%s/%s is posted by nobody: say what becomes of it", folder.Name(), name)
			}
		}
	}
}

// publishedMapped are bodies of systems that are read by the owner's rules: those
// of the worked examples.
var publishedMapped = []struct {
	folder, file, example string
	prove                 func(w *world, h http.Header, path, body string) (query string)
	answer                string
	who, then             string
}{
	{"generic", "order.json", "zapier", func(_ *world, h http.Header, _, _ string) string {
		h.Set("Authorization", "Bearer zapier_sample_token_1")
		return ""
	}, "accepted", "ada@example.com", "active, 1 for 44.10, email subscribed, sms unsubscribed"},
	{"salesforce", "outbound-message-contact.xml", "salesforce", func(*world, http.Header, string, string) string {
		return "?token=salesforce_sample_token"
	}, "ack", "003000000000001AAA", "active, 1 for 44.10, email subscribed, sms unsubscribed"},
	{"hubspot", "contact-propertyChange.json", "hubspot", func(w *world, h http.Header, path, body string) string {
		stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
		mac := hmac.New(sha256.New, []byte("hubspot_sample_client_secret"))
		mac.Write([]byte(http.MethodPost + w.url + path + body + stamp))
		h.Set("X-HubSpot-Request-Timestamp", stamp)
		h.Set("X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		return ""
	}, "parked", "1246965", "unknown"},
	{"bigcommerce", "store_order_created.json", "bigcommerce", bigCommerce, "ignored", "250", "unknown"},
	{"bigcommerce", "store_customer_created.json", "bigcommerce", bigCommerce, "ignored", "250", "unknown"},
}

// bigCommerce signs as Standard Webhooks does, with the secret's plain bytes.
func bigCommerce(_ *world, h http.Header, _, body string) string {
	signed := posted{file: "bigcommerce", header: h, body: body}.signNow("whsec_" + base64.StdEncoding.EncodeToString([]byte("bigcommerce_sample_client_secret")))
	for name, v := range signed.header {
		h[name] = v
	}
	return ""
}

func TestPublishedMappedSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.edit(func(src string) string {
		for _, example := range []string{"zapier", "salesforce", "hubspot", "bigcommerce"} {
			text, err := os.ReadFile(filepath.Join(connectorstest.Root(t), "examples", "requests", "mapping", example, "ritorno.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			_, sources, _ := strings.Cut(string(text), "    sources:\n")
			src = strings.Replace(src, "    sources:\n", "    sources:\n"+sources, 1)
		}
		return src
	})
	w.serve("--dev-clock")
	w.clockTo(time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC))
	for _, m := range publishedMapped {
		body, err := os.ReadFile(filepath.Join(connectorstest.Fixtures(t, m.folder), m.file))
		if err != nil {
			t.Fatal(err)
		}
		path, h := "/hooks/bottega/"+m.example, http.Header{"Content-Type": {"application/json"}}
		if strings.HasSuffix(m.file, ".xml") {
			h.Set("Content-Type", "text/xml; charset=utf-8")
		}
		forged := posted{file: m.file, source: m.example, header: http.Header{}, body: string(body)}
		if got := w.post(forged); got != "401" {
			t.Errorf("%s without a proof: %s, want 401", m.file, got)
		}
		query := m.prove(w, h, path, string(body))
		if m.answer == "ack" {
			if got := w.send(http.MethodPost, path+query, string(body), "Content-Type", h.Get("Content-Type")).is(200); !strings.Contains(string(got.body), "<Ack>true</Ack>") {
				t.Errorf("%s: answered %s, want Salesforce's acknowledgement", m.file, got.body)
			}
		} else if got := w.post(posted{file: m.file, source: m.example + query, header: h, body: string(body)}); got != m.answer {
			t.Errorf("%s: %s, want %s", m.file, got, m.answer)
		}
		if got := w.summary(m.who); got != m.then {
			t.Errorf("after %s support sees %q, want %q", m.file, got, m.then)
		}
	}
}
