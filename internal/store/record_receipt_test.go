package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"ritorno/internal/lifecycle"
	pb "ritorno/internal/store/recordpb"
)

// written is a contact with a full list of messages that have this receipt.
func written(x lifecycle.Receipt) lifecycle.Contact {
	c := lifecycle.Contact{ID: "c00000000001", Shop: "bottega"}
	for i := range lifecycle.MaxMessages {
		at := time.Date(2026, 1, 7, 12, i, 0, 0, time.UTC)
		m := lifecycle.Message{ID: fmt.Sprintf("c00000000001-abcdef%02d", i), Journey: "reactivation", Step: 1, Template: "survey", At: at, SentAt: at}
		if m.Receipt = x; x != (lifecycle.Receipt{}) {
			m.Receipt.Decided = at
		}
		c.Messages = append(c.Messages, m)
	}
	return c
}

func TestAReceiptIsSmall(t *testing.T) {
	at := time.Date(2025, 11, 2, 8, 30, 0, 0, time.UTC)
	usual := lifecycle.Receipt{
		Basis: lifecycle.OptIn, At: at, Source: "shopify", Evidence: "checkout box of order 820982911946154508", Rules: lifecycle.RulesVersion,
		Country: "IT", Zone: "Europe/Rome", ZoneWhy: lifecycle.ZoneOfAddress, Offset: 60, Law: lifecycle.LawHeld, From: 480, To: 1320, Left: 540,
	}
	largest := usual
	largest.Evidence, largest.Order, largest.Zone = strings.Repeat("é", 60), strings.Repeat("9", 64), strings.Repeat("Z", 120)
	largest.Source, largest.Country, largest.Region, largest.Also = strings.Repeat("s", 64), "US", "PENINSULA", "US-PENINSULA"
	bare, err := encode(ref(written(lifecycle.Receipt{})), 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		x    lifecycle.Receipt
		most int // bytes a message, over a full record
	}{
		"usual": {usual, 72}, "largest": {largest, 120},
	} {
		t.Run(name, func(t *testing.T) {
			c := written(tt.x)
			stored, err := encode(&c, 1)
			if err != nil {
				t.Fatal(err)
			}
			if each := (len(stored) - len(bare)) / lifecycle.MaxMessages; each > tt.most {
				t.Errorf("%d bytes a message, at most %d", each, tt.most)
			}
			got, err := read(c.ID, stored)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c, got); d != "" {
				t.Errorf("lost on the way (-put +got):\n%s", d)
			}
		})
	}
}

func ref(c lifecycle.Contact) *lifecycle.Contact { return &c }

// An older release does not know the receipts. It keeps their bytes, writes the
// rest anew with other words and another base, and rolls messages out.
func TestReceiptsSurviveAnOlderRelease(t *testing.T) {
	c := written(lifecycle.Receipt{Basis: lifecycle.OptIn, Source: "erp of the shop", Evidence: "a box", Rules: "1", Zone: "Europe/Rome"})
	c.Profile.Region = "FL"
	moment := (&writer{rec: &pb.Record{BaseSec: base(&c)}, id: c.ID}).moment(&c)
	unknown, err := proto.Marshal(&pb.Record{Moment: moment})
	if err != nil {
		t.Fatal(err)
	}
	old := c
	old.Profile.Region, old.Unknown = "", unknown
	old.Profile.FirstName, old.Profile.Locale = "Anna", "a locale of its own"
	old.MadeAt = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	old.Messages = nil
	for _, m := range c.Messages[1:] {
		m.Receipt = lifecycle.Receipt{}
		old.Messages = append(old.Messages, m)
	}
	stored, err := encode(&old, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(c.ID, stored)
	if err != nil {
		t.Fatal(err)
	}
	if got.Profile.Region != "FL" || got.Profile.Locale != old.Profile.Locale {
		t.Errorf("profile %+v", got.Profile)
	}
	if d := cmp.Diff(c.Messages[1:], got.Messages); d != "" {
		t.Errorf("messages (-before +after):\n%s", d)
	}
}
