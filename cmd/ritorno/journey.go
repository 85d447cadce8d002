package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

func newJourney(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "journey", Short: "The journeys of the configuration", RunE: needSub}
	var o journeyOptions
	show := &cobra.Command{
		Use: "show NAME", Short: "A journey's time line, with the words of its messages", Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := o.view(g, args[0])
			if err != nil {
				return err
			}
			if o.svg != "" {
				if err := os.WriteFile(o.svg, []byte(drawJourney(v, lineWordsOf(v.Locale))), 0o600); err != nil {
					return fmt.Errorf("journey show: write the picture: %w", err)
				}
			}
			if g.json {
				return printJSON(cmd, v)
			}
			return printJourney(cmd.OutOrStdout(), v)
		},
	}
	show.Flags().StringVar(&o.shop, "shop", "", "`name` of the shop; may be left out where there is one")
	show.Flags().StringVar(&o.svg, "svg", "", "also draw the time line into this `file`")
	show.Flags().StringVar(&o.locale, "locale", "", "`language` of the messages and the picture, it or en (default: the shop's)")
	cmd.AddCommand(show)
	return cmd
}

type journeyOptions struct{ shop, svg, locale string }

// view finds the journey among the shop's, else among all that there are, so
// that a built-in one can be looked at before a shop has it.
func (o *journeyOptions) view(g *globals, name string) (journeyView, error) {
	if o.locale != "" && o.locale != "it" && o.locale != "en" {
		return journeyView{}, usagef("ritorno journey show: --locale %q: use it or en", o.locale)
	}
	c, err := g.load()
	if err != nil {
		return journeyView{}, err
	}
	if o.shop, err = pickShop(c, o.shop); err != nil {
		return journeyView{}, err
	}
	set, err := loadTemplates(c)
	if err != nil {
		return journeyView{}, err
	}
	rules := c.Rules(o.shop)
	j, ok := c.JourneyRules(name)
	if !ok {
		return journeyView{}, usagef("ritorno journey show: shop %s has no journey %q: there are %s", o.shop, name, strings.Join(c.JourneyNames(), ", "))
	}
	locale := o.locale
	if locale == "" {
		locale = rules.Locale
	}
	return viewOf(j, &rules, locale, sampler{c, set, c.Shop(o.shop), locale}), nil
}

// sampler writes the messages of a journey to somebody who does not exist.
type sampler struct {
	config *config.Config
	set    *message.Set
	shop   *config.Shop
	locale string
}

// words are the subject of an e-mail, or the text of an SMS and its segments.
func (s sampler) words(template string, ch lifecycle.Channel, last bool) wordsView {
	v := wordsView{Channel: ch.String(), Template: template}
	public := usable(s.config.PublicURL)
	in := message.Input{
		Business: string(s.shop.Business), Locale: s.locale, ShopLocale: s.shop.Locale, SMSOptOut: optOut(s.config),
		Shop:      message.Shop{Name: s.shop.Name, HomeURL: s.shop.HomeURL, Currency: s.shop.Currency, Country: s.shop.Country, Address: s.shop.Address},
		FirstName: "Anna", Last: last, Link: public + "/l/AbCdEfGhIj",
		UnsubscribeURL: public + "/u/AbCdEfGhIj", PreferencesURL: public + "/u/AbCdEfGhIj",
	}
	m, err := s.set.Compose(template, v.Channel, in)
	if err != nil {
		v.Text = err.Error()
		return v
	}
	v.Locale, v.Subject, v.Segments = m.Locale, m.Subject, m.Segments
	if v.Subject == "" {
		v.Text = m.Text
	}
	return v
}
