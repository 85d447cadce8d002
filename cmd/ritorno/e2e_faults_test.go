package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/redistest"
)

// zenobia is marked: nothing of her may stand in a log, a metric or an error.
var zenobia = person{"Zenobiamarked", "zenobia.marked@example.com", "+393337654321", 7_654_321_987}

// marks are texts that must never be seen outside of the record.
func marks() map[string]string {
	return map[string]string{
		"Twilio's token": twilioToken, "SendGrid's key": sendgridKey, "Shopify's secret": "shpss_fixture_dev_secret",
		"the webhook secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "the name": zenobia.name, "the e-mail": "zenobia.marked",
		"the phone": "3337654321", "the customer id": "7654321987",
	}
}

// leaksNothing searches all that the service showed so far.
func (w *world) leaksNothing() {
	w.t.Helper()
	shown := map[string]string{"the log": w.log.String(), "/metrics": w.send("GET", "/metrics", "").is(200).body}
	w.errors.mu.Lock()
	shown["an error answer"] = strings.Join(w.errors.bodies, "\n")
	w.errors.mu.Unlock()
	for where, text := range shown {
		if text == "" {
			w.t.Errorf("%s is empty: nothing was searched", where)
		}
		for what, mark := range marks() {
			if i := strings.Index(text, mark); i >= 0 {
				w.t.Errorf("%s shows %s: …%s…", where, what, text[max(0, i-200):min(len(text), i+60)])
			}
		}
	}
}

// refuses starts serve and expects it to end by itself with a code and one
// line on stderr, which it returns. Log lines are JSON and do not count.
func (in *instance) refuses(code int, args ...string) string {
	in.t.Helper()
	ctx, cancel := context.WithTimeout(in.t.Context(), 60*time.Second)
	defer cancel()
	made := in.command(append([]string{"serve"}, args...)...)
	cmd := exec.CommandContext(ctx, made.Path, made.Args[1:]...)
	var errs bytes.Buffer
	cmd.Env, cmd.Stderr, cmd.WaitDelay = made.Env, &errs, 10*time.Second
	err := cmd.Run()
	if ctx.Err() != nil || cmd.ProcessState == nil {
		in.t.Fatalf("serve did not refuse: %v\n%s", err, errs.String())
	}
	var lines []string
	for line := range strings.Lines(errs.String()) {
		if !strings.HasPrefix(line, "{") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if got := cmd.ProcessState.ExitCode(); got != code || len(lines) != 1 {
		in.t.Fatalf("serve %v: exit %d, want %d and one line:\n%s", args, got, code, errs.String())
	}
	return lines[0]
}

// onRedis puts the installation on a Redis of the operator's.
func (in *instance) onRedis(address string) {
	in.t.Helper()
	in.edit(func(s string) string {
		return strings.Replace(s, "redis: {shards: 8}", fmt.Sprintf("redis: {shards: 8, url: %q}", "redis://"+address+"/0"), 1)
	})
}

// TestServeDoesNotPretendWithoutRedis: a Redis that cannot be reached at start
// ends serve, so that whoever runs it sees it at once.
func TestServeDoesNotPretendWithoutRedis(t *testing.T) {
	t.Parallel()
	in := newInstance(t, "")
	in.onRedis(strings.TrimPrefix(newFront(t).url, "http://")) // a port that refuses
	if line := in.refuses(1); !strings.Contains(line, "store unavailable") || !strings.Contains(line, "start that Redis") {
		t.Errorf("serve said %q", line)
	}
}

// TestRedisGoesAwayAndComesBack: nothing is acknowledged that was not stored,
// and nothing is counted twice.
func TestRedisGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	node := redistest.NewNode(t)
	w := newWorld(t, worldOptions{})
	w.onRedis(doorTo(t, node))
	w.serve()
	at := time.Now().Add(-time.Hour)
	w.order(zenobia, 501, at, byMail)
	w.token("support")

	node.Stop(t)
	delivery := shopOrder(zenobia, 502, at, noConsent)
	a := w.hook(502, delivery).problem(503, "store_unavailable")
	if a.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	w.send("GET", "/readyz", "").is(503)
	w.send("HEAD", "/readyz", "").is(503)
	w.send("GET", "/healthz", "").is(200)
	w.send("GET", "/metrics", "").is(200)
	w.look(zenobia.email).problem(503, "store_unavailable")
	w.send("GET", "/l/AAAAAAAAAA", "").is(503)
	forged := shopifyRequest(t.Context(), w.url, "orders/create", "1", delivery)
	forged.Header.Set("X-Shopify-Hmac-Sha256", "AAAA")
	w.roundTrip(forged).problem(401, "bad_signature") // known without a store

	node.Start(t)
	until(t, "ready again", func() bool { return w.send("GET", "/readyz", "").status == 200 })
	for i, want := range []string{`{"accepted":true}`, `{"accepted":true,"duplicate":true}`} {
		if got := strings.TrimSpace(w.hook(502, delivery).is(200).body); got != want {
			t.Errorf("delivery %d after the return: %s, want %s", i+1, got, want)
		}
	}
	if st := w.record(zenobia.email); st.Orders != 2 || st.Spent != "99.80" {
		t.Errorf("%d orders for %s, want 2 for 99.80", st.Orders, st.Spent)
	}
	w.leaksNothing()
}

