package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// TestErasureLeavesNoByteOfThePerson reads every key of the store, as the
// server would dump it, the server's files, our log and our metrics, after a
// person with a full life was erased.
func TestErasureLeavesNoByteOfThePerson(t *testing.T) {
	var logged lockedBuffer
	metrics := prometheus.NewRegistry()
	b := newBenchOn(t, redistest.Fresh(t), prefixOf(t), shopYAML, func(o *engine.Options) {
		o.Log, o.Metrics = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})), metrics
	})
	b.goTo(t, day0)
	p := named("cust-77", annaMail, annaPhone)
	p.FirstName, p.LastName = "Ermenegilda", "Quattrociocchi"
	b.tell(t, refund("ord-4711", "r", 100, lifecycle.Person{CustomerID: "cust-77", Email: annaMail})) // parked, or kept
	b.tell(t, allowed(orderOf("ord-4711", day0, p)))
	b.tell(t, orderOf("ord-4712", day0, named("", otherMail, "")))
	b.tell(t, lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", Person: lifecycle.Person{CustomerID: "cust-77"}, Merged: &lifecycle.Person{Email: otherMail}})
	p.Email = "erme.quattrociocchi@example.com" // for a while
	b.tell(t, changed("c1", day0.Add(time.Minute), p))
	p.Email = annaMail
	b.tell(t, changed("c2", day0.Add(2*time.Minute), p))
	waits := refund("ord-9999", "r9", 100, lifecycle.Person{}) // of an order that is never told
	waits.Person.Email = annaMail
	b.park(t, waits)
	b.park(t, lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m9", Person: lifecycle.Person{CustomerID: "nobody"}, Merged: &lifecycle.Person{Email: otherMail}})
	b.goTo(t, day0.Add(31*day))
	if _, err := b.Reply(b.ctx, replyFrom(annaPhone, "Grazie, sono Ermenegilda")); err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{
		`{"email":"Anna@Example.com","name":"Ermenegilda"}`, `{"phone":"+39 333 123 4567"}`, `{"e":"ann\u0061\u0040example.com"}`, `{"customer":{"id":"cust-77"}}`,
		`contact%5Bemail%5D=anna.rossi%40example.org&x=1`, `{"old":"erme.quattrociocchi@example.com"}`,
	} {
		b.letter(t, body)
	}
	stranger := b.letter(t, `{"email":"somebody@example.com","phone":"+393330000000","customer":{"id":"cust-78"}}`)
	needles := []string{"ermenegilda", "quattrociocchi", annaMail, "anna@example", otherMail, "anna.rossi", strings.TrimPrefix(annaPhone, "+"), "3331234567", "cust-77", "ord-4711", "ord-4712", "ord-9999"}
	places := map[string]func() string{
		"the store":          func() string { return dump(t, b.ctx, redisOf(t, b)) },
		"the server's files": func() string { return files(t, b.ctx, redisOf(t, b)) },
	}
	for place, read := range places {
		for _, n := range needles[:2] {
			if !strings.Contains(read(), n) {
				t.Fatalf("in %s the search does not find %q while the person is there: it proves nothing", place, n)
			}
		}
	}
	got, err := b.Erase(b.ctx, "bottega", annaMail)
	if err != nil || got.Contacts != 1 || got.DeadLetters != 6 || got.Orders != 2 || got.Messages == 0 || got.Parked != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := b.Rewrite(b.ctx); err != nil {
		t.Fatal(err)
	}
	places["our log"] = logged.String
	places["our metrics"] = func() string { return gathered(t, metrics) }
	for place, read := range places {
		text := strings.ToLower(read())
		if text == "" {
			t.Errorf("%s: empty, so it proves nothing", place)
		}
		for _, n := range needles {
			if i := strings.Index(text, n); i >= 0 {
				t.Errorf("%q is still in %s: %q", n, place, text[max(0, i-60):min(len(text), i+60)])
			}
		}
	}
	if _, err := b.st.GetDead(b.ctx, "bottega", stranger); err != nil {
		t.Errorf("the dead letter about somebody else: %v", err)
	}
	if n, err := b.Counts(b.ctx, "bottega"); err != nil || n["state:active"]+n["state:dormant"]+n["state:returning"] != 0 || n["erased"] != 1 {
		t.Fatalf("counts %v, %v", n, err)
	}
	for _, who := range []string{annaMail, annaPhone, "cust-77", otherMail} {
		if _, err := b.Find(b.ctx, "bottega", who); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
	}
}

// letter keeps a dead letter.
func (b *bench) letter(t *testing.T, body string) string {
	t.Helper()
	id, err := b.st.PutDead(b.ctx, store.DeadLetter{Shop: "bottega", Source: "shopify", Body: []byte(body), Reason: "x", At: day0})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// park lets an event wait for somebody who never comes.
func (b *bench) park(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	item, err := json.Marshal(ev)
	if err != nil {
		t.Fatal(err)
	}
	k := identity.NewKeys(b.st.Secret())
	d := k.Ref("bottega", ev.Source, ev.Person.CustomerID)
	if ev.Refund != nil {
		d = k.Order("bottega", "", ev.Refund.OrderID)
	}
	if err := b.st.Park(b.ctx, store.Digest(d), item); err != nil {
		t.Fatal(err)
	}
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func gathered(t *testing.T, r *prometheus.Registry) string {
	t.Helper()
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, f := range all {
		text += f.String() + "\n"
	}
	return text
}

// files is everything that the server wrote to its disk, in lower case.
func files(t *testing.T, ctx context.Context, r *redis.Client) string {
	t.Helper()
	dir, err := r.ConfigGet(ctx, "dir").Result()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	err = filepath.WalkDir(dir["dir"], func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		all.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ToLower(all.String())
}

func redisOf(t *testing.T, b *bench) *redis.Client {
	o, err := redis.ParseURL(b.url)
	if err != nil {
		t.Fatal(err)
	}
	r := redis.NewClient(o)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// dump is every key and value of a server in lower case.
func dump(t *testing.T, ctx context.Context, r *redis.Client) string {
	t.Helper()
	var all strings.Builder
	keys, err := r.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	put := func(parts []string, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.Join(parts, "\x00") + "\x00")
	}
	for _, k := range keys {
		all.WriteString(k + "\x00")
		switch kind := r.Type(ctx, k).Val(); kind {
		case "string":
			v, err := r.Get(ctx, k).Result()
			put([]string{v}, err)
		case "hash":
			v, err := r.HGetAll(ctx, k).Result()
			for f, x := range v {
				put([]string{f, x}, err)
			}
		case "set":
			put(r.SMembers(ctx, k).Result())
		case "zset":
			put(r.ZRange(ctx, k, 0, -1).Result())
		case "list":
			put(r.LRange(ctx, k, 0, -1).Result())
		case "stream":
			v, err := r.XRange(ctx, k, "-", "+").Result()
			for _, m := range v {
				for f, x := range m.Values {
					s, _ := x.(string)
					put([]string{f, s}, err)
				}
			}
		default:
			t.Fatalf("key %s is a %s: teach the search to read it", k, kind)
		}
	}
	return strings.ToLower(all.String())
}

// TestAnErasedPersonComesBackOnlyByThemselves: an import of old data brings the
// record back, but no message; a fresh opt-in does.
func TestAnErasedPersonComesBackOnlyByThemselves(t *testing.T) {
	for name, ask := range map[string]func(b *bench) error{
		"erased by hand": func(b *bench) error { _, err := b.Erase(b.ctx, "bottega", annaMail); return err },
		"erased by the source": func(b *bench) error {
			_, err := b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.EraseRequested, Source: "shopify", Key: "e", Person: named("1", annaMail, annaPhone)})
			return err
		},
		"erased by phone": func(b *bench) error {
			_, err := b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.EraseRequested, Source: "shopify", Key: "e", Person: lifecycle.Person{Phone: annaPhone}})
			if err == nil { // the e-mail is told in a request of its own
				_, err = b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.EraseRequested, Source: "shopify", Key: "e2", Person: lifecycle.Person{Email: annaMail}})
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0)
			b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
			if err := ask(b); err != nil {
				t.Fatal(err)
			}
			if len(b.contacts(t)) != 0 {
				t.Fatal("is still there")
			}
			b.goTo(t, day0.Add(day))
			old := allowed(orderOf("2", day0.Add(-10*day), named("1", " ANNA@Example.COM", "333 123 4567")))
			old.Historical = true
			b.tell(t, old)
			later := allowed(orderOf("2b", day0.Add(-9*day), named("1", annaMail, annaPhone)))
			later.Historical = true
			for i := range later.Consents { // whatever date it bears, it is an import
				later.Consents[i].At = day0.Add(2 * day)
			}
			b.goTo(t, day0.Add(3*day))
			b.tell(t, later)
			b.tell(t, orderOf("2c", day0.Add(3*day), named("1", annaMail, annaPhone)))
			if c := b.find(t, annaMail); len(c.Orders) != 3 || c.Run != nil || !c.Due.IsZero() {
				t.Fatalf("%d orders, journey %+v, due %s", len(c.Orders), c.Run, c.Due)
			}
			if c := b.find(t, annaMail); c.State != lifecycle.UnsubscribedState || c.Reason != lifecycle.ReasonOptOut {
				t.Fatalf("%s (%s)", c.State, c.Reason)
			}
			b.goTo(t, day0.Add(200*day))
			if n := len(b.sms.all()) + len(b.mail.all()); n != 0 {
				t.Fatalf("%d messages", n)
			}
			b.tell(t, allowed(orderOf("3", day0.Add(200*day), named("1", annaMail, annaPhone))))
			b.goTo(t, day0.Add(235*day))
			if n := len(b.sms.all()) + len(b.mail.all()); n == 0 {
				t.Fatal("a fresh opt-in of their own must count")
			}
		})
	}
}

