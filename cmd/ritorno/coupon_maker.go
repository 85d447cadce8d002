package main

import (
	"errors"

	"ritorno/config"
	"ritorno/connectors/outbound"
	"ritorno/connectors/shopify"
	"ritorno/connectors/woocommerce"
	"ritorno/internal/engine"
)

// couponsOf is how a shop's coupons come to be; nil: nobody makes them.
func couponsOf(c *config.Config, s *config.Shop) (*engine.Coupons, error) {
	if s.Coupon == nil {
		return nil, nil
	}
	out := &engine.Coupons{Percent: s.Coupon.Percent, Life: s.Coupon.Expires.Std()}
	out.Amount, _ = s.Coupon.Money(s.Currency)
	if s.Coupon.From == config.Pool {
		return out, nil
	}
	client := outbound.New(outbound.Options{Allow: c.Outbound.Allow})
	src := s.Source(s.Coupon.From)
	var err error
	switch {
	case src != nil && src.Kind == config.Shopify:
		out.Maker, err = shopify.NewMaker(shopify.MakerOptions{
			URL: src.APIURL, Version: src.APIVersion, Client: client,
			Token: src.APIToken.Reveal(), ClientID: src.APIKey.Reveal(), ClientSecret: src.APISecret.Reveal(),
		})
	case src != nil && src.Kind == config.WooCommerce:
		out.Maker, err = woocommerce.NewMaker(woocommerce.MakerOptions{
			URL: src.APIURL, Key: src.APIKey.Reveal(), Secret: src.APISecret.Reveal(), Client: client,
		})
	default:
		err = errors.New("no coupon can be made there")
	}
	return out, err
}
