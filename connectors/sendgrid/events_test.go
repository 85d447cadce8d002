package sendgrid_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/sendgrid"
	"ritorno/internal/lifecycle"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// pair is a key and the callbacks that trust it.
func pair(t testing.TB) (*ecdsa.PrivateKey, *sendgrid.Callbacks) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sendgrid.NewCallbacks(encode(t, &key.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return key, c
}

func encode(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func call(t testing.TB, key *ecdsa.PrivateKey, at time.Time, body []byte) connectors.Request {
	t.Helper()
	stamp := strconv.FormatInt(at.Unix(), 10)
	digest := sha256.Sum256(append([]byte(stamp), body...))
	der, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return connectors.Request{
		Method: http.MethodPost, Body: body, ReceivedAt: now,
		Header: http.Header{
			"X-Twilio-Email-Event-Webhook-Signature": {base64.StdEncoding.EncodeToString(der)},
			"X-Twilio-Email-Event-Webhook-Timestamp": {stamp},
		},
	}
}

// The vector is published in the tests of SendGrid's SDK.
func TestPublishedSignature(t *testing.T) {
	const key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
	const body = `[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]` + "\r\n"
	request := func(body string) connectors.Request {
		return connectors.Request{Body: []byte(body), ReceivedAt: time.Unix(1600112502, 0).Add(time.Hour), Header: http.Header{
			"X-Twilio-Email-Event-Webhook-Signature": {"MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="},
			"X-Twilio-Email-Event-Webhook-Timestamp": {"1600112502"},
		}}
	}
	for name, k := range map[string]string{
		"as shown":         key,
		"with white space": " " + key[:40] + "\n  " + key[40:] + "\n",
		"as a PEM file":    "-----BEGIN PUBLIC KEY-----\n" + key + "\n-----END PUBLIC KEY-----\n",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := sendgrid.NewCallbacks(k)
			if err != nil {
				t.Fatal(err)
			}
			events, err := c.Events(request(body))
			if err != nil || events != nil {
				t.Errorf("got %v, %v; want nothing of ours and no error", events, err)
			}
			if _, err := c.Events(request(body[:len(body)-2])); !errors.Is(err, connectors.ErrSignature) {
				t.Errorf("without the last line break: %v, want ErrSignature", err)
			}
		})
	}
}

