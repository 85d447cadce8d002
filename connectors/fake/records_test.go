package fake_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest/apicheck"
	"ritorno/connectors/fake"
	"ritorno/internal/lifecycle"
)

// watch is a clock that moves by hand.
type watch struct {
	mu  sync.Mutex
	now time.Time
}

func (w *watch) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) forward(d time.Duration) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
	return w.now
}

const (
	attempt  = "c1.01JUNSURE"
	linkCode = "Ab3dE6gH9j"
)

// unsure sends one message of each channel that something happens to, then
// runs what comes after it and looks both up.
func unsure(t *testing.T, f fake.FaultKind, change func(*fake.Options), after func(*house, *watch)) map[string]connectors.Evidence {
	t.Helper()
	w := &watch{now: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}
	h := open(t, func(o *fake.Options) {
		o.Now = w.Now
		o.Fault = func(n int, _ string) fake.Fault {
			if n <= 2 {
				return fake.Fault{Kind: f}
			}
			return fake.Fault{}
		}
		if change != nil {
			change(o)
		}
	})
	text, letter := h.text(attempt), h.letter(attempt)
	text.Message.Text += " https://r.example/l/" + linkCode
	started := w.Now()
	for _, send := range []func(context.Context) lifecycle.Result{
		func(ctx context.Context) lifecycle.Result { return h.sms.Send(ctx, text) },
		func(ctx context.Context) lifecycle.Result { return h.mail.Send(ctx, letter) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		send(ctx)
		cancel()
	}
	if after != nil {
		after(h, w)
	}
	found := map[string]connectors.Evidence{}
	for channel, look := range map[string]struct {
		connectors.Finder
		a connectors.Attempted
	}{
		"sms":   {h.sms, connectors.Attempted{Attempt: attempt, MessageID: text.MessageID, To: text.To, Code: linkCode, Started: started}},
		"email": {h.mail, connectors.Attempted{Attempt: attempt, MessageID: letter.MessageID, To: letter.To, Code: linkCode, Started: started}},
	} {
		e, err := look.Find(t.Context(), look.a)
		if err != nil {
			t.Fatalf("%s: %v", channel, err)
		}
		found[channel] = e
	}
	return found
}

// more sends another message of each channel, some time later.
func more(t *testing.T) func(*house, *watch) {
	return func(h *house, w *watch) {
		t.Helper()
		w.forward(time.Minute)
		text, letter := h.text("c2.01JLATER"), h.letter("c2.01JLATER")
		text.To, letter.To, letter.MessageID = "+393470000000", "bruno@example.com", "m9"
		if r := h.sms.Send(t.Context(), text); r.Outcome != lifecycle.Accepted {
			t.Fatalf("a later SMS: %v", r.Outcome)
		}
		if r := h.mail.Send(t.Context(), letter); r.Outcome != lifecycle.Accepted {
			t.Fatalf("a later e-mail: %v", r.Outcome)
		}
	}
}

func TestLookingUpAnAttempt(t *testing.T) {
	type verdict struct {
		Found, Fresh bool
		Status       lifecycle.MessageStatus
		Reason       lifecycle.Reason
	}
	lag := func(n int) func(*fake.Options) { return func(o *fake.Options) { o.Stale = fake.Lag(n) } }
	report := func(h *house, _ *watch) {
		if err := h.provider.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	fate := func(sms, email fake.Fate) func(*fake.Options) {
		return func(o *fake.Options) {
			o.Fate = func(s fake.Sent) fake.Fate {
				if s.Channel == lifecycle.SMS {
					return sms
				}
				return email
			}
		}
	}
	taken := verdict{Found: true, Status: lifecycle.SentStatus}
	for name, c := range map[string]struct {
		fault  fake.FaultKind
		change func(*fake.Options)
		after  func(*house, *watch)
		want   verdict
	}{
		"reset after it was taken: found":                                  {fault: fake.ResetAfter, want: taken},
		"silence after it was taken: found":                                {fault: fake.HangAfter, want: taken},
		"500 after it was taken: found":                                    {fault: fake.ErrorAfter, want: taken},
		"taken without an id: found":                                       {fault: fake.NoID, want: taken},
		"half an answer: found, also with newer ones":                      {fault: fake.HalfBody, after: more(t), want: taken},
		"silence, not taken: nobody knows yet":                             {fault: fake.HangBefore},
		"silence, not taken, a newer one is: not there":                    {fault: fake.HangBefore, after: more(t), want: verdict{Fresh: true}},
		"503, not taken, a newer one is: not there":                        {fault: fake.Unavailable, after: more(t), want: verdict{Fresh: true}},
		"taken, but the newest is hidden: nobody knows yet":                {fault: fake.ResetAfter, change: lag(1)},
		"taken and the newest is hidden: found when another one came":      {fault: fake.ResetAfter, change: lag(1), after: more(t), want: taken},
		"taken, and the records lag by two: nobody knows yet":              {fault: fake.ResetAfter, change: lag(2), after: more(t)},
		"not taken, and the records lag by one: nobody knows yet":          {fault: fake.HangBefore, change: lag(1), after: more(t)},
		"delivered in the meantime":                                        {fault: fake.ResetAfter, after: report, want: verdict{Found: true, Status: lifecycle.Delivered}},
		"bounced in the meantime, whatever the channel calls it":           {fault: fake.ResetAfter, change: fate(fake.Fate{Event: "undelivered", Code: "30003"}, fake.Fate{Event: "bounce", Code: "550"}), after: report, want: verdict{true, false, lifecycle.Failed, lifecycle.ReasonBounced}},
		"refused for its content in the meantime, as the channel calls it": {fault: fake.ResetAfter, change: fate(fake.Fate{Event: "failed", Code: "30007"}, fake.Fate{Event: "dropped", Code: "Spam Content"}), after: report, want: verdict{true, false, lifecycle.Failed, lifecycle.ReasonContent}},
	} {
		t.Run(name, func(t *testing.T) {
			for channel, e := range unsure(t, c.fault, c.change, c.after) {
				if d := cmp.Diff(c.want, verdict{e.Found, e.Fresh, e.Status, e.Reason}); d != "" {
					t.Errorf("%s: (-want +got):\n%s", channel, d)
				}
				if e.Found != (e.ProviderID != "") {
					t.Errorf("%s: found %v with id %q", channel, e.Found, e.ProviderID)
				}
			}
		})
	}
}

func TestTheRecordsCanRefuse(t *testing.T) {
	for status, want := range map[int][2]error{
		http.StatusUnauthorized: {connectors.ErrCredentials, connectors.ErrCredentials},
		http.StatusForbidden:    {connectors.ErrCredentials, connectors.ErrNoRecords},
		http.StatusTeapot:       {nil, nil},
	} {
		h := open(t, func(o *fake.Options) { o.Records = func(int) int { return status } })
		a := connectors.Attempted{Attempt: attempt, MessageID: "m1", To: "+393331234567", Code: linkCode, Started: time.Now()}
		_, sms := h.sms.Find(t.Context(), a)
		a.To = "anna@example.com"
		_, mail := h.mail.Find(t.Context(), a)
		for i, err := range []error{sms, mail} {
			var told *connectors.LookupError
			if !errors.As(err, &told) || told.Status != status || want[i] != nil && !errors.Is(err, want[i]) {
				t.Errorf("status %d: %v, want %v", status, err, want[i])
			}
		}
	}
	broken := 0
	h := open(t, func(o *fake.Options) {
		o.Records = func(n int) int {
			if broken = n; n == 1 {
				return http.StatusServiceUnavailable
			}
			return http.StatusOK
		}
	})
	a := connectors.Attempted{Attempt: attempt, To: "+393331234567", Code: linkCode, Started: time.Now()}
	if e, err := h.sms.Find(t.Context(), a); err != nil || e.Found || broken != 3 {
		t.Errorf("one 503: %+v, %v after %d look-ups; want one more than two", e, err, broken)
	}
}

func TestTheLogsFitTheOfficialDescription(t *testing.T) {
	api := apicheck.Load(t, "sendgrid_logs_v3.json")
	h := open(t, func(o *fake.Options) {
		o.Fate = func(s fake.Sent) fake.Fate { return fake.Fate{Event: s.AttemptID, Code: "told"} }
	})
	fates := map[string]string{
		"delivered": "delivered", "bounce": "bounced", "blocked": "blocked", "dropped": "dropped", "spamreport": "delivered", "none": "processed",
	}
	for f := range fates {
		if r := h.mail.Send(t.Context(), h.letter(f)); r.Outcome != lifecycle.Accepted {
			t.Fatalf("%s: %v", f, r.Outcome)
		}
	}
	if err := h.provider.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask := func(r *http.Request, sent string, want int) []byte {
		t.Helper()
		r.Header.Set("Authorization", "Bearer "+apiKey)
		r.Header.Set("Content-Type", "application/json")
		resp, body := do(t, r)
		if resp.StatusCode != want {
			t.Fatalf("%s %s: %d, want %d", r.Method, r.URL.Path, resp.StatusCode, want)
		}
		if err := api.Response(r, []byte(sent), resp.StatusCode, resp.Header, body); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		return body
	}
	search := func(query string, want int) []byte {
		sent, err := json.Marshal(map[string]any{"query": query, "limit": 50})
		if err != nil {
			t.Fatal(err)
		}
		return ask(request(t, http.MethodPost, h.url+"/v3/logs", string(sent)), string(sent), want)
	}
	var list struct {
		Messages []struct {
			ID string `json:"sg_message_id"`
		}
	}
	if err := json.Unmarshal(search("", http.StatusOK), &list); err != nil || len(list.Messages) != len(fates) {
		t.Fatalf("%d in the logs, %v; want %d", len(list.Messages), err, len(fates))
	}
	for _, m := range list.Messages {
		var one struct {
			Status string
			Args   map[string]string `json:"custom_args"`
		}
		body := ask(request(t, http.MethodGet, h.url+"/v3/logs/"+url.PathEscape(m.ID), ""), "", http.StatusOK)
		if err := json.Unmarshal(body, &one); err != nil || one.Status != fates[one.Args["ritorno_attempt"]] || one.Args["ritorno_message"] != "m2" {
			t.Errorf("log %s, %v; want status %q", body, err, fates[one.Args["ritorno_attempt"]])
		}
	}
	ask(request(t, http.MethodGet, h.url+"/v3/logs/nobody", ""), "", http.StatusNotFound)
	for query, n := range map[string]int{
		`to_email = "anna@example.com"`: len(fates), `to_email = "Anna@example.com"`: 0, `subject = "Bentornata" AND to_email = "anna@example.com"`: len(fates),
		`status IN ('bounced', 'dropped')`: 2, `reason = "told"`: 5, `sg_message_id = "` + list.Messages[0].ID + `"`: 1,
		`sg_message_id_created_at >= TIMESTAMP "2027-03-01T09:00:00Z"`: len(fates), `sg_message_id_created_at > TIMESTAMP "2027-03-01T09:00:00Z"`: 0,
		`sg_message_id_created_at <= TIMESTAMP "2027-03-01T10:00:00+01:00"`: len(fates), `sg_message_id_created_at < TIMESTAMP "2027-03-01T09:00:00Z"`: 0,
	} {
		if got := strings.Count(string(search(query, http.StatusOK)), `"sg_message_id":`); got != n {
			t.Errorf("%s: %d found, want %d", query, got, n)
		}
	}
	for _, query := range []string{
		"to_email", `to_email = anna`, `to_email IN ('a')`, `to_email = "a" AND`, `to_email = "a" OR subject = "b"`, `sender = "a"`, `status = "x"`,
		`sg_message_id_created_at = TIMESTAMP "2027-03-01T09:00:00Z"`, `sg_message_id_created_at > "2027-03-01T09:00:00Z"`, `sg_message_id_created_at > TIMESTAMP "gestern"`,
	} {
		search(query, http.StatusBadRequest)
	}
}

func TestTwilioListsFitTheOfficialDescription(t *testing.T) {
	api := apicheck.Load(t, "twilio_messages_v2010.json")
	h := open(t, func(o *fake.Options) {
		o.Stale = func(s fake.Sent, _ int) bool { return s.AttemptID == "hidden" }
		o.Fate = func(fake.Sent) fake.Fate { return fake.Fate{Event: "undelivered", Code: "30005"} }
	})
	var hidden string
	for _, a := range []string{"first", "hidden", "last"} {
		m := h.text(a)
		m.Message.Text = a
		r := h.sms.Send(t.Context(), m)
		if r.Outcome != lifecycle.Accepted {
			t.Fatalf("%s: %v", a, r.Outcome)
		}
		if a == "hidden" {
			hidden = r.ProviderID
		}
	}
	if err := h.provider.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := "/2010-04-01/Accounts/" + accountSID + "/Messages"
	for query, want := range map[string][]string{
		"": {"last", "first"}, "?PageSize=1": {"last"}, "?To=%2B393331234567&PageSize=50": {"last", "first"}, "?To=%2B390000000001": {},
	} {
		r := request(t, http.MethodGet, h.url+path+".json"+query, "")
		resp, body := do(t, r)
		if err := api.Response(r, nil, resp.StatusCode, resp.Header, body); err != nil {
			t.Errorf("list %q: %v", query, err)
		}
		var list struct {
			Messages []struct {
				Body string
				Code int `json:"error_code"`
			}
		}
		if err := json.Unmarshal(body, &list); err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, m := range list.Messages {
			got = append(got, m.Body)
			if m.Code != 30005 {
				t.Errorf("%s failed with code %d, want 30005", m.Body, m.Code)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("list %q (-want +got):\n%s", query, d)
		}
	}
	r := request(t, http.MethodGet, h.url+path+"/"+hidden+".json", "")
	resp, body := do(t, r)
	if err := api.Response(r, nil, resp.StatusCode, resp.Header, body); err != nil || !strings.Contains(string(body), `"body":"hidden"`) {
		t.Errorf("one that the list does not show yet: %s, %v", body, err)
	}
}