// TestProvidersInTrouble lets both providers be down, refuse and be slow. No
// message is lost, none leaves twice, and support sees why it waits.
func TestProvidersInTrouble(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{down: true})
	w.serve("--dev-clock")
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	w.clockTo(start)
	troubles := []struct {
		name          string
		mode          mode
		status, error string // while it lasts
		mended        string // afterwards; empty: stays as it is
		advance       string // of the clock, before it is tried again
		people        [2]person
	}{
		{name: "down", status: "queued", error: "provider_unavailable", mended: "sent"},
		{name: "too many requests", mode: mode{refuse: 429}, status: "queued", error: "provider_unavailable", mended: "sent"},
		{name: "account refused", mode: mode{refuse: 401}, status: "queued", error: "provider_account", mended: "sent", advance: "16m"},
		{name: "server error", mode: mode{refuse: 500}, status: "uncertain", error: "outcome_unknown", advance: "2h"},
		{name: "slow", mode: mode{delay: 1500 * time.Millisecond}, status: "sent", mended: "sent"},
	}
	for i := range troubles {
		at := start.Add(time.Duration(i) * 7 * 24 * time.Hour)
		w.clockTo(at)
		for ch, consent := range []int{bySMS, byMail} {
			p := someone(fmt.Sprintf("Cliente%c", 'a'+2*i+ch), 100+2*i+ch)
			if i == 0 && ch == 0 {
				p = zenobia
			}
			troubles[i].people[ch] = p
			w.order(p, 6000+2*i+ch, at, consent)
		}
	}
	for i, c := range troubles {
		w.front.set(c.mode)
		w.clockTo(start.Add(time.Duration(i)*7*24*time.Hour + 30*24*time.Hour))
		for _, p := range c.people {
			st := w.record(p.email)
			if st.State != "dormant" || len(st.Messages) != 1 || st.Messages[0].Status != c.status || string(st.Messages[0].Error) != c.error {
				t.Errorf("%s: %s has %s, %+v; want %s %s", c.name, p.name, st.State, st.Messages, c.status, c.error)
			}
		}
		if c.name == "down" {
			w.front.up()
		}
		w.front.set(mode{})
		if c.advance != "" {
			w.clock(`{"advance":"` + c.advance + `"}`)
		}
		for _, p := range c.people {
			want := 1
			if c.mended == "" {
				want = 0 // it may have been taken: never again on a guess
			} else {
				until(t, c.name+": "+p.name+" gets the message after all", func() bool { return w.record(p.email).Messages[0].Status == c.mended })
			}
			if got := w.outbox(p); len(got) != want {
				t.Errorf("%s: %s got %d messages, want %d", c.name, p.name, len(got), want)
			}
		}
	}
	if st := w.record(troubles[3].people[0].email); st.Messages[0].Status != "uncertain" {
		t.Errorf("after the server error: %+v", st.Messages[0])
	}
	t.Run("what goes wrong names nobody and no secret", func(t *testing.T) { mistreat(t, w.during(t)) })
}