func TestSignatureTraps(t *testing.T) {
	key, c := pair(t)
	other, _ := pair(t)
	body := []byte(`[]`)
	change := func(f func(*connectors.Request)) connectors.Request {
		r := call(t, key, now, body)
		f(&r)
		return r
	}
	for name, tc := range map[string]struct {
		r    connectors.Request
		fits bool
	}{
		"as signed":                       {call(t, key, now, body), true},
		"told again after a day":          {call(t, key, now.Add(-24*time.Hour-4*time.Minute), body), true},
		"a clock that is a little behind": {call(t, key, now.Add(4*time.Minute), body), true},
		"older than a day and a little":   {call(t, key, now.Add(-24*time.Hour-6*time.Minute), body), false},
		"from the future":                 {call(t, key, now.Add(6*time.Minute), body), false},
		"from 1970":                       {call(t, key, time.Unix(0, 0), body), false},
		"signed by somebody else":         {call(t, other, now, body), false},
		"one byte changed":                {change(func(r *connectors.Request) { r.Body = []byte(`[ ]`) }), false},
		"another time stamp": {change(func(r *connectors.Request) {
			r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", strconv.FormatInt(now.Unix()+1, 10))
		}), false},
		"no headers":      {change(func(r *connectors.Request) { r.Header = http.Header{} }), false},
		"not base64":      {change(func(r *connectors.Request) { r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", "%%%") }), false},
		"not a signature": {change(func(r *connectors.Request) { r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", "MAA=") }), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Events(tc.r)
			if tc.fits && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if !tc.fits && !errors.Is(err, connectors.ErrSignature) {
				t.Fatalf("error %v, want ErrSignature", err)
			}
		})
	}
}

func TestKeysThatWouldMakeTheSDKPanicAreRefused(t *testing.T) {
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{
		"none": "", "white space": " \n", "not base64": "%%%", "not a key": "aGVsbG8=",
		"an RSA key": encode(t, &big.PublicKey), "another curve": encode(t, &curve.PublicKey),
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := sendgrid.NewCallbacks(key); err == nil || c != nil {
				t.Errorf("got %v, %v; want an error", c, err)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	key, c := pair(t)
	type want struct {
		status   lifecycle.MessageStatus
		reason   lifecycle.Reason
		suppress bool
		optOut   bool
	}
	const failed, delivered = lifecycle.Failed, lifecycle.Delivered
	for name, tc := range map[string]struct {
		with map[string]any
		want want
	}{
		"processed proves acceptance":       {map[string]any{"event": "processed"}, want{status: lifecycle.SentStatus}},
		"deferred proves acceptance":        {map[string]any{"event": "deferred"}, want{status: lifecycle.SentStatus}},
		"delivered":                         {map[string]any{"event": "delivered"}, want{status: delivered}},
		"opened: it was delivered, no more": {map[string]any{"event": "open"}, want{status: delivered}},
		"bounced for good":                  {map[string]any{"event": "bounce", "type": "bounce"}, want{failed, lifecycle.ReasonBounced, true, false}},
		"blocked this time":                 {map[string]any{"event": "bounce", "type": "blocked"}, want{failed, lifecycle.ReasonBlocked, false, false}},
		"bounced without a type":            {map[string]any{"event": "bounce"}, want{failed, lifecycle.ReasonBounced, false, false}},
		"dropped, had bounced":              {map[string]any{"event": "dropped", "reason": "Bounced Address"}, want{failed, lifecycle.ReasonBounced, true, false}},
		"dropped, had unsubscribed":         {map[string]any{"event": "dropped", "reason": "Unsubscribed Address"}, want{failed, lifecycle.ReasonOptedOut, false, true}},
		"dropped, had reported spam":        {map[string]any{"event": "dropped", "reason": "Spam Reporting Address"}, want{failed, lifecycle.ReasonSpam, true, true}},
		"dropped, invalid":                  {map[string]any{"event": "dropped", "reason": "Invalid"}, want{failed, lifecycle.ReasonBounced, true, false}},
		"dropped for its content":           {map[string]any{"event": "dropped", "reason": "Spam Content (if Spam Checker app enabled)"}, want{failed, lifecycle.ReasonContent, false, false}},
		"dropped over quota":                {map[string]any{"event": "dropped", "reason": "Recipient List over Package Quota"}, want{failed, lifecycle.ReasonAccount, false, false}},
		"dropped, why is not told":          {map[string]any{"event": "dropped"}, want{failed, lifecycle.ReasonProvider, false, false}},
		"reported as spam":                  {map[string]any{"event": "spamreport"}, want{delivered, lifecycle.ReasonSpam, true, true}},
		"unsubscribed":                      {map[string]any{"event": "unsubscribe"}, want{delivered, lifecycle.ReasonOptedOut, false, true}},
		"unsubscribed from a group":         {map[string]any{"event": "group_unsubscribe"}, want{delivered, lifecycle.ReasonOptedOut, false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			e := map[string]any{
				"email": "anna@example.com", "timestamp": now.Unix() - 60, "sg_event_id": "ev1", "sg_message_id": id + ".recvd-1.0",
				"ritorno_attempt": "c1.01JABC", "ritorno_message": "c1-m1", "ritorno_shop": "bottega",
			}
			for k, v := range tc.with {
				e[k] = v
			}
			body, err := json.Marshal([]any{map[string]any{"event": "processed", "sg_event_id": "not ours"}, e})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Events(call(t, key, now, body))
			if err != nil {
				t.Fatal(err)
			}
			want := []sendgrid.Event{{
				News: lifecycle.News{
					AttemptID: "c1.01JABC", MessageID: "c1-m1", ProviderID: id,
					Status: tc.want.status, Reason: tc.want.reason, Suppress: tc.want.suppress,
				},
				Shop: "bottega", EventID: "ev1", At: now.Add(-time.Minute), OptOut: tc.want.optOut,
			}}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestOddBodies(t *testing.T) {
	key, c := pair(t)
	for name, tc := range map[string]struct {
		body string
		bad  bool
		n    int
	}{
		"an object":                     {`{}`, true, 0},
		"nothing":                       {``, true, 0},
		"cut off":                       {`[{"event":`, true, 0},
		"an array of numbers":           {`[1]`, true, 0},
		"an empty array":                {`[]`, false, 0},
		"null":                          {`null`, false, 0},
		"an event that is null":         {`[null]`, false, 0},
		"an event of tomorrow":          {`[{"event":"teleported","ritorno_attempt":"a"}]`, false, 0},
		"an attempt that is a number":   {`[{"event":"delivered","ritorno_attempt":7}]`, false, 0},
		"odd types around a good event": {`[{"event":"delivered","ritorno_attempt":"a","timestamp":"x","sg_event_id":[1],"sg_message_id":{}}]`, false, 1},
		"a time as text":                {`[{"event":"delivered","ritorno_attempt":"a","timestamp":"1600112492"}]`, false, 1},
		"a time past the end of days":   {`[{"event":"delivered","ritorno_attempt":"a","timestamp":1e300}]`, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.Events(call(t, key, now, []byte(tc.body)))
			if errors.Is(err, connectors.ErrMalformed) != tc.bad || err != nil && !tc.bad {
				t.Fatalf("error %v, want malformed: %v", err, tc.bad)
			}
			if len(got) != tc.n {
				t.Errorf("%d events, want %d", len(got), tc.n)
			}
		})
	}
}

// FuzzEvents signs whatever comes, so that the parser behind the signature
// sees it.
func FuzzEvents(f *testing.F) {
	f.Add([]byte(`[{"event":"delivered","ritorno_attempt":"a","timestamp":1600112492,"sg_event_id":"e"}]`))
	f.Add([]byte(`[{"event":"bounce","type":"bounce","ritorno_attempt":"a"}]`))
	f.Add([]byte(`[[[[`))
	key, c := pair(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := c.Events(call(t, key, now, body))
		if err != nil && !errors.Is(err, connectors.ErrMalformed) {
			t.Fatalf("error %v, want ErrMalformed", err)
		}
		for _, e := range events {
			if e.AttemptID == "" || e.Status < lifecycle.SentStatus || e.Status > lifecycle.Failed {
				t.Errorf("an event without attempt or state: %+v", e)
			}
		}
	})
}

// FuzzSignature feeds headers that nobody signed: none may pass, none may panic.
func FuzzSignature(f *testing.F) {
	f.Add("MEUCIGHQVtGj", "1600112502")
	f.Add("MAA=", "")
	f.Add("MAYCAQACAQA=", "1")
	f.Add("MAYCAf8CAf8=", "-1")
	_, c := pair(f)
	f.Fuzz(func(t *testing.T, signature, stamp string) {
		_, err := c.Events(connectors.Request{Body: []byte("[]"), ReceivedAt: now, Header: http.Header{
			"X-Twilio-Email-Event-Webhook-Signature": {signature},
			"X-Twilio-Email-Event-Webhook-Timestamp": {stamp},
		}})
		if !errors.Is(err, connectors.ErrSignature) {
			t.Fatalf("error %v, want ErrSignature", err)
		}
	})
}
