// Package requests_test keeps the signatures of the sample requests in step
// with their bodies. After a change of a body:
//
//	go test ./examples/requests -update
//
// It signs on its own, without the code that verifies.
package requests_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write new signatures into requests.json")

// collection is one requests.json. The secrets are for development and known to
// everybody.
type collection struct {
	Secret    string    `json:"secret"`
	Origin    string    `json:"origin,omitempty"`
	PublicKey string    `json:"public_key,omitempty"` // webhook, scheme v1a
	Token     string    `json:"token,omitempty"`      // webhook, scheme bearer
	VerifyAt  int64     `json:"verify_at,omitempty"`  // Unix seconds, where the scheme has a clock
	Requests  []request `json:"requests"`
}

type request struct {
	File    string            `json:"file"`
	Scheme  string            `json:"scheme,omitempty"`
	Source  string            `json:"source,omitempty"` // mapping: name in the configuration beside it
	Query   string            `json:"query,omitempty"`  // of the URL
	Headers map[string]string `json:"headers"`
}

// seed makes the sender's private key of scheme v1a.
var seed = sha256.Sum256([]byte("ritorno sample sender, not a secret"))

var signers = map[string]func(*testing.T, *collection, request, []byte){
	"shopify":        signShopify,
	"webhook":        signWebhook,
	"woocommerce":    signWooCommerce,
	"stripe":         signStripe,
	"recharge":       signRecharge,
	"activecampaign": func(*testing.T, *collection, request, []byte) {}, // signs nothing: its URL has a token

	"mapping/hubspot":     signHubSpot,
	"mapping/prestashop":  signPrestaShop,
	"mapping/bigcommerce": signBigCommerce,
	"mapping/salesforce":  showSecret,
	"mapping/zapier":      showSecret,
}

func TestSignatures(t *testing.T) {
	for kind, sign := range signers {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(kind, "requests.json")
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c collection
			if err := json.Unmarshal(before, &c); err != nil {
				t.Fatal(err)
			}
			listed := map[string]bool{"requests.json": true}
			for _, r := range c.Requests {
				body, err := os.ReadFile(filepath.Join(kind, r.File))
				if err != nil {
					t.Fatal(err)
				}
				sign(t, &c, r, body)
				listed[r.File] = true
			}
			unlisted(t, kind, listed)
			after := new(bytes.Buffer)
			enc := json.NewEncoder(after)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(c); err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(before, after.Bytes()) {
				return
			}
			if !*update {
				t.Fatalf("%s does not fit the bodies beside it; run go test ./examples/requests -update", path)
			}
			if err := os.WriteFile(path, after.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// unlisted finds bodies that no request sends.
func unlisted(t *testing.T, kind string, listed map[string]bool) {
	t.Helper()
	files, err := os.ReadDir(kind)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range files {
		f := filepath.Join(kind, entry.Name())
		if base := filepath.Base(f); base != "ritorno.yaml" && !listed[base] {
			t.Errorf("%s is in no requests.json", f)
		}
	}
}

func signShopify(_ *testing.T, c *collection, r request, body []byte) {
	for name := range r.Headers {
		if strings.HasSuffix(strings.ToLower(name), "hmac-sha256") {
			r.Headers[name] = base64.StdEncoding.EncodeToString(mac([]byte(c.Secret), body))
		}
	}
}

func signWooCommerce(_ *testing.T, c *collection, r request, body []byte) {
	const name = "X-WC-Webhook-Signature"
	if _, signed := r.Headers[name]; signed { // the ping is not
		r.Headers[name] = base64.StdEncoding.EncodeToString(mac([]byte(c.Secret), body))
	}
}

func signWebhook(t *testing.T, c *collection, r request, body []byte) {
	t.Helper()
	private := ed25519.NewKeyFromSeed(seed[:])
	c.PublicKey = "whpk_" + base64.StdEncoding.EncodeToString(private.Public().(ed25519.PublicKey))
	c.Token = "ritorno_sample_token"
	family := "webhook-"
	if _, found := r.Headers["svix-id"]; found {
		family = "svix-"
	}
	signed := fmt.Appendf(nil, "%s.%s.%s", r.Headers[family+"id"], r.Headers[family+"timestamp"], body)
	switch r.Scheme {
	case "v1":
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(c.Secret, "whsec_"))
		if err != nil {
			t.Fatal(err)
		}
		r.Headers[family+"signature"] = "v1," + base64.StdEncoding.EncodeToString(mac(key, signed))
	case "v1a":
		r.Headers[family+"signature"] = "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(private, signed))
	case "bearer":
		r.Headers["Authorization"] = "Bearer " + c.Token
	default:
		t.Fatalf("%s: unknown scheme %q", r.File, r.Scheme)
	}
}

func signStripe(_ *testing.T, c *collection, r request, body []byte) {
	signed := fmt.Appendf(nil, "%d.%s", c.VerifyAt, body)
	r.Headers["Stripe-Signature"] = fmt.Sprintf("t=%d,v1=%x", c.VerifyAt, mac([]byte(c.Secret), signed))
}

// signRecharge signs in the newer way, the older or, as Recharge does, in both.
func signRecharge(t *testing.T, c *collection, r request, body []byte) {
	t.Helper()
	if r.Scheme != "legacy" {
		r.Headers["X-Recharge-Webhook-Timestamp"] = strconv.FormatInt(c.VerifyAt, 10)
		r.Headers["X-Recharge-Webhook-Signature"] = fmt.Sprintf("t=%d,v1=%x", c.VerifyAt, mac([]byte(c.Secret), fmt.Appendf(nil, "%d.%s", c.VerifyAt, body)))
	}
	switch r.Scheme {
	case "both", "legacy":
		r.Headers["X-Recharge-Hmac-Sha256"] = fmt.Sprintf("%x", sha256.Sum256(append([]byte(c.Secret), body...)))
	case "newer":
	default:
		t.Fatalf("%s: unknown scheme %q", r.File, r.Scheme)
	}
}

func signHubSpot(_ *testing.T, c *collection, r request, body []byte) {
	if _, signed := r.Headers["X-HubSpot-Signature-v3"]; !signed {
		return // a workflow: sends a key in a header
	}
	text := "POST" + "https://ritorno.example.com/hooks/bottega/" + r.Source + string(body) + r.Headers["X-HubSpot-Request-Timestamp"]
	r.Headers["X-HubSpot-Signature-v3"] = base64.StdEncoding.EncodeToString(mac([]byte(c.Secret), []byte(text)))
}

func signPrestaShop(_ *testing.T, c *collection, r request, body []byte) {
	r.Headers["X-Signature"] = fmt.Sprintf("sha256=%x", mac([]byte(c.Secret), body))
}

func signBigCommerce(_ *testing.T, c *collection, r request, body []byte) {
	signed := fmt.Appendf(nil, "%s.%s.%s", r.Headers["webhook-id"], r.Headers["webhook-timestamp"], body)
	r.Headers["webhook-signature"] = "v1," + base64.StdEncoding.EncodeToString(mac([]byte(c.Secret), signed))
}

// showSecret checks that a sender that cannot sign shows its secret.
func showSecret(t *testing.T, c *collection, r request, _ []byte) {
	t.Helper()
	if r.Query != "token="+c.Secret && r.Headers["Authorization"] != "Bearer "+c.Secret {
		t.Errorf("%s carries no secret", r.File)
	}
}

func mac(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}