// TestAFormerAddressIsForgottenToo: addresses that changed, and those of a
// record that was joined, are suppressed with the person, and lead nowhere.
func TestAFormerAddressIsForgottenToo(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.tell(t, allowed(orderOf("2", day0, named("2", otherMail, "+393339999999"))))
	b.tell(t, lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", Person: lifecycle.Person{CustomerID: "1"}, Merged: &lifecycle.Person{CustomerID: "2"}})
	b.tell(t, changed("c1", day0.Add(time.Minute), named("1", "second@example.com", "+393338888888")))
	b.tell(t, changed("c2", day0.Add(2*time.Minute), named("1", "third@example.com", "+393337777777")))
	old := b.find(t, "third@example.com")
	if len(old.Former) < 6 || len(old.Joined) != 1 {
		t.Fatalf("%d former addresses, %d joined records", len(old.Former), len(old.Joined))
	}
	if _, err := b.Erase(b.ctx, "bottega", "third@example.com"); err != nil {
		t.Fatal(err)
	}
	for i, p := range []lifecycle.Person{
		named("", annaMail, ""), named("", otherMail, ""), named("", "Second@Example.com", ""), named("", "third@example.com", ""),
		named("", "", annaPhone), named("", "", "+39 333 999 9999"), named("", "", "+393338888888"), named("", "", "+393337777777"),
	} {
		ev := allowed(orderOf("again"+strconv.Itoa(i), day0.Add(-day), p))
		for j := range ev.Consents {
			ev.Consents[j].At = day0.Add(-day)
		}
		b.tell(t, ev)
		who := p.Email + p.Phone
		c := b.find(t, who)
		if c.ID == old.ID || c.State != lifecycle.UnsubscribedState {
			t.Errorf("%s: %s, consent %s and %s", who, c.State, c.Consent[0].State(), c.Consent[1].State())
		}
	}
}

// TestACrashWhileAnErasedPersonComesBack: the look-ups are claimed, the record
// is not written, and the retry must still know of the erasure.
func TestACrashWhileAnErasedPersonComesBack(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, ""))))
	if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil {
		t.Fatal(err)
	}
	b.goTo(t, day0.Add(day))
	old := allowed(orderOf("2", day0.Add(-10*day), named("1", annaMail, "")))
	if err := b.ResolveAndDie(b.ctx, "bottega", old); err != nil {
		t.Fatal(err)
	}
	b.tell(t, old)
	if c := b.find(t, annaMail); c.State != lifecycle.UnsubscribedState {
		t.Fatalf("%s, e-mail %s", c.State, c.Consent[lifecycle.Email].State())
	}
}

func TestErasedWhileAMessageIsUnderWay(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.sms.answer(func(m connectors.Outgoing) *lifecycle.Result {
		got, err := b.Erase(b.ctx, "bottega", annaMail)
		if err != nil || len(got.InFlight) != 1 || got.InFlight[0] != m.MessageID {
			t.Errorf("%+v, %v", got, err)
		}
		return nil
	})
	b.goTo(t, day0.Add(60*day))
	if len(b.contacts(t)) != 0 || len(b.sms.all()) != 1 {
		t.Fatalf("%d contacts, %d messages", len(b.contacts(t)), len(b.sms.all()))
	}
	n := lifecycle.News{MessageID: b.sms.all()[0].MessageID, Status: lifecycle.Delivered}
	if err := b.Delivered(b.ctx, "twilio", n, time.Time{}, "late"); err != nil {
		t.Fatal(err)
	}
}
