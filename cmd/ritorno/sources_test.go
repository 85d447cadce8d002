package main

import (
	"testing"

	"ritorno/config"
)

// What the configuration takes for tags and lists, the connector must know.
func TestEveryWordOfTagsAndListsIsKnown(t *testing.T) {
	for _, m := range []config.Meaning{
		config.TagCancelled, config.TagStarted, config.TagPaused, config.TagRenewed, config.TagPaymentFailed, config.TagEmailSubscribed,
		config.TagEmailUnsubscribed, config.TagSMSSubscribed, config.TagSMSUnsubscribed, config.TagErase,
	} {
		if _, err := newActiveCampaign(&config.Source{Token: config.NewSecret("t"), Tags: map[string]config.Meaning{"x": m}}); err != nil {
			t.Errorf("%s: %v", m, err)
		}
	}
	for _, l := range []config.ListKind{config.ListEmail, config.ListSMS, config.ListSubscription, config.ListIgnore} {
		if _, err := newActiveCampaign(&config.Source{Token: config.NewSecret("t"), Lists: map[string]config.ListKind{"1": l}}); err != nil {
			t.Errorf("%s: %v", l, err)
		}
	}
}

func TestOnlySourcesThatRepeatMayBeRefused(t *testing.T) {
	for kind, once := range map[config.Kind]bool{
		config.Shopify: false, config.Stripe: false, config.Recharge: false, config.Webhook: false, config.WooCommerce: true, config.ActiveCampaign: true,
	} {
		if kind.Once() != once {
			t.Errorf("%s: once = %v", kind, kind.Once())
		}
	}
}
