package engine_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"ritorno/config"
	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// TestStories plays the stories of testdata/stories: text that a support agent
// can read, on the real engine and a real store. Each file may have a section
// "shop" with lines of the shop's configuration and "top" with lines beside it, and "edited" with those that take the
// place of "top" when the story says so; "config" takes the place of the whole configuration; the story itself is
// the text above. Commands are below in (*story).do. A section "read" holds the story as the owner of a shop reads
// it, with every word that left; go test -run TestStories -update writes it.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories found", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txtar"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			a := txtar.Parse(data)
			var extra []string
			top, edited, source := "", "", ""
			var r *reader
			for _, s := range a.Files {
				switch s.Name {
				case "shop":
					extra = strings.Split(strings.TrimSpace(string(s.Data)), "\n")
				case "top":
					top = string(s.Data)
				case "edited":
					edited = string(s.Data)
				case "config":
					source = string(s.Data)
				case "read":
					r = &reader{stands: map[string]string{}, told: map[string]bool{}}
				}
			}
			source = cmp.Or(source, shopWith(extra...)+top)
			s := &story{t: t, b: newBenchOn(t, redistest.Start(t), prefixOf(t), source), source: source, edited: shopWith(extra...) + edited, reader: r}
			for n, line := range strings.Split(string(a.Comment), "\n") {
				s.line = fmt.Sprintf("%s:%d: %s", filepath.Base(f), n+1, line)
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					s.do(line)
				}
				s.note(line)
			}
			s.held(f, a)
			s.b.whole(t)
		})
	}
}

type story struct {
	t      *testing.T
	b      *bench
	line   string
	n      int
	seen   map[string]int // messages of a person that were looked at
	last   func() error   // the last delivery
	edited string         // configuration that "edit" brings
	source string         // configuration at first

	land     land     // where people live
	nameless []string // people whose name nobody knows
	reader   *reader  // nil: nobody reads the story

	real time.Duration // how much real time passed for settling
}

func (s *story) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\n\t%s", s.line, fmt.Sprintf(format, args...))
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.fail("%v", err)
	}
}

