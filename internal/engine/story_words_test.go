package engine_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"ritorno/config"
	"ritorno/connectors"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
)

var updateStories = flag.Bool("update", false, "write the words that left anew into the stories that have a section \"read\"")

// land is where the people of a story live; the zero value is Italy.
type land struct{ locale, country string }

// reader writes down a story as the owner of a shop reads it: its comments, what
// happened, in the shop's local time, the words that left and where people
// stand: of those who are named between two blank lines, while these lines last. What differs from run to run (links, codes) stands as a word in capitals.
type reader struct {
	out    strings.Builder
	looks  bool // the line that was done only looked
	people []string
	stands map[string]string // of a person, as last written
	told   map[string]bool   // messages by id
	codes  []string          // coupons that were given
}

var (
	linkIn    = regexp.MustCompile(`/l/[A-Za-z0-9_-]+`)
	wayOutIn  = regexp.MustCompile(`/u/[A-Za-z0-9_.-]+`)
	trailing  = regexp.MustCompile(`(?m)[ \t]+$`)
	clockForm = "Mon 2 Jan 2006 15:04"
)

// note follows a line of the story.
func (s *story) note(line string) {
	r := s.reader
	switch {
	case r == nil:
		return
	case line == "" || strings.HasPrefix(line, "#"):
		if line == "" {
			r.people = nil
		}
		fmt.Fprintln(&r.out, line)
		return
	}
	for _, w := range words(line) {
		if !slices.Contains(r.people, w) {
			if _, err := s.b.Find(s.b.ctx, "bottega", mailOf(w)); err == nil {
				r.people = append(r.people, w)
			}
		}
	}
	if !r.looks {
		fmt.Fprintf(&r.out, "%s | %s\n", s.b.now(s.t).In(s.zone()).Format(clockForm), line)
	}
	r.looks = false
	for _, who := range r.people {
		s.letters(who)
		s.standing(who)
	}
}

func (s *story) zone() *time.Location { return s.b.options.Shops[0].Rules.Location }

// letters writes what reached a person and was not written yet, in the order in
// which it was sent.
func (s *story) letters(who string) {
	s.t.Helper()
	sent := map[string]connectors.Outgoing{}
	for _, o := range append(s.b.sms.all(), s.b.mail.all()...) {
		sent[o.MessageID] = o
	}
	list := s.status(who).Messages
	slices.SortStableFunc(list, func(a, b lifecycle.StatusMessage) int { return a.At.Compare(b.At) })
	for _, m := range list {
		if o, ok := sent[m.ID]; ok && !s.reader.told[m.ID] {
			s.reader.told[m.ID] = true
			s.letter(who, m, o)
		}
	}
}

func (s *story) letter(who string, m lifecycle.StatusMessage, o connectors.Outgoing) {
	r := s.reader
	local, err := time.Parse(time.RFC3339, m.Receipt.Local)
	s.must(err)
	fmt.Fprintf(&r.out, "  %s, %s to %s: %s, step %d of %s\n", local.Format(clockForm), strings.ToUpper(m.Channel), who, m.Template, m.Step, m.Journey)
	text := o.Message.Text
	if o.Message.Subject != "" {
		text = "Subject: " + o.Message.Subject + "\n\n" + text
	}
	if m.Coupon != "" {
		r.codes = append(r.codes, m.Coupon)
	}
	for _, line := range strings.Split(strings.TrimSpace(s.steady(text)), "\n") {
		fmt.Fprintln(&r.out, strings.TrimRight("    "+line, " "))
	}
	fmt.Fprintf(&r.out, "  [basis %s", m.Receipt.Basis)
	if m.Channel == "sms" {
		fmt.Fprintf(&r.out, "; %d segment, %d characters, %s", o.Message.Segments, o.Message.Units, s.cost(o))
	}
	if m.Offer != "" {
		fmt.Fprintf(&r.out, "; offer %s, costs %s", m.Offer, m.OfferCost)
	}
	fmt.Fprint(&r.out, "]\n")
	if m.Channel == "sms" && o.Message.Segments != 1 {
		s.fail("an SMS of %d segments: %s", o.Message.Segments, o.Message.Text)
	}
}

