package main

import (
	"fmt"

	"ritorno/config"
	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/connectors/notify"
	"ritorno/connectors/outbound"
	"ritorno/connectors/shopify"
	"ritorno/connectors/stripe"
	"ritorno/connectors/woocommerce"
	"ritorno/internal/engine"
)

// destinationsOf are who is told what becomes of a shop's contacts.
func destinationsOf(c *config.Config, s *config.Shop) ([]engine.Destination, error) {
	client := outbound.New(outbound.Options{Allow: c.Outbound.Allow})
	var all []engine.Destination
	for _, src := range s.Sources {
		if src.TellBack == nil {
			continue
		}
		t, err := tellerOf(src, client)
		if err != nil {
			return nil, fmt.Errorf("sources.%s.tell_back: %w", src.Name, err)
		}
		all = append(all, engine.Destination{
			Name: "source." + src.Name, Teller: t, Source: src.Name, State: src.TellsState(), Consent: src.TellBack.Consent,
			Messages: src.TellsMessages(), OneByOne: src.Kind == config.ActiveCampaign,
		})
	}
	for _, h := range s.Webhooks {
		o := notify.Options{URL: h.URL, Agent: "Ritorno/" + version(), Client: client}
		for _, secret := range h.Secrets {
			o.Secrets = append(o.Secrets, secret.Reveal())
		}
		n, err := notify.New(o)
		if err != nil {
			return nil, fmt.Errorf("webhooks.%s: %w", h.Name, err)
		}
		all = append(all, engine.Destination{Name: "webhook." + h.Name, Notifier: n, Events: h.Events})
	}
	return all, nil
}

func tellerOf(src *config.Source, client *outbound.Client) (connectors.Teller, error) {
	tags := src.TellBack.State == config.TellTag
	switch src.Kind {
	case config.ActiveCampaign:
		return activecampaign.NewTeller(activecampaign.TellerOptions{
			URL: src.APIURL, Key: src.APIKey.Reveal(), Tags: tags, Fields: src.Places(), Client: client,
			SMS: src.ListsOf(config.ListSMS), Other: src.ListsOf(config.ListSubscription, config.ListIgnore),
		})
	case config.Shopify:
		return shopify.NewTeller(shopify.TellerOptions{Tags: tags, MakerOptions: shopify.MakerOptions{
			URL: src.APIURL, Version: src.APIVersion, Client: client,
			Token: src.APIToken.Reveal(), ClientID: src.APIKey.Reveal(), ClientSecret: src.APISecret.Reveal(),
		}})
	case config.WooCommerce:
		return woocommerce.NewTeller(woocommerce.TellerOptions{Meta: src.Places(), MakerOptions: woocommerce.MakerOptions{
			URL: src.APIURL, Key: src.APIKey.Reveal(), Secret: src.APISecret.Reveal(), Client: client,
		}})
	case config.Stripe:
		return stripe.NewTeller(stripe.TellerOptions{URL: src.APIURL, Key: src.APIKey.Reveal(), Metadata: src.Places(), Client: client})
	}
	return nil, fmt.Errorf("a source of kind %s cannot be told", src.Kind)
}