// words splits a line at blanks, keeping "quoted text" together.
func words(line string) []string {
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

func (s *story) do(line string) {
	s.t.Helper()
	w := words(line)
	arg := func(i int) string {
		if i < len(w) {
			return w[i]
		}
		return ""
	}
	switch w[0] {
	case "at": // at 2026-01-07 12:00: the clock stands there (UTC)
		at, err := time.Parse("2006-01-02 15:04", arg(1)+" "+arg(2))
		s.must(err)
		s.must(s.b.Advance(s.b.ctx, at))
	case "wait": // wait 30d
		s.must(s.b.Advance(s.b.ctx, s.b.now(s.t).Add(s.span(arg(1)))))
	case "consent": // consent anna email sms
		s.consents(arg(1), lifecycle.Subscribed, w[2:])
	case "optout": // optout anna email: at the source
		s.consents(arg(1), lifecycle.Unsubscribed, w[2:])
	case "order", "renew": // order anna 1001 49.90 Olio [-3d]
		s.order(w[0], arg(1), arg(2), arg(3), arg(4), arg(5))
	case "import": // import anna 1001 49.90 -45d: old news
		s.order(w[0], arg(1), arg(2), arg(3), "", arg(4))
	case "release": // release 2 released 4: the owner lets in who was silent already, two a day; all; none
		choice := engine.Release{All: arg(1) == "all"}
		choice.PerDay, _ = strconv.Atoi(arg(1))
		got, err := s.b.ReleaseImported(s.b.ctx, "bottega", choice)
		s.must(err)
		if strconv.Itoa(got.Released) != arg(3) {
			s.fail("%+v", got)
		}
	case "again": // the last delivery once more
		s.must(s.last())
	case "fails": // fails anna: a payment of the subscription
		s.apply(arg(1), lifecycle.Event{Type: lifecycle.PaymentFailed, Subscription: &lifecycle.Subscription{ID: "S1"}})
	case "start": // start anna vip: a program asks for the journey
		_, _, err := s.b.StartJourney(s.b.ctx, "bottega", mailOf(arg(1)), arg(2), s.key())
		s.must(err)
	case "edit": // the journeys are changed, and the service restarted
		c, problems := config.Parse("edited.yaml", []byte(s.edited), nil)
		if config.Bad(problems) {
			s.fail("%v", problems)
		}
		for i := range s.b.options.Shops {
			s.b.options.Shops[i].Rules = c.Rules(s.b.options.Shops[i].Name)
		}
		s.b.restart(s.t)
	case "refund": // refund anna 1001 49.90
		s.apply(arg(1), lifecycle.Event{Type: lifecycle.OrderRefunded, Refund: &lifecycle.Refund{OrderID: arg(2), ID: "r" + arg(2) + arg(3), Amount: s.cents(arg(3))}})
	case "void": // void anna 1001: the order is cancelled
		s.apply(arg(1), lifecycle.Event{Type: lifecycle.OrderCancelled, Order: &lifecycle.Order{ID: arg(2), Partial: true}})
	case "cancel": // cancel anna "too expensive"
		s.apply(arg(1), lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Subscription: &lifecycle.Subscription{ID: "S1", Reason: arg(2)}})
	case "resubscribe":
		s.apply(arg(1), lifecycle.Event{Type: lifecycle.SubscriptionStarted, Subscription: &lifecycle.Subscription{ID: "S1"}})
	case "reply": // reply anna "Basta, grazie"
		r := connectors.Reply{From: s.phoneOf(arg(1)), To: "+390600000000", Body: arg(2), ProviderID: s.key()}
		s.deliver(func() error {
			_, err := s.b.Reply(s.b.ctx, r)
			return err
		})
	case "open", "click", "answer", "enter": // of the last message
		s.react(w[0], arg(1), arg(2))
	case "unsubscribe": // unsubscribe anna email: one click, or the preference page
		ch, _ := lifecycle.ParseChannel(arg(2))
		s.must(s.b.OptOut(s.b.ctx, s.contact(arg(1)).ID, ch, "one-click", "one-click", ""))
	case "pause": // pause anna 90d
		s.must(s.b.Pause(s.b.ctx, s.contact(arg(1)).ID, s.b.now(s.t).Add(s.span(arg(2))), s.key()))
	case "erase":
		_, err := s.b.Erase(s.b.ctx, "bottega", mailOf(arg(1)))
		s.must(err)
	case "delivered", "bounced": // the provider reports on the last message
		s.report(w[0], arg(1))
	case "provider": // provider sms refuses|cuts|number|account|works
		box := s.b.sms
		if arg(1) == "email" {
			box = s.b.mail
		}
		box.set(strings.TrimSuffix(arg(2), "works"))
	case "records": // records sms show|deny|fail|silent: what the provider's own records say
		box := s.b.sms
		if arg(1) == "email" {
			box = s.b.mail
		}
		box.mu.Lock()
		box.records = arg(2)
		box.mu.Unlock()
	case "look": // look 1m: real time passes, and the records are asked
		s.real += s.span(arg(1))
		real, _, err := s.b.st.Now(s.b.ctx)
		s.must(err)
		s.must(s.b.Reconcile(s.b.ctx, real.Add(s.real)))
	case "resolve": // resolve anna sent|not_sent|drop: a person decides
		s.resolve(arg(1), arg(2))
	case "kill": // kill begun: the process is killed when the next message is there
		s.b.OnPoint(func(place string) {
			if place == arg(1) {
				s.b.OnPoint(nil)
				panic("killed at " + place)
			}
		})
	case "dies": // dies erase anna: the process is killed over it, where "kill" says
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.HasPrefix(fmt.Sprint(p), "killed at ") {
					s.fail("it was not killed: %v", p)
				}
			}()
			s.do(strings.TrimPrefix(line, "dies "))
		}()
	case "restart": // another process takes over
		s.b.restart(s.t)
	case "hold": // the shop is paused by hand
		_, err := s.b.PauseShop(s.b.ctx, "bottega", "a test", "somebody")
		s.must(err)
	case "unhold":
		ended, err := s.b.ResumeShop(s.b.ctx, "bottega")
		s.must(err)
		if len(ended) == 0 {
			s.fail("nothing held it")
		}
	case "flow": // flow 20d 3 [erp]: for so long others order so often a day
		s.must(s.b.flow(cmp.Or(arg(3), "shopify"), s.span(arg(1)), s.number(arg(2))))
	case "quiet": // quiet 3d: real time passes in which no order comes in
		s.b.Pass(s.span(arg(1)))
		s.must(s.b.Watch(s.b.ctx))
	case "crowd": // crowd 220 sms: so many people agree and order, all at once
		s.crowd(s.number(arg(1)), arg(2))
	case "watch": // the guards look
		s.must(s.b.Judge(s.b.ctx))
	case "meanwhile": // meanwhile order anna …: right before the next message would leave
		rest := strings.TrimPrefix(line, "meanwhile ")
		s.b.BeforeBegin(func(lifecycle.Message) {
			s.b.BeforeBegin(nil)
			s.do(rest)
		})
	default:
		if !s.tells(w, arg) {
			s.expect(w, arg)
		}
	}
}

