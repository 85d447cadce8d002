package sendgrid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"

	"ritorno/connectors"
)

// SendGrid tries to deliver events for a day; a signature is refused when it
// is older than that and a little, or from the future.
const (
	maxAge  = 24*time.Hour + 5*time.Minute
	maxSkew = 5 * time.Minute
)

// Callbacks reads what SendGrid posts to us. It is safe for concurrent use.
type Callbacks struct {
	key *ecdsa.PublicKey
}

// NewCallbacks takes the verification key as SendGrid shows it: base64, with
// or without the lines of a PEM file around it. Other kinds of key are refused
// here, because the SDK panics on them.
func NewCallbacks(publicKey string) (*Callbacks, error) {
	const mend = "sendgrid.webhook_public_key: %s; copy the verification key from Settings, Mail Settings, Event Webhook"
	if strings.TrimSpace(publicKey) == "" {
		return nil, fmt.Errorf(mend, "is empty")
	}
	der, err := base64.StdEncoding.DecodeString(bare(publicKey))
	if err != nil {
		return nil, fmt.Errorf(mend, "is not base64")
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, fmt.Errorf(mend, "is no public key")
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf(mend, "is no ECDSA key on the curve P-256")
	}
	return &Callbacks{key: key}, nil
}

// bare takes the lines of a PEM file and all white space away.
func bare(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if !strings.HasPrefix(strings.TrimSpace(line), "-----") {
			b.WriteString(strings.Join(strings.Fields(line), ""))
		}
	}
	return b.String()
}

// verify checks the signature over time stamp and raw body, and the age.
func (c *Callbacks) verify(r connectors.Request) error {
	signature := r.Header.Get(eventwebhook.VerificationHTTPHeader)
	stamp := r.Header.Get(eventwebhook.TimestampHTTPHeader)
	if signature == "" || stamp == "" {
		return fmt.Errorf("signature headers of the event webhook are missing: %w", connectors.ErrSignature)
	}
	ok, err := eventwebhook.VerifySignature(c.key, r.Body, signature, stamp)
	if err != nil || !ok {
		return fmt.Errorf("event webhook (is sendgrid.webhook_public_key the one it shows?): %w", connectors.ErrSignature)
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return fmt.Errorf("time stamp of the event webhook is no number: %w", connectors.ErrSignature)
	}
	age := r.ReceivedAt.Sub(time.Unix(seconds, 0))
	if age > maxAge || age < -maxSkew {
		return fmt.Errorf("event webhook is older than a day or from the future (is the clock right?): %w", connectors.ErrSignature)
	}
	return nil
}
