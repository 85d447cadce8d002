package handlers_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/webhook"
	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// badCase is one line of testdata/bad/*.jsonl: a request that something is
// wrong with, the answer, and what is stored afterwards. Texts may hold
// <<repeat 3 `ab`>>, <<hex `ff00`>> and the other words of (*badWorld).words.
type badCase struct {
	Name string `json:"name"` // what is wrong
	Do   string `json:"do"`   // "POST /hooks/bottega/erp"
	// Sign makes what the caller would send: "shopify TOPIC", "webhook",
	// "bearer", "twilio", "sendgrid", or a role with an optional shop.
	Sign   string      `json:"sign"`
	Header [][2]string `json:"header"` // instead of the ones made; the same name twice is sent twice
	Body   string      `json:"body"`
	Raw    string      `json:"raw"`  // a whole request, byte by byte, on a real connection
	Ends   bool        `json:"ends"` // the caller closes its side behind it

	Status int    `json:"status"` // 0: the connection ends without an answer
	Code   string `json:"code"`   // of the problem
	Says   string `json:"says"`   // words of the answer
	Dead   string `json:"dead"`   // words of the reason of the dead letter that is kept
	// Find names somebody ("who") and fields of their status, by path. Without
	// it, no contact, token or dead letter may have changed.
	Find map[string]any `json:"find"`
}

// leastBad is how many bad inputs are kept at least.
const leastBad = 300

func TestBadInput(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no bad input", err)
	}
	names := map[string]string{}
	for _, file := range files {
		door := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		cases := badCases(t, file)
		for _, c := range cases {
			if c.Name == "" || names[c.Name] != "" {
				t.Errorf("%s: the name %q is empty or taken by %s", door, c.Name, names[c.Name])
			}
			names[c.Name] = door
		}
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			w := newBadWorld(t)
			for i, c := range cases {
				t.Run(c.Name, func(t *testing.T) { w.on(t).play(c, i) })
			}
			w.keptItsSecrets()
		})
	}
	if len(names) < leastBad {
		t.Errorf("%d bad inputs, want at least %d", len(names), leastBad)
	}
}

func badCases(t *testing.T, file string) (all []badCase) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var c badCase
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			t.Fatalf("%s:%d: %v", file, n, err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// badWorld is a service with both providers, and Anna, to whom a survey was
// sent.
type badWorld struct {
	*rig
	key    *ecdsa.PrivateKey
	tokens map[string]string
	code   string // of the link in Anna's survey
	anna   lifecycle.Contact
	wire   string // address of the listener
}

// either is a source that two senders share, each with a proof of its own: bad
// inputs of both ways come to one URL.
type either struct{ signed, token connectors.Source }

func (e either) Verify(r connectors.Request) error {
	if r.Header.Get("Authorization") != "" && e.token.Verify(r) == nil {
		return nil
	}
	return e.signed.Verify(r)
}

func (e either) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	return e.signed.Normalise(r)
}

const badSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func newBadWorld(t *testing.T) *badWorld {
	t.Helper()
	r, key := providersWith(t, redistest.Start(t), func(o *handlers.Options) {
		erp := o.Sources["bottega"]["erp"]
		erp.Source = either{must(webhook.New(webhook.Options{Secrets: []string{badSecret}}))(t), erp.Source}
		o.Sources["bottega"]["erp"] = erp
	})
	w := &badWorld{rig: r, key: key, anna: r.find("c1"), tokens: map[string]string{}}
	w.code = w.anna.Messages[0].Code
	for _, role := range []auth.Role{auth.Owner, auth.Support, auth.Ingest} {
		w.tokens[string(role)] = r.token(role, "")
		w.tokens[string(role)+" teashop"] = r.token(role, "teashop")
	}
	srv := httptest.NewUnstartedServer(r.http)
	srv.Config = handlers.NewHTTPServer("", r.http)
	srv.Start()
	t.Cleanup(srv.Close)
	w.wire = srv.Listener.Addr().String()
	return w
}

// on is the world in a subtest.
func (w *badWorld) on(t *testing.T) *badWorld {
	c, r := *w, *w.rig
	r.T, c.rig = t, &r
	return &c
}

