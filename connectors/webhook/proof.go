package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
)

// Scheme is how a sender proves that it is the one.
type Scheme string

// The schemes. The first four sign the body; the others prove who sends, and
// not that nobody changed what was sent: they need https.
const (
	StandardWebhooks Scheme = "standard-webhooks" // what is meant without a scheme
	BigCommerce      Scheme = "bigcommerce"       // Standard Webhooks with the app's client secret as it stands
	HubSpotV3        Scheme = "hubspot-v3"        // the app's client secret
	HMAC             Scheme = "hmac"              // HMAC-SHA256 of the body in a header
	Bearer           Scheme = "bearer"            // Authorization: Bearer and the secret
	Basic            Scheme = "basic"             // user name and the secret as password
	Token            Scheme = "token"             // the secret in the URL (?token=) or in a header
)

// Auth is a scheme with its details.
type Auth struct {
	Scheme Scheme // empty: StandardWebhooks
	Header string // hmac: needed; token: empty for the URL
	Prefix string // hmac: text before the signature, such as sha256=
	Base64 bool   // hmac: the signature is base64, else hex
	User   string // basic
}

// proof checks requests by one scheme. add is called before verify, once for
// each secret.
type proof interface {
	add(secret string) error
	verify(r connectors.Request) error
}

func (a Auth) proof() (proof, error) {
	switch a.Scheme {
	case "", StandardWebhooks:
		return &standard{}, nil
	case BigCommerce:
		return &standard{plain: true}, nil
	case HubSpotV3:
		return &hubspot{}, nil
	case HMAC:
		if a.Header == "" {
			return nil, errors.New("scheme hmac without a header: name the one that holds the signature")
		}
		return &signed{auth: a}, nil
	case Bearer, Basic, Token:
		return &password{auth: a}, nil
	}
	return nil, fmt.Errorf("scheme %q is unknown", a.Scheme)
}

// keys are HMAC keys.
type keys [][]byte

func (k *keys) add(secret string) error {
	*k = append(*k, []byte(secret))
	return nil
}

// fit reports whether one of the keys signed the parts as given.
func (k *keys) fit(given []byte, parts ...[]byte) bool {
	match := false
	for _, key := range *k {
		mac := hmac.New(sha256.New, key)
		for _, p := range parts {
			mac.Write(p)
		}
		match = hmac.Equal(mac.Sum(nil), given) || match
	}
	return match
}

// signed is the scheme hmac.
type signed struct {
	keys
	auth Auth
}

func (s *signed) verify(r connectors.Request) error {
	text, found := strings.CutPrefix(r.Header.Get(s.auth.Header), s.auth.Prefix)
	if !found || text == "" || len(text) > 128 {
		return bad("the header with the signature is missing, or in another form")
	}
	read := hex.DecodeString
	if s.auth.Base64 {
		read = base64.StdEncoding.Strict().DecodeString
	}
	given, err := read(text)
	if err != nil || !s.fit(given, r.Body) {
		return connectors.ErrSignature
	}
	return nil
}

// hubspot is version 3 of HubSpot's signatures.
type hubspot struct{ keys }

// plainURL decodes the percent codes that HubSpot decodes before it signs, and
// no others.
var plainURL = strings.NewReplacer(
	"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
	"%3a", ":", "%2f", "/", "%3f", "?", "%2a", "*", "%2c", ",", "%3b", ";",
)

func (h *hubspot) verify(r connectors.Request) error {
	stamp := r.Header.Get("X-Hubspot-Request-Timestamp")
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(ms, 10) != stamp {
		return bad("X-HubSpot-Request-Timestamp is missing or no number of milliseconds")
	}
	if away := r.ReceivedAt.Sub(time.UnixMilli(ms)); away > Tolerance || away < -Tolerance {
		return bad("X-HubSpot-Request-Timestamp is more than 5 minutes away from the time here")
	}
	given, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("X-Hubspot-Signature-V3"))
	if err != nil || !h.fit(given, []byte(r.Method), []byte(plainURL.Replace(r.URL)), r.Body, []byte(stamp)) {
		return connectors.ErrSignature
	}
	return nil
}

// password are the schemes that send the secret itself.
type password struct {
	auth    Auth
	digests [][sha256.Size]byte // so that comparing takes equal time for any length
}

func (p *password) add(secret string) error {
	p.digests = append(p.digests, sha256.Sum256([]byte(secret)))
	return nil
}

func (p *password) verify(r connectors.Request) error {
	given, ok := p.given(r)
	sum, match := sha256.Sum256([]byte(given)), 0
	for _, d := range p.digests {
		match |= subtle.ConstantTimeCompare(d[:], sum[:])
	}
	if !ok || match != 1 {
		return connectors.ErrSignature
	}
	return nil
}

// given is the secret in the request.
func (p *password) given(r connectors.Request) (secret string, ok bool) {
	switch {
	case p.auth.Scheme == Token && p.auth.Header == "":
		return r.Query.Get("token"), len(r.Query["token"]) == 1
	case p.auth.Scheme == Token:
		return r.Header.Get(p.auth.Header), true
	}
	scheme, text, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, string(p.auth.Scheme)) {
		return "", false
	}
	text = textproto.TrimString(text)
	if p.auth.Scheme == Bearer {
		return text, true
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	user, secret, found := strings.Cut(string(plain), ":")
	same := subtle.ConstantTimeCompare([]byte(user), []byte(p.auth.User)) == 1
	return secret, err == nil && found && same
}
