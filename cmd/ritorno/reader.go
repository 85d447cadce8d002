package main

import (
	"time"

	"ritorno/config"
	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/connectors/outbound"
	"ritorno/connectors/shopify"
	"ritorno/connectors/stripe"
	"ritorno/connectors/woocommerce"
	"ritorno/handlers"
	"ritorno/internal/engine"
)

// readLimit is the longest that one call of a reading may take.
const readLimit = 30 * time.Second

// newReaders makes a reader for each source whose API can be read, by shop and
// source. Who catches up and who takes a last look share it, and its rate.
func newReaders(c *config.Config) (map[string]map[string]connectors.Reader, error) {
	all := map[string]map[string]connectors.Reader{}
	for _, s := range c.Shops {
		all[s.ID] = map[string]connectors.Reader{}
		for _, src := range s.Sources {
			if !src.Readable() {
				continue
			}
			r, err := newReader(c, src)
			if err != nil {
				return nil, usagef("shops.%s.sources.%s: %w", s.ID, src.Name, err)
			}
			all[s.ID][src.Name] = r
		}
	}
	return all, nil
}

func newReader(c *config.Config, src *config.Source) (connectors.Reader, error) {
	client := outbound.New(outbound.Options{Allow: c.Outbound.Allow, Timeout: readLimit, Rate: src.CatchUp.Rate})
	switch src.Kind {
	case config.Shopify:
		return shopify.NewReader(shopify.MakerOptions{
			URL: src.APIURL, Version: src.APIVersion, Client: client,
			Token: src.APIToken.Reveal(), ClientID: src.APIKey.Reveal(), ClientSecret: src.APISecret.Reveal(),
		})
	case config.WooCommerce:
		return woocommerce.NewReader(woocommerce.MakerOptions{URL: src.APIURL, Key: src.APIKey.Reveal(), Secret: src.APISecret.Reveal(), Client: client})
	case config.Stripe:
		return stripe.NewReader(stripe.ReaderOptions{URL: src.APIURL, Key: src.APIKey.Reveal(), Client: client})
	default:
		return activecampaign.NewReader(activecampaign.ReaderOptions{URL: src.APIURL, Key: src.APIKey.Reveal(), Client: client})
	}
}

// withReaders adds to the sources how each is read.
func withReaders(c *config.Config, sources map[string]map[string]handlers.Source, readers map[string]map[string]connectors.Reader) {
	for _, s := range c.Shops {
		for _, src := range s.Sources {
			h, known := sources[s.ID][src.Name]
			if r := readers[s.ID][src.Name]; known && r != nil {
				h.Reader, h.Every = r, time.Duration(src.CatchUp.Every)
				sources[s.ID][src.Name] = h
			}
		}
	}
}

// withLooks adds to the shops whom the last look asks, and how often each source
// is read.
func withLooks(c *config.Config, shops []engine.Shop, sources map[string]map[string]handlers.Source) {
	for i := range shops {
		s := c.Shop(shops[i].Name)
		shops[i].Reads = map[string]time.Duration{}
		for name, h := range sources[s.ID] {
			if h.Reader != nil && h.Every > 0 {
				shops[i].Reads[name] = h.Every
			}
		}
		var asks []engine.Ask
		for _, src := range s.Looks() {
			if h := sources[s.ID][src.Name]; h.Reader != nil {
				asks = append(asks, engine.Ask{Source: src.Name, Reader: h.Reader, Reads: h.Source, Rate: src.CatchUp.Rate})
			}
		}
		if len(asks) > 0 {
			shops[i].LastLook = &engine.LastLook{
				Asks: asks, Within: s.LastLook.Within.Std(), Hold: s.LastLook.OnUnreachable == config.HoldBack,
			}
		}
	}
}
