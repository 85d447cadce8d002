package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"ritorno/connectors/connectorstest"
	"ritorno/internal/lifecycle"
)

// knock makes the request of one kind of source from topic and body: it signs
// with the development secret of that kind and returns the URL's query.
type knock func(h http.Header, topic, body string) (query string)

// knocks are all kinds that stories can post. A source is called as its kind.
var knocks = map[string]knock{
	"stripe": func(h http.Header, _, body string) string {
		signed := posted{body: body, header: h}.signStripe("whsec_fixture_dev")
		h.Set("Stripe-Signature", signed.header.Get("Stripe-Signature"))
		return ""
	},
	"recharge": func(h http.Header, topic, body string) string {
		h.Set("X-Recharge-Topic", topic)
		h.Set("X-Recharge-Webhook-Signature", "to be signed")
		signed := posted{body: body, header: h}.signRecharge("rc_fixture_dev_secret")
		h.Set("X-Recharge-Webhook-Signature", signed.header.Get("X-Recharge-Webhook-Signature"))
		return ""
	},
	// The topic stands in the body.
	"webhook": func(h http.Header, _, body string) string {
		sum := sha256.Sum256([]byte(body))
		h.Set("webhook-id", fmt.Sprintf("msg_%x", sum[:8]))
		signed := posted{body: body, header: h}.signNow(erpSecret)
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			h.Set(name, signed.header.Get(name))
		}
		return ""
	},
	"shopify": func(h http.Header, topic, body string) string {
		h.Set("Content-Type", "application/json")
		h.Set("X-Shopify-Topic", topic)
		h.Set("X-Shopify-Shop-Domain", "bottega-rossi.myshopify.com")
		h.Set("X-Shopify-Hmac-Sha256", base64MAC("shpss_fixture_dev_secret", body))
		return ""
	},
	"woocommerce": func(h http.Header, topic, body string) string {
		h.Set("Content-Type", "application/json")
		h.Set("X-WC-Webhook-Topic", topic)
		h.Set("X-WC-Webhook-Source", "https://bottega-rossi.example/")
		h.Set("X-WC-Webhook-Signature", base64MAC("wc_sample_dev_secret", body))
		return ""
	},
	// The topic is what the owner wrote into the URL.
	"activecampaign": func(h http.Header, topic, _ string) string {
		h.Set("Content-Type", "application/x-www-form-urlencoded")
		query := "?token=ac_sample_dev_token_0123456789abcdef"
		if topic != "" {
			query += "&event=" + url.QueryEscape(topic)
		}
		return query
	},
}

// erpSecret is the development secret of the webhook kind.
const erpSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func base64MAC(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TestSourceStories plays the stories of testdata/sources, one for each kind of
// source: bodies as the shop system writes them, posted with their signature to
// the running service, and what support then sees and the contact gets. The
// story is the text on top; a section "sources" holds lines of the shop's
// sources, every other section is a body. Commands are below in do and expect.
func TestSourceStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/sources/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories found", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			t.Parallel()
			playSource(t, f)
		})
	}
}

func playSource(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	a := txtar.Parse(data)
	s := &sourceStory{world: newWorld(t, worldOptions{}), bodies: map[string]string{}, seen: map[string]int{}}
	for _, f := range a.Files {
		if f.Name != "sources" {
			s.bodies[f.Name] = string(f.Data)
			continue
		}
		s.edit(func(src string) string {
			lines := "      " + strings.ReplaceAll(strings.TrimRight(string(f.Data), "\n"), "\n", "\n      ")
			return strings.Replace(src, "    sources:\n", "    sources:\n"+lines+"\n", 1)
		})
	}
	s.serve("--dev-clock")
	for n, line := range strings.Split(string(a.Comment), "\n") {
		s.line = fmt.Sprintf("%s:%d: %s", filepath.Base(file), n+1, line)
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			s.do(storyWords(line))
		}
	}
}

// sourceStory is a story at work.
type sourceStory struct {
	*world
	line   string
	bodies map[string]string
	seen   map[string]int // messages of a person that were looked at
}

func (s *sourceStory) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\n\t%s", s.line, fmt.Sprintf(format, args...))
}

