package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/lifecycle"
	"ritorno/internal/rehearse"
)

// simulateOptions are the flags of ritorno simulate.
type simulateOptions struct {
	shop, source, locale, from, to string
	compare, html, list, dormant   string
	assume, reach                  []string
	smsPrice, emailPrice           string
	within, workers                int
}

func newSimulate(g *globals) *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use: "simulate FILE.csv", Short: "Play an order history through the journeys without sending: who would get what, and when", Args: exactArgs("FILE.csv"),
		Long: "Plays an order history through the configured journeys, with the service's own decisions on a virtual clock.\n" +
			"Nothing is sent and nothing is stored; neither Redis nor an account is needed. See docs/simulate.md.",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := openSimulation(g, o, args[0])
			if err != nil {
				return err
			}
			return s.run(cmd, g.json)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.shop, "shop", "", "`name` of the shop in the configuration; may be left out where there is one")
	f.StringVar(&o.source, "source", "import", "`name` of the source that the customer ids belong to")
	f.StringVar(&o.locale, "locale", "", "how numbers and days are written, a `language` such as it or en-US (default: the shop's)")
	f.StringVar(&o.from, "from", "", "`day` on which Ritorno is installed; what is older is known and starts nothing (default: the first order's)")
	f.StringVar(&o.to, "to", "", "last `day` (default: the last order's)")
	f.StringVar(&o.dormant, "dormant", "", "who was silent already on --from enters at once: `none or all` (default: the shop's import.dormant)")
	f.StringSliceVar(&o.assume, "assume-consent", nil, "`channels` on which customers of whom the history says nothing have agreed, such as email,sms (default: the shop's consent.assume)")
	f.StringSliceVar(&o.reach, "reach", nil, "`channels` on which customers without an address get a made-up one, such as email,sms")
	f.StringVar(&o.smsPrice, "sms-price", "", "`price` of one SMS segment in the shop's currency, such as 0.078")
	f.StringVar(&o.emailPrice, "email-price", "", "`price` of one e-mail in the shop's currency, such as 0.0008")
	f.IntVar(&o.within, "within", 30, "`days` after a message in which an order counts as following it")
	f.StringVar(&o.compare, "compare", "", "another configuration `file`: the same history by both, side by side")
	f.StringVar(&o.html, "html", "", "also write a report with charts to this `file`")
	f.StringVar(&o.list, "list", "", "also write every message, sent or not, to this CSV `file`")
	f.IntVar(&o.workers, "workers", 0, "how many customers are played at once; the result is the same (default: as many as there are processors)")
	return cmd
}

// simulation is one call of ritorno simulate.
type simulation struct {
	o       simulateOptions
	file    string
	shop    *config.Shop
	first   side
	other   *side // nil: nothing to compare with
	options rehearse.Options
	prices  rehearse.Prices
	read    simulatedFile
	history *rehearse.History
	reach   []lifecycle.Channel
}

// side is one configuration.
type side struct {
	name     string
	rules    lifecycle.Rules
	segments func(*lifecycle.Contact, *lifecycle.Message, time.Time) (int, error)
}

// openSimulation finds all wrong usage before the file is read.
func openSimulation(g *globals, o simulateOptions, file string) (s *simulation, err error) {
	c, err := g.load()
	if err != nil {
		return nil, err
	}
	if o.shop, err = pickShop(c, o.shop); err != nil {
		return nil, err
	}
	s = &simulation{o: o, file: file, shop: c.Shop(o.shop)}
	if !sourceName.MatchString(o.source) {
		return nil, usagef("ritorno simulate: --source must be a name of letters, digits, - and _, such as import or the name of a source in the configuration")
	}
	if s.first, err = sideOf(c, o.shop, g.config); err != nil {
		return nil, err
	}
	if err := s.openOther(); err != nil {
		return nil, err
	}
	if err := s.openChannels(); err != nil {
		return nil, err
	}
	if o.smsPrice == "" && c.Twilio != nil {
		if p, ok := c.Twilio.Price[s.shop.Country]; ok && p.Currency == s.shop.Currency {
			o.smsPrice = p.Value.String()
		}
	}
	if s.prices, err = pricesOf(&s.first.rules, o.smsPrice, o.emailPrice); err != nil {
		return nil, err
	}
	return s, s.openTimes()
}

func sideOf(c *config.Config, shop, name string) (side, error) {
	set, err := loadTemplates(c)
	if err != nil {
		return side{}, err
	}
	out := side{name: name, rules: c.Rules(shop)}
	out.segments = segmentCounter(c, &out.rules, set)
	return out, nil
}

// openOther reads the configuration to compare with.
func (s *simulation) openOther() error {
	if s.o.compare == "" {
		return nil
	}
	c, problems := config.Load(s.o.compare, os.LookupEnv)
	if err := mistakes(problems); err != nil {
		return err
	}
	if c.Shop(s.o.shop) == nil {
		return usagef("ritorno simulate: --compare %s has no shop %q: both configurations must be of the same shop", s.o.compare, s.o.shop)
	}
	other, err := sideOf(c, s.o.shop, s.o.compare)
	s.other = &other
	return err
}