func (s *story) expect(w []string, arg func(int) string) {
	s.t.Helper()
	if s.reader != nil {
		s.reader.looks = true
	}
	switch w[0] {
	case "state": // state anna dormant [reason]
		c := s.contact(arg(1))
		if c.State.String() != arg(2) || len(w) > 3 && string(c.Reason) != arg(3) {
			s.fail("is %s (%s)", c.State, c.Reason)
		}
	case "sent": // sent anna sms survey ["words in it"]: exactly this since the last look
		got := s.since(arg(1))
		if len(got) != 1 || got[0].Message.Channel != arg(2) || !slices.Contains(strings.Split(arg(3), "|"), got[0].Message.Template) {
			s.fail("sent: %s", describe(got))
		}
		for _, text := range w[4:] {
			if !strings.Contains(got[0].Message.Text+got[0].Message.Subject, text) {
				s.fail("the message has no %q: %s", text, got[0].Message.Text)
			}
		}
	case "nothing": // nothing sent anna
		if got := s.since(arg(2)); len(got) > 0 {
			s.fail("sent: %s", describe(got))
		}
	case "message": // message anna dropped bought: the last one
		ms := s.contact(arg(1)).Messages
		if len(ms) == 0 {
			s.fail("no message")
		}
		m := ms[len(ms)-1]
		if m.Status.String() != arg(2) || arg(3) != "" && string(m.Error) != arg(3) {
			s.fail("is %s (%s)", m.Status, m.Error)
		}
	case "receipt": // receipt anna soft_opt_in Europe/Rome address 13:00 [1001]: of the last message, as support sees it
		ms := s.status(arg(1)).Messages
		if len(ms) == 0 || ms[len(ms)-1].Receipt == nil {
			s.fail("no receipt")
		}
		x := ms[len(ms)-1].Receipt
		if x.Basis != arg(2) || x.Zone != arg(3) || string(x.ZoneWhy) != arg(4) || x.Local[11:16] != arg(5) || x.Order != arg(6) {
			s.fail("is %+v", *x)
		}
	case "drawn": // drawn anna warm=survey dry=coupon: the last message is one of the variants, as status shows it
		ms := s.status(arg(1)).Messages
		m := ms[len(ms)-1]
		if !slices.Contains(w[2:], m.Variant+"="+m.Template) {
			s.fail("is %s=%s", m.Variant, m.Template)
		}
	case "detail": // detail anna "orders > 3": what status says about the last message
		ms := s.status(arg(1)).Messages
		if got := ms[len(ms)-1].Detail; got != arg(2) {
			s.fail("is %q", got)
		}
	case "in": // in anna reactivation 2/3 | in anna nothing
		got := "nothing"
		if j := s.status(arg(1)).Journey; j != nil {
			got = fmt.Sprintf("%s %d/%d", j.Name, j.Step, j.Steps)
		}
		if got != strings.TrimSpace(arg(2)+" "+arg(3)) {
			s.fail("is in %s", got)
		}
	case "follow": // follow reactivation 1 2: so many contacts follow each of its versions
		list, err := s.b.Followings(s.b.ctx, "bottega")
		s.must(err)
		var got []string
		for _, f := range list {
			if f.Journey == arg(1) {
				got = append(got, strconv.FormatInt(f.Contacts, 10))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, w[2:]) {
			s.fail("%+v", list)
		}
	case "had": // had anna survey dropped bought: one of the messages
		ms := s.contact(arg(1)).Messages
		if !slices.ContainsFunc(ms, func(m lifecycle.Message) bool {
			return m.Template == arg(2) && m.Status.String() == arg(3) && string(m.Error) == arg(4)
		}) {
			s.fail("messages: %+v", ms)
		}
	case "next": // next anna 2026-04-07 12:00 [why] | next anna never
		c := s.contact(arg(1))
		got := "never"
		if !c.Due.IsZero() {
			got = c.Due.Format("2006-01-02 15:04")
		}
		want := strings.TrimSpace(arg(2) + " " + arg(3))
		if got != want || arg(4) != "" && string(c.DueWhy) != arg(4) {
			s.fail("is %s (%s)", got, c.DueWhy)
		}
	case "held": // held "feed guard" | held by nobody
		p, err := s.b.PauseOf(s.b.ctx, "bottega")
		s.must(err)
		if p == nil && arg(1) != "by" || p != nil && p.By != arg(1) {
			s.fail("held: %+v", p)
		}
	case "orders": // orders anna 2 99.80
		st := s.status(arg(1))
		if strconv.Itoa(st.Orders) != arg(2) || st.Spent != arg(3) {
			s.fail("are %d, %s", st.Orders, st.Spent)
		}
	case "allows": // allows anna sms unsubscribed
		if got := s.status(arg(1)).Consent[arg(2)].State; got != arg(3) {
			s.fail("is %s", got)
		}
	case "answered": // answered anna price
		as := s.contact(arg(1)).Answers
		if len(as) == 0 || as[len(as)-1].Choice != arg(2) && as[len(as)-1].Text != arg(2) {
			s.fail("answers: %+v", as)
		}
	case "timeline": // timeline anna "words"
		st := s.status(arg(1))
		if !slices.ContainsFunc(st.Timeline, func(e lifecycle.StatusEntry) bool { return strings.Contains(e.Summary, arg(2)) }) {
			s.fail("timeline: %+v", st.Timeline)
		}
	case "uncertain": // uncertain 1 [decide]: so many are on the operator's list
		list, _, err := s.b.Uncertains(s.b.ctx, "bottega", "", 100)
		s.must(err)
		if strconv.Itoa(len(list)) != arg(1) || arg(2) == "decide" && !list[0].Decide {
			s.fail("list: %+v", list)
		}
	case "asked": // asked sms 2: so often
		box := s.b.sms
		if arg(1) == "email" {
			box = s.b.mail
		}
		if n := len(box.asked); strconv.Itoa(n) != arg(2) {
			s.fail("asked %d times", n)
		}
	case "gone": // gone anna
		if _, err := s.b.Find(s.b.ctx, "bottega", mailOf(arg(1))); err == nil {
			s.fail("is still there")
		}
	default:
		s.fail("no such command")
	}
}
