package handlers_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"text/template"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ritorno/connectors/fake"
)

// call makes the request of a case, each from an address of its own: the limit
// on failed signatures is another test's subject.
func (w *badWorld) call(c badCase, n int) answer {
	w.Helper()
	if c.Do == "" {
		return w.wired(w.fill(c.Raw, ""), c.Ends)
	}
	method, target, _ := strings.Cut(w.fill(c.Do, ""), " ")
	body := w.fill(c.Body, "")
	req := httptest.NewRequestWithContext(w.Context(), method, target, strings.NewReader(body))
	req.RemoteAddr = fmt.Sprintf("203.0.%d.%d:4000", 1+n/200, 1+n%200)
	signature := w.sign(req, c.Sign, target, body)
	for _, h := range c.Header {
		req.Header.Del(h[0])
	}
	for _, h := range c.Header {
		if v := w.fill(h[1], signature); v != "" {
			req.Header.Add(h[0], v)
		}
	}
	a := answer{httptest.NewRecorder(), w.T, w.log}
	w.http.ServeHTTP(a, req)
	hold(w.T, req, a.ResponseRecorder)
	return a
}

// sign adds the headers that the caller would send, and returns the signature.
func (w *badWorld) sign(req *http.Request, how, target, body string) string {
	w.Helper()
	h := req.Header
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	kind, rest, _ := strings.Cut(how, " ")
	switch kind {
	case "":
		return ""
	case "shopify":
		h.Set("Content-Type", "application/json")
		h.Set("X-Shopify-Topic", rest)
		h.Set("X-Shopify-Shop-Domain", "rossi.myshopify.com")
		h.Set("X-Shopify-Hmac-Sha256", shopifySign([]byte(body)))
		return h.Get("X-Shopify-Hmac-Sha256")
	case "webhook":
		h.Set("Content-Type", "application/json")
		h.Set("Webhook-Id", "msg_"+shopifySign([]byte(w.Name()))[:12])
		h.Set("Webhook-Timestamp", stamp)
		h.Set("Webhook-Signature", w.standard(h.Get("Webhook-Id"), 0, body))
		return h.Get("Webhook-Signature")
	case "bearer":
		h.Set("Content-Type", "application/json")
		h.Set("Authorization", "Bearer "+erpToken)
		return erpToken
	case "twilio":
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		form, _ := url.ParseQuery(body) // what it cannot read, nobody signs
		h.Set("X-Twilio-Signature", fake.SignTwilio(authToken, publicURL+target, form))
		return h.Get("X-Twilio-Signature")
	case "sendgrid":
		h.Set("Content-Type", "application/json")
		h.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
		h.Set("X-Twilio-Email-Event-Webhook-Signature", w.events(stamp, body))
		return h.Get("X-Twilio-Email-Event-Webhook-Signature")
	case "form":
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		return ""
	}
	token, known := w.tokens[how]
	if !known {
		w.Fatalf("nobody signs as %q", how)
	}
	h.Set("Content-Type", "application/json")
	h.Set("Authorization", "Bearer "+token)
	return token
}

// standard signs as Standard Webhooks says, at a time away from now.
func (w *badWorld) standard(id string, away int, body string) string {
	w.Helper()
	hook, err := standardwebhooks.NewWebhook(badSecret)
	if err != nil {
		w.Fatal(err)
	}
	text, err := hook.Sign(id, time.Now().Add(time.Duration(away)*time.Second), []byte(body))
	if err != nil {
		w.Fatal(err)
	}
	return text
}

func (w *badWorld) events(stamp, body string) string {
	w.Helper()
	sig, err := fake.SignEvents(w.key, stamp, []byte(body))
	if err != nil {
		w.Fatal(err)
	}
	return sig
}

// fill puts values for <<words>>.
func (w *badWorld) fill(text, signature string) string {
	w.Helper()
	if !strings.Contains(text, "<<") {
		return text
	}
	t, err := template.New("").Delims("<<", ">>").Funcs(w.words(signature)).Parse(text)
	if err != nil {
		w.Fatalf("%q: %v", text, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		w.Fatalf("%q: %v", text, err)
	}
	return b.String()
}

// words may stand in the texts of a case.
func (w *badWorld) words(signature string) template.FuncMap {
	return template.FuncMap{
		"repeat":  func(n int, s string) string { return strings.Repeat(s, n) },
		"numbers": numbers,
		"hex": func(s string) (string, error) {
			b, err := hex.DecodeString(s)
			return string(b), err
		},
		"gzip": func(s string) string { return gzipped(w.T, s) },
		"bomb": func() (string, error) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, err := z.Write(bytes.Repeat([]byte(" "), 32<<20))
			return b.String(), errors.Join(err, z.Close())
		},
		"base64":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"now":      func(away int) string { return strconv.FormatInt(time.Now().Unix()+int64(away), 10) },
		"sig":      func() string { return signature },
		"standard": w.standard,
		"shopify":  func(s string) string { return shopifySign([]byte(s)) },
		"events":   w.events,
		"secret":   func() string { return erpToken },
		"code":     func() string { return w.code },
		"token":    func() string { return w.engine.UnsubscribeToken("bottega", w.anna.ID) },
		"contact":  func() string { return w.anna.ID },
		"message":  func() string { return w.anna.Messages[0].ID },
		"attempt":  func() string { return w.lastSent().AttemptID },
		"as":       func(role string) string { return w.tokens[role] },
	}
}

// numbers are n members of an object, each with a name of its own.
func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

// wired sends bytes over a real connection and reads one answer; status 0 when
// the connection ends without one.
func (w *badWorld) wired(raw string, ends bool) answer {
	w.Helper()
	a := answer{httptest.NewRecorder(), w.T, w.log}
	var d net.Dialer
	conn, err := d.DialContext(w.Context(), "tcp", w.wire)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		w.Fatal(err)
	}
	go func() { // the answer may come before all is read
		_, _ = io.WriteString(conn, raw)
		if tcp, ok := conn.(*net.TCPConn); ok && ends {
			_ = tcp.CloseWrite()
		}
	}()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		a.Code = 0
		return a
	}
	defer func() { _ = res.Body.Close() }()
	a.Code = res.StatusCode
	for name, values := range res.Header {
		a.Header()[name] = values
	}
	_, _ = io.Copy(a.Body, res.Body) // an answer cut short is judged by what is there
	return a
}
