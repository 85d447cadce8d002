package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/generate"
	"ritorno/internal/lifecycle"
)

// playDemo plays and hands the demo over before it is closed.
func playDemo(t *testing.T, o demoOptions, look func(*demo, funnel)) {
	t.Helper()
	o.exit, o.listen = true, "127.0.0.1:0"
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	p, err := o.plot()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	d, err := openDemo(ctx, o, p, t.TempDir(), newStage(&out, t.Output(), true))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}()
	if err := d.run(ctx); err != nil {
		t.Fatal(err)
	}
	var f funnel
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		t.Fatalf("--json printed %q: %v", out.String(), err)
	}
	look(d, f)
}

func TestDemoKeepsTheServicesPromises(t *testing.T) {
	playDemo(t, demoOptions{seed: 3, months: 4, people: 40}, func(d *demo, f funnel) {
		if f.Contacts != 40 || f.People != 40 || f.Orders < 60 || f.Sent < 30 || f.Responses == 0 || f.WonByOrder == 0 {
			t.Errorf("nothing much happened: %+v", f)
		}
		if f.WithoutConsent+f.Twice+f.DeadLetters+f.Parked > 0 || f.Uncertain > 0 {
			t.Errorf("promises broken: %+v", f)
		}
		each := int64(0)
		for state, n := range f.States {
			if n < 0 {
				t.Errorf("%d contacts are %s", n, state)
			}
			each += n
		}
		if each != f.Contacts {
			t.Errorf("%d contacts in %d states", f.Contacts, each)
		}
		outboxAgrees(t, d, f)
		recordsAgree(t, d, f)
	})
}

// outboxAgrees looks at what the providers took, whatever the play counted.
func outboxAgrees(t *testing.T, d *demo, f funnel) {
	t.Helper()
	outbox := d.provider.Outbox()
	if int64(len(outbox)) != f.Sent {
		t.Errorf("the providers took %d messages, the service counts %d", len(outbox), f.Sent)
	}
	agreed := map[string]bool{}
	for _, p := range d.plot.people {
		agreed[p.Email] = agreed[p.Email] || p.EmailConsent
		agreed[p.Phone] = agreed[p.Phone] || p.SMSConsent
	}
	attempts, messages := map[string]bool{}, map[string]bool{}
	for _, s := range outbox {
		id := lifecycle.MessageOf(s.AttemptID)
		if s.AttemptID == "" || attempts[s.AttemptID] || messages[id] {
			t.Errorf("attempt %q of message %q left twice", s.AttemptID, id)
		}
		attempts[s.AttemptID], messages[id] = true, true
		if !agreed[s.To] {
			t.Errorf("%s was written to without consent", s.Channel)
		}
		if s.Body == "" || s.Channel == lifecycle.Email && s.HTML == "" {
			t.Errorf("an empty %s left", s.Channel)
		}
	}
}

// recordsAgree holds each person's record against what the shop told.
func recordsAgree(t *testing.T, d *demo, f funnel) {
	t.Helper()
	states := map[string]int64{}
	for i := range d.actors {
		c, err := d.record(t.Context(), &d.actors[i])
		if err != nil || c.State == lifecycle.None {
			t.Fatalf("person %d has no record: %v", i, err)
		}
		states[c.State.String()]++
		if c.State == lifecycle.UnsubscribedState && !c.Due.IsZero() {
			t.Errorf("person %d is unsubscribed and has a timer", i)
		}
	}
	for state, n := range f.States {
		if states[state] != n {
			t.Errorf("%d records are %s, the counter says %d", states[state], state, n)
		}
	}
}

func TestDemoOfOneSeedIsOnePlay(t *testing.T) {
	var first funnel
	o := demoOptions{seed: 11, months: 3, people: 15}
	playDemo(t, o, func(_ *demo, f funnel) { first = f })
	playDemo(t, o, func(_ *demo, f funnel) {
		if diff := cmp.Diff(first, f); diff != "" {
			t.Errorf("the second play of the same seed differs:\n%s", diff)
		}
	})
}

func TestDemoPlaysAHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "orders.csv")
	rows := `customer_id,order_id,ordered_at,total,currency,product
007,A-1,2024-01-10,20.00,CHF,Olio
007,C2,2024-01-12,-5.00,CHF,
007,A-3,2024-04-01,10.00,CHF,Pasta
008,A-4,2024-01-15T10:00:00,30.00,CHF,
009,C5,2024-02-01,-1.00,CHF,
broken
008,A-6,2024-06-20,7.50,CHF,
`
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	playDemo(t, demoOptions{seed: 1, orders: file, months: 18}, func(d *demo, f funnel) {
		got := []any{f.From, f.Until, f.People, f.Orders, f.BadLines, f.LostRefunds, f.Currency}
		if diff := cmp.Diff([]any{"2024-01-10", "2024-06-21", 3, int64(4), 1, 1, "CHF"}, got); diff != "" {
			t.Errorf("funnel (-want +got):\n%s", diff)
		}
		s, err := d.app.Engine.Status(t.Context(), demoShop, "007")
		if err != nil || s.Orders != 2 || s.Spent != "25.00" {
			t.Errorf("status of customer 007: %d orders, %s spent, %v; want 2, 25.00", s.Orders, s.Spent, err)
		}
	})
}

func TestDemoPlaysARealHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(file, cdnow(t, 61), 0o600); err != nil {
		t.Fatal(err)
	}
	playDemo(t, demoOptions{seed: 1, orders: file, months: 18}, func(_ *demo, f funnel) {
		if f.Orders != 60 || int64(f.People) != f.Contacts || f.Currency != "USD" || f.Entered == 0 || f.Sent == 0 {
			t.Errorf("funnel %+v", f)
		}
	})
}

// cdnow is the first lines of a real history in the folder beside the
// repository. Its absence is a failure in CI and skips the test elsewhere.
func cdnow(t *testing.T, lines int) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(moduleDir(t), "..", "shared", "data", "cdnow", "orders.csv.gz"))
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("the real history is needed in CI: %v", err)
	default:
		t.Skip("shared/data/cdnow is not beside this repository")
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.Join(strings.SplitAfterN(string(text), "\n", lines+1)[:lines], ""))
}

// moduleDir is the repository.
func moduleDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = filepath.Dir(dir)
	}
}

func TestDemoLeavesTheServerOpenAndEndsWell(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	addr := freeAddr(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, write := io.Pipe()
	root := newRoot()
	root.SetOut(write)
	root.SetErr(t.Output())
	root.SetArgs([]string{"demo", "--months", "2", "--people", "12", "--seed", "5", "--listen", addr})
	ended := make(chan error, 1)
	go func() {
		err := root.ExecuteContext(ctx)
		_ = write.Close()
		ended <- err
	}()
	text := readUntil(t, read, "Ctrl-C ends it.")
	_, curl, found := strings.Cut(text, "'Authorization: ")
	bearer, rest, _ := strings.Cut(curl, "' '")
	target, _, _ := strings.Cut(rest, "'")
	if !found {
		t.Fatalf("no curl line in %s", text)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", bearer)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the printed curl line answers %s", resp.Status)
	}
	cancel()
	_, _ = io.Copy(io.Discard, read)
	if err := <-ended; err != nil {
		t.Errorf("an interrupt ends with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// readUntil reads up to a text.
func readUntil(t *testing.T, r io.Reader, end string) string {
	t.Helper()
	var all strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(all.String(), end) {
		n, err := r.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			t.Fatalf("it ended with %v after %s", err, all.String())
		}
	}
	return all.String()
}

func TestDemoRefusesWhatItCannotPlay(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.csv")
	if err := os.WriteFile(empty, []byte("customer_id,order_id,ordered_at,total\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no months":             {[]string{"--months", "0"}, "--months 0"},
		"too many people":       {[]string{"--people", "-1"}, "--people -1"},
		"an address for others": {[]string{"--listen", "0.0.0.0:0"}, "127.0.0.1 only"},
		"no such file":          {[]string{"--orders", empty + "x"}, "no such file"},
		"a history of nothing":  {[]string{"--orders", empty}, "holds no order"},
		"an argument":           {[]string{"now"}, "wants 0 argument"},
	} {
		t.Run(name, func(t *testing.T) {
			root := newRoot()
			root.SetArgs(append([]string{"demo"}, tt.args...))
			err := root.ExecuteContext(t.Context())
			var usage usageError
			if !errors.As(err, &usage) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want a usage error with %q", err, tt.want)
			}
		})
	}
}

func TestFunnelIsRedrawnInPlaceOnATerminal(t *testing.T) {
	var screen bytes.Buffer
	s := &stage{live: &screen, tty: true}
	f := funnel{Until: "2026-01-01", Contacts: 10, States: map[string]int64{"active": 10}, Messages: []funnelStep{
		{"reactivation", 1, "sms", 3}, {"reactivation", 1, "email", 2},
	}}
	s.show(f)
	height := strings.Count(screen.String(), "\n")
	s.show(f)
	if up := "\x1b[" + strconv.Itoa(height) + "A\x1b[J"; strings.Count(screen.String(), up) != 1 {
		t.Errorf("the second picture does not cover the first of %d lines", height)
	}
	if !strings.Contains(screen.String(), "reactivation   step 1  sms 3, email 2") {
		t.Errorf("the channels of a step are not in one line:\n%s", screen.String())
	}
}

func TestDemoNeverLosesACustomersNews(t *testing.T) {
	d := newDemoPlay(demoOptions{}, &plot{
		from: time.Unix(0, 0), to: time.Unix(0, 0).Add(48 * time.Hour), people: []generate.Person{{}, {Number: 1}},
		events: []generate.Event{{At: time.Unix(60, 0), Person: 1}, {At: time.Unix(30, 0)}, {At: time.Unix(90, 0)}, {At: time.Unix(4000, 0)}},
	}, &stage{})
	queues := d.take(time.Unix(100, 0), false)
	if len(queues[0]) != 2 || len(queues[1]) != 1 || d.acts.Len() != 1 {
		t.Fatalf("took %d and %d acts, left %d", len(queues[0]), len(queues[1]), d.acts.Len())
	}
	if !queues[0][0].at.Equal(time.Unix(30, 0)) || !queues[0][1].at.Equal(time.Unix(90, 0)) {
		t.Error("one person's acts are out of order")
	}
	if early := d.take(time.Unix(200, 0), false); len(early) != 0 {
		t.Error("an act is taken before its time")
	}
	if first := d.take(time.Unix(200, 0), true); len(first[0]) != 1 {
		t.Error("the next instant's act is not taken")
	}
}
