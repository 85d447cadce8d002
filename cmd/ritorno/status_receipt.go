package main

import (
	"fmt"
	"io"
	"strings"

	"ritorno/internal/lifecycle"
)

// zoneReasons are the reasons for a time zone in words.
var zoneReasons = map[lifecycle.ZoneReason]string{
	lifecycle.ZoneOfSource:  "a source told it",
	lifecycle.ZoneOfAddress: "by the country of the address",
	lifecycle.ZoneOfRegion:  "by the region of the address",
	lifecycle.ZoneOfPhone:   "by the phone number",
	lifecycle.ZoneOfCountry: "all zones of the country, for nothing tells which",
	lifecycle.ZoneOfShop:    "the shop's, for nothing tells the contact's",
}

func zoneLine(z lifecycle.StatusZone) string {
	return strings.ReplaceAll(z.Name, " ", ", ") + " (" + zoneReasons[z.Why] + ")"
}

func bestLine(h *lifecycle.StatusHour) string {
	line := fmt.Sprintf("%02d:00 local time, known from %d orders and responses", h.Hour, h.Known)
	if !h.Used {
		line += "; steps do not wait for it (best_hour)"
	}
	return line
}

// writeReceipts says of each message why it was allowed to leave.
func writeReceipts(w io.Writer, messages []lifecycle.StatusMessage) {
	head := "\nWhy we were allowed to write\n"
	for _, m := range messages {
		if x := m.Receipt; x != nil {
			fmt.Fprintf(w, "%s  %s %s: %s\n", head, m.Channel, m.Template, receiptLine(x))
			head = ""
		}
	}
}

func receiptLine(x *lifecycle.StatusReceipt) string {
	why := "nothing is known of the ground"
	switch x.Basis {
	case lifecycle.OptIn.String():
		why = "subscribed " + day(x.At) + ", told by " + x.Source
		if x.Evidence != "" {
			why += " (" + x.Evidence + ")"
		}
	case lifecycle.SoftOptIn.String():
		why = "bought " + day(x.At) + ", order " + x.Order + " (soft opt-in)"
	case lifecycle.Assumed.String():
		why = "assumed by the shop (consent.assume)"
	}
	law := "no hours known for " + x.Country
	switch x.Law {
	case lifecycle.LawHeld.String():
		law = "law of " + strings.TrimSuffix(x.Country+"-"+x.Region, "-") + " " + x.From + " to " + x.To
	case lifecycle.LawOff.String():
		law = "law off"
	}
	if x.Also != "" {
		law += " and of " + x.Also
	}
	return fmt.Sprintf("%s; %s in %s (%s); %s; rules %s", why, x.Local, strings.ReplaceAll(x.Zone, " ", ", "), zoneReasons[x.ZoneWhy], law, x.Rules)
}
