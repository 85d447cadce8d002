package main

import (
	"strings"
	"testing"

	"ritorno/config"
	"ritorno/internal/message"
)

func TestAPreviewTellsWhatAnSMSCosts(t *testing.T) {
	const file = `public_url: https://ritorno.example.com
twilio: {account_sid: AC00000000000000000000000000000000, auth_token: t, from: "+390600000000", price: {IT: "0.0825 EUR", FR: "0.04 EUR"}}
shops: {bottega: {home_url: https://bottega.example}}
`
	c, _ := config.Parse("ritorno.yaml", []byte(file), nil)
	sms := message.Message{Channel: message.SMS, Text: "Perché 你", Segments: 2, Units: 80, Encoding: "UCS-2", Culprits: []string{"你"}}
	for name, tc := range map[string]struct {
		m           message.Message
		phone, want string
	}{
		"two segments in Italy":        {sms, "+393331234567", "0.165 EUR"},
		"France":                       {sms, "+33612345678", "0.08 EUR"},
		"a country without a price":    {sms, "+4915123456789", ""},
		"nobody knows the number":      {sms, "", ""},
		"an e-mail costs nothing here": {message.Message{Channel: message.Email, Segments: 2}, "+393331234567", ""},
	} {
		if got := costOf(c, tc.m, tc.phone); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
	if got := costOf(&config.Config{}, sms, "+393331234567"); got != "" {
		t.Errorf("without an account: %q", got)
	}
	for cost, want := range map[string]string{
		"0.165 EUR": "Perché 你\n\n2 segment(s), UCS-2, 80 units\nnot in GSM-7: 你\ncost: 0.165 EUR\n",
		"":          "cost: not known: give twilio.price for the contact's country\n",
	} {
		var b strings.Builder
		if showPreview(&b, sms, cost); !strings.HasSuffix(b.String(), want) {
			t.Errorf("%q, want the end %q", b.String(), want)
		}
	}
}