// steady is a text without what differs from run to run.
func (s *story) steady(text string) string {
	text = wayOutIn.ReplaceAllString(linkIn.ReplaceAllString(text, "/l/LINK"), "/u/OUT")
	for _, code := range s.reader.codes {
		text = strings.ReplaceAll(text, code, "COUPON")
	}
	return trailing.ReplaceAllString(text, "")
}

// cost is what an SMS costs by the story's twilio.price, as the product reckons.
func (s *story) cost(o connectors.Outgoing) string {
	c, _ := config.Parse("story.yaml", []byte(s.source), nil)
	if c == nil || c.Twilio == nil {
		return "no price given"
	}
	price, ok := c.Twilio.Price[identity.PhoneCountry(o.To)]
	if !ok {
		return "no price given"
	}
	return price.Times(o.Message.Segments)
}

// standing writes where a person stands, when that changed.
func (s *story) standing(who string) {
	c := s.contact(who)
	now := c.State.String()
	if c.Reason != "" {
		now += " (" + string(c.Reason) + ")"
	}
	if j := s.status(who).Journey; j != nil {
		now += ", in " + j.Name
	}
	if s.reader.stands[who] != now {
		s.reader.stands[who] = now
		fmt.Fprintf(&s.reader.out, "  = %s: %s\n", who, now)
	}
}

// held compares what was read with the section "read" of the file, or writes it.
func (s *story) held(file string, a *txtar.Archive) {
	s.t.Helper()
	for i := range a.Files {
		f := &a.Files[i]
		if f.Name != "read" {
			continue
		}
		got := strings.Trim(s.reader.out.String(), "\n") + "\n"
		if *updateStories {
			f.Data = []byte(got)
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				s.t.Fatal(err)
			}
		}
		if d := gocmp.Diff(string(f.Data), got); d != "" {
			s.t.Errorf("%s reads otherwise (run with -update when it should):\n%s", file, d)
		}
	}
}

// tells are the commands of the stories that are there to be read.
func (s *story) tells(w []string, arg func(int) string) bool {
	s.t.Helper()
	r := cmp.Or(s.reader, &reader{})
	r.looks = w[0] != "redeem" && w[0] != "subscribe"
	switch w[0] {
	case "people": // people en GB: those who are named from here on
		s.land = land{arg(1), arg(2)}
	case "nameless": // nameless bruno: nobody knows the name
		s.nameless = append(s.nameless, w[1:]...)
	case "subscribe": // subscribe anna "Piano annuale"
		s.apply(arg(1), lifecycle.Event{Type: lifecycle.SubscriptionStarted, Subscription: &lifecycle.Subscription{ID: "S1", Plan: arg(2)}})
	case "redeem": // redeem anna 1002 20.00 Pasta: an order with the code of the last message
		code := s.lastMessage(arg(1)).Coupon
		if code == "" {
			s.fail("the last message has no coupon")
		}
		s.order(w[0], arg(1), arg(2), arg(3), arg(4), "", code)
	case "used": // used anna: a coupon of a message was used
		if !slices.ContainsFunc(s.status(arg(1)).Messages, func(m lifecycle.StatusMessage) bool { return m.Used != nil }) {
			s.fail("none was used")
		}
	default:
		return false
	}
	return true
}

// phoneOf gives each person of the story a number of their country.
func (s *story) phoneOf(who string) string {
	it := phoneOf(who)
	if s.land.country == "GB" {
		return "+447400" + it[len(it)-6:]
	}
	return it
}

func (s *story) person(who string) lifecycle.Person {
	p := lifecycle.Person{
		Email: mailOf(who), Phone: s.phoneOf(who), FirstName: strings.ToUpper(who[:1]) + who[1:],
		Locale: cmp.Or(s.land.locale, "it"), Country: cmp.Or(s.land.country, "IT"),
	}
	if slices.Contains(s.nameless, who) {
		p.FirstName = ""
	}
	return p
}