// play makes one request and holds answer and state against the case.
func (w *badWorld) play(c badCase, n int) {
	w.Helper()
	before := w.stored()
	a := w.call(c, n)
	if a.Code != c.Status {
		w.Fatalf("answered %d, want %d: %s", a.Code, c.Status, a.Body)
	}
	if code := a.code(); code != c.Code {
		w.Errorf("code %q, want %q", code, c.Code)
	}
	if !strings.Contains(a.Body.String(), c.Says) {
		w.Errorf("the answer does not say %q: %s", c.Says, a.Body)
	}
	w.buried(c.Dead)
	if c.Find != nil {
		w.findAs(c.Find)
	} else if after := w.stored(); after != before {
		w.Errorf("the store changed:\n%s\nbefore:\n%s", after, before)
	}
}

// stored is everything that a request might have changed, as text.
func (w *badWorld) stored() string {
	w.Helper()
	var lines []string
	err := w.store.Scan(w.Context(), func(c lifecycle.Contact) error {
		b, err := json.Marshal(c)
		lines = append(lines, string(b))
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	tokens, err := w.store.ListTokens(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	for _, t := range tokens {
		lines = append(lines, fmt.Sprintf("token %s %s %s %s", t.ID, t.Name, t.Role, t.Shop))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// buried looks for the one dead letter of a case, and takes it away.
func (w *badWorld) buried(want string) {
	w.Helper()
	letters := w.deadLetters()
	if (want != "") != (len(letters) == 1) || len(letters) > 1 {
		w.Errorf("%d dead letters: %+v", len(letters), letters)
	}
	for _, l := range letters {
		if !strings.Contains(l.Reason, want) {
			w.Errorf("the dead letter says %q, not %q", l.Reason, want)
		}
		if err := w.store.DeleteDead(w.Context(), "bottega", l.ID); err != nil {
			w.Error(err)
		}
	}
}

// findAs holds the status of somebody against fields by path, such as
// "consent.sms.state". The value null means: there is no such person.
func (w *badWorld) findAs(want map[string]any) {
	w.Helper()
	who, _ := want["who"].(string)
	st, err := w.engine.Status(w.Context(), "bottega", w.fill(who, ""))
	if gone, says := want["gone"]; says && gone == true {
		if err == nil {
			w.Errorf("%s is known", who)
		}
		return
	}
	if err != nil {
		w.Fatalf("%s: %v", who, err)
	}
	text, err := json.Marshal(st)
	if err != nil {
		w.Fatal(err)
	}
	for path, value := range want {
		if path == "who" {
			continue
		}
		var got any
		if err := json.Unmarshal(text, &got); err != nil {
			w.Fatal(err)
		}
		for part := range strings.SplitSeq(path, ".") {
			m, _ := got.(map[string]any)
			got = m[part]
		}
		if fmt.Sprint(got) != fmt.Sprint(value) {
			w.Errorf("%s of %s is %v, want %v", path, who, got, value)
		}
	}
}

// keptItsSecrets: whatever was wrong, the log tells no secret and nobody's
// address.
func (w *badWorld) keptItsSecrets() {
	w.Helper()
	log := w.log.String()
	secrets := []string{shopifySecret, erpToken, badSecret, authToken, "anna+x@example.com", "+393331234567", "%2B393331234567", w.code}
	for _, t := range w.tokens {
		secrets = append(secrets, t)
	}
	for _, s := range secrets {
		if strings.Contains(log, s) {
			w.Errorf("the log has %q", s)
		}
	}
	if strings.Contains(log, `"msg":"panic"`) {
		w.Errorf("something panicked: %s", log[strings.Index(log, `"msg":"panic"`):][:2000])
	}
}

// TestBadInputIsJudged: the runner itself finds what it should.
func TestBadInputIsJudged(t *testing.T) {
	good := badCase{Do: "GET /status/c1?shop=bottega", Sign: "support", Status: 200, Says: "Anna", Find: map[string]any{"who": "c1", "orders": 1, "consent.sms.state": "subscribed"}}
	w := newBadWorld(t)
	w.play(good, 0)
	before := w.stored()
	w.erp("contact.updated", `{"customer":{"id":"c1","first_name":"Bea"}}`).is(200)
	if w.stored() == before {
		t.Error("a changed contact is not seen")
	}
	before = w.stored()
	w.token(auth.Ingest, "")
	if w.stored() == before {
		t.Error("a new token is not seen")
	}
	if at := time.Now(); !slices.Contains(strings.Fields(w.fill("x <<now 0>> y", "")), fmt.Sprint(at.Unix())) &&
		!slices.Contains(strings.Fields(w.fill("x <<now 0>> y", "")), fmt.Sprint(at.Unix()+1)) {
		t.Error("<<now>> is not now")
	}
}