func (s *simulation) openChannels() error {
	assume, err := channelsOf("--assume-consent", s.o.assume)
	if err != nil {
		return err
	}
	for _, ch := range assume {
		s.first.rules.Assume[ch] = lifecycle.Subscribed
		if s.other != nil {
			s.other.rules.Assume[ch] = lifecycle.Subscribed
		}
	}
	s.reach, err = channelsOf("--reach", s.o.reach)
	return err
}

func channelsOf(flag string, words []string) (list []lifecycle.Channel, err error) {
	for _, w := range words {
		ch, ok := lifecycle.ParseChannel(strings.TrimSpace(w))
		if !ok {
			return nil, usagef("ritorno simulate: %s %q: use email, sms or email,sms", flag, w)
		}
		list = append(list, ch)
	}
	return list, nil
}

func (s *simulation) openTimes() (err error) {
	zone := s.first.rules.Location
	if s.options.From, err = dayOf("--from", s.o.from, zone); err != nil {
		return err
	}
	if s.options.To, err = dayOf("--to", s.o.to, zone); err != nil {
		return err
	}
	if !s.options.To.IsZero() { // the day counts, up to its end
		y, m, d := s.options.To.Date()
		s.options.To = lifecycle.OnWall(time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC), zone).Add(-time.Millisecond)
	}
	if !s.options.From.IsZero() && !s.options.To.IsZero() && s.options.To.Before(s.options.From) {
		return usagef("ritorno simulate: --to %s lies before --from %s", s.o.to, s.o.from)
	}
	if s.o.within < 1 || s.o.within > 365 {
		return usagef("ritorno simulate: --within %d: choose 1 to 365 days", s.o.within)
	}
	if s.o.workers < 0 || s.o.workers > 256 {
		return usagef("ritorno simulate: --workers %d: choose 1 to 256, or 0 for one for each processor", s.o.workers)
	}
	if s.options.Workers = s.o.workers; s.options.Workers == 0 {
		s.options.Workers = runtime.GOMAXPROCS(0)
	}
	s.options.Within, s.options.Keep = time.Duration(s.o.within)*24*time.Hour, s.o.list != ""
	if s.o.from == "" {
		if s.o.dormant != "" {
			return usagef("ritorno simulate: --dormant says who enters on the day of --from: name that day, too")
		}
		return nil
	}
	s.options.Release, err = releaseOf(s.o.dormant, s.shop.Import.Dormant)
	return err
}

func releaseOf(flag string, standard config.Dormant) (all bool, err error) {
	d := standard
	if flag != "" {
		if d, err = config.ParseDormant(flag); err != nil {
			return false, usagef("ritorno simulate: --dormant %w", err)
		}
	}
	if d > 0 {
		return false, usagef("ritorno simulate: so many a day cannot be played yet: choose --dormant none or --dormant all")
	}
	return d == config.DormantAll, nil
}

// dayOf is the first instant of a day of the shop.
func dayOf(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, usagef("ritorno simulate: %s %q is no day such as 2026-11-20", flag, text)
	}
	return lifecycle.OnWall(day, zone), nil
}

// run reads, plays and tells.
func (s *simulation) run(cmd *cobra.Command, json bool) error {
	defer debug.SetGCPercent(debug.SetGCPercent(150)) // what lives long is the history alone
	if err := s.readFile(cmd.ErrOrStderr()); err != nil {
		return err
	}
	s.history.Reach(s.first.rules.Country, s.reach...)
	out, decisions, err := s.play()
	if err != nil {
		return err
	}
	if s.o.list != "" {
		if err := writeFile(s.o.list, func(w io.Writer) error { return writeList(w, decisions) }); err != nil {
			return err
		}
	}
	if s.o.html != "" {
		if err := writeFile(s.o.html, func(w io.Writer) error { return out.writeHTML(w, s.first.rules.Locale) }); err != nil {
			return err
		}
	}
	if json {
		return printJSON(cmd, out)
	}
	return out.write(cmd.OutOrStdout())
}

func (s *simulation) play() (*simulated, []rehearse.Decision, error) {
	a := s.optionsOf(&s.first)
	if s.other == nil {
		r, err := rehearse.Play(s.history, a)
		if err != nil {
			return nil, nil, s.cannot(err)
		}
		return s.tell(r, nil, nil), r.Decisions, nil
	}
	b := s.optionsOf(s.other)
	b.Keep = false
	first, other, diff, err := rehearse.Compare(s.history, a, b)
	if err != nil {
		return nil, nil, s.cannot(err)
	}
	return s.tell(first, other, diff), first.Decisions, nil
}

func (s *simulation) cannot(err error) error { return fmt.Errorf("simulate %s: %w", s.file, err) }

func (s *simulation) optionsOf(of *side) rehearse.Options {
	o := s.options
	o.Rules, o.Segments = of.rules, of.segments
	return o
}

// writeFile makes a file of its own, or none.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // it names customers
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(name)
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func names(list []lifecycle.Channel) []string {
	all := []string{}
	for _, ch := range list {
		all = append(all, ch.String())
	}
	slices.Sort(all)
	return all
}