// mistreat makes every kind of bad request about the marked person, then looks
// for her in all that was shown.
func mistreat(t *testing.T, w *world) {
	order := shopOrder(zenobia, 7001, time.Now(), noConsent)
	path := "/status/" + url.PathEscape(zenobia.email)
	w.send("GET", path+"?shop=bottega", "").problem(401, "token_missing")
	w.send("GET", path+"?shop=bottega", "", "Authorization", "Bearer "+zenobia.name).problem(401, "token_unknown")
	w.send("GET", path+"?shop=bottega", "", "Authorization", "Bearer "+w.token("ingest")).problem(403, "role_too_low")
	w.look(zenobia.phone+"9").problem(404, "not_found")
	w.send("POST", "/hooks/bottega/nobody?email="+url.QueryEscape(zenobia.email), order).problem(404, "not_found")
	w.send("POST", "/hooks/bottega/shopify", order).problem(401, "bad_signature")
	w.send("POST", "/hooks/bottega/shopify", order+strings.Repeat(" ", 1<<20)).problem(413, "body_too_large")
	for i, body := range []string{order[:len(order)/2], "[" + order + "]", strings.ReplaceAll(order, `"email"`, "\"\xff\""), strings.ReplaceAll(order, `"49.90"`, `"`+zenobia.email+`"`)} {
		if got := strings.TrimSpace(w.hook(7100+i, body).is(200).body); got != `{"accepted":true,"dead":true}` {
			t.Errorf("bad body %d: %s", i, got)
		}
	}
	form := url.Values{"From": {zenobia.phone}, "To": {smsNumber}, "Body": {"sono " + zenobia.name}, "MessageSid": {"SM1"}}
	inbound := w.url + "/callbacks/twilio/inbound"
	w.send("POST", inbound, form.Encode(), "Content-Type", "application/x-www-form-urlencoded").problem(401, "bad_signature")
	if status, err := w.fake.Reply(t.Context(), smsNumber, zenobia.phone, "sono "+zenobia.name+", chiamatemi", inbound); err != nil || status != http.StatusOK {
		t.Errorf("a reply: %d, %v", status, err)
	}
	form = url.Values{"To": {zenobia.phone}, "MessageStatus": {zenobia.name}, "MessageSid": {zenobia.email}}
	target := w.url + "/callbacks/twilio/status"
	w.send("POST", target, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "X-Twilio-Signature", fake.SignTwilio(twilioToken, target, form))
	w.send("POST", "/u/"+zenobia.name, "").is(200)
	w.send("GET", "/l/"+zenobia.name, "").is(404)
	w.send("PUT", "/dev/clock", `{"advance":"`+zenobia.name+`"}`).problem(400, "clock_unreadable")
	w.send("GET", "/"+zenobia.email, "").is(404)
	w.leaksNothing()
}

// TestEndingAndStartingAgain: SIGTERM finishes what is under way, a second
// process is refused, and so is a start that would take made-up times for real.
func TestEndingAndStartingAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.serve("--dev-clock")
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	w.clockTo(start)
	w.order(zenobia, 801, start, bySMS)
	w.token("support")
	if line := w.refuses(1); !strings.Contains(line, "data_dir") {
		t.Errorf("a second serve said %q", line)
	}

	// An SMS is at the provider, and the request that moved the clock waits for it.
	w.front.set(mode{delay: 2 * time.Second})
	moved := make(chan answer, 1)
	go func() { moved <- w.send(http.MethodPut, "/dev/clock", `{"advance":"30d"}`) }()
	until(t, "the SMS is under way", func() bool { return w.front.requests() > 0 })
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := w.cmd.Wait(); err != nil {
		t.Errorf("SIGTERM: %v, want exit 0\n%s", err, w.log)
	}
	w.cmd = nil
	if a := <-moved; a.status != 200 {
		t.Errorf("the request under way was answered %d: %s", a.status, a.body)
	}
	if _, err := client.Get(w.url + "/healthz"); err == nil {
		t.Error("somebody still answers")
	}

	if line := w.refuses(1); !strings.Contains(line, "clock") || !strings.Contains(line, "--dev-clock") {
		t.Errorf("serve on a store with a moved clock said %q", line)
	}
	w.front.set(mode{})
	w.serve("--dev-clock")
	if st := w.record(zenobia.email); len(st.Messages) != 1 || st.Messages[0].Status != "sent" {
		t.Errorf("after the restart: %+v", st.Messages)
	}
	w.clock(`{"advance":"1h"}`)
	if got := w.outbox(zenobia); len(got) != 1 {
		t.Errorf("%d messages, want the one that was under way", len(got))
	}
}