// storyWords splits a line at blanks, keeping "quoted text" together.
func storyWords(line string) []string {
	var out []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// chapters are what every source's story must show, as "# ## NAME" above the
// part that does, and, where a source cannot tell it, "# ## NAME: cannot be told"
// with the reason.
var chapters = []string{"purchase", "renewal", "cancellation", "refund", "consent"}

// TestEverySourceHasItsStory: each kind of source has a story with all chapters,
// and in each of them something is posted and something is looked at.
func TestEverySourceHasItsStory(t *testing.T) {
	for kind := range knocks {
		data, err := os.ReadFile(filepath.Join("testdata", "sources", kind+".txtar"))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		text := string(txtar.Parse(data).Comment)
		for _, chapter := range chapters {
			_, rest, found := strings.Cut(text, "## "+chapter)
			if !found {
				t.Errorf("%s: no chapter %q", kind, chapter)
				continue
			}
			part, _, _ := strings.Cut(rest, "\n# ## ")
			if why, not := strings.CutPrefix(part, ": cannot be told"); not {
				if len(strings.TrimSpace(why)) < 20 {
					t.Errorf("%s: nobody learns why %s cannot be told", kind, chapter)
				}
				continue
			}
			if !strings.Contains(part, "\npost "+kind+" ") || !regexp.MustCompile(`\n(state|orders|allows|sent|timeline) `).MatchString(part) {
				t.Errorf("%s: the chapter %q posts nothing of %s, or looks at nothing", kind, chapter, kind)
			}
		}
	}
}

// do runs one command. WHO is whatever finds a contact: an e-mail address, a
// number, a customer id.
func (s *sourceStory) do(w []string) {
	s.t.Helper()
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	switch w[0] {
	case "at": // at 2026-09-01 08:00: the program's clock stands there (UTC)
		at, err := time.Parse("2006-01-02 15:04", arg(1)+" "+arg(2))
		if err != nil {
			s.fail("%v", err)
		}
		s.clockTo(at)
	case "wait": // wait 30d
		s.clock(fmt.Sprintf(`{"advance":%q}`, arg(1)))
	case "post": // post KIND TOPIC BODY [ANSWER]: without one it must be accepted; TOPIC - is none
		s.deliver(arg(1), arg(2), arg(3), arg(4))
	default:
		s.expect(w, arg)
	}
}

// deliver posts a body of the story, or one of examples/requests.
func (s *sourceStory) deliver(kind, topic, name, want string) {
	s.t.Helper()
	sign, known := knocks[kind]
	if !known {
		s.fail("no kind %q in knocks", kind)
	}
	body, own := s.bodies[name]
	if !own {
		text, err := os.ReadFile(filepath.Join(connectorstest.Root(s.t), "examples", "requests", kind, name))
		if err != nil {
			s.fail("%v", err)
		}
		body = string(text)
	}
	h := http.Header{}
	query := sign(h, strings.TrimPrefix(topic, "-"), body)
	if want == "" {
		want = "accepted"
	}
	if got := s.post(posted{file: name, source: kind + query, header: h, body: body}); got != want {
		s.fail("answered %s, want %s", got, want)
	}
}

func (s *sourceStory) expect(w []string, arg func(int) string) {
	s.t.Helper()
	switch w[0] {
	case "state": // state WHO cancelled [reason]
		st := s.record(arg(1))
		if st.State != arg(2) || arg(3) != "" && string(st.StateReason) != arg(3) {
			s.fail("is %s (%s)", st.State, st.StateReason)
		}
	case "orders": // orders WHO 2 99.80
		if st := s.record(arg(1)); strconv.Itoa(st.Orders) != arg(2) || st.Spent != arg(3) {
			s.fail("are %d, %s", st.Orders, st.Spent)
		}
	case "allows": // allows WHO email subscribed
		if got := s.record(arg(1)).Consent[arg(2)].State; got != arg(3) {
			s.fail("is %s", got)
		}
	case "sent": // sent WHO email survey: exactly this since the last look
		if got := s.since(arg(1)); len(got) != 1 || got[0] != arg(2)+" "+arg(3) {
			s.fail("sent: %q", got)
		}
	case "nothing": // nothing sent WHO
		if got := s.since(arg(2)); len(got) > 0 {
			s.fail("sent: %q", got)
		}
	case "timeline": // timeline WHO "words"
		st := s.record(arg(1))
		if !slices.ContainsFunc(st.Timeline, func(e lifecycle.StatusEntry) bool { return strings.Contains(e.Summary, arg(2)) }) {
			s.fail("timeline: %+v", st.Timeline)
		}
	case "unknown": // unknown WHO: nobody is known by that
		s.look(arg(1)).is(http.StatusNotFound)
	default:
		s.fail("no such command")
	}
}

// since are channel and template of the messages that the providers took for a
// person since the last look. Record and outbox must agree on their number.
func (s *sourceStory) since(who string) []string {
	s.t.Helper()
	st := s.record(who)
	var all []string
	for _, m := range st.Messages {
		if m.ProviderID != "" {
			all = append(all, m.Channel+" "+m.Template)
		}
	}
	if took := len(s.outbox(person{email: st.Email, phone: st.Phone})); took != len(all) {
		s.fail("the providers took %d messages, the record has %d", took, len(all))
	}
	got := all[s.seen[who]:]
	s.seen[who] = len(all)
	return got
}
