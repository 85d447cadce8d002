package store_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

func TestRecordComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := contacts.Draw(t, "contact")
		stored, err := store.Encode(c, rapid.Uint32().Draw(t, "nonce"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.Decode(c.ID, stored)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTimesAreCutToMillisecondsUTC(t *testing.T) {
	rome := time.FixedZone("CET", 3600)
	c := lifecycle.Contact{ID: anna, Due: time.Date(2027, 1, 2, 3, 4, 5, 6_999_999, rome), Since: time.Date(1969, 1, 2, 3, 4, 5, 999_999, rome)}
	stored, err := store.Encode(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := store.Decode(anna, stored)
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2027, 1, 2, 2, 4, 5, 6_000_000, time.UTC); got.Due != want {
		t.Errorf("due %v, want %v", got.Due, want)
	}
	if want := time.Date(1969, 1, 2, 2, 4, 5, 0, time.UTC); got.Since != want {
		t.Errorf("since %v, want %v", got.Since, want)
	}
}

// A newer release adds a field to the record. This one keeps it over a rewrite.
func TestFieldsOfANewerReleaseSurvive(t *testing.T) {
	stored, err := store.Encode(typical(), 1)
	if err != nil {
		t.Fatal(err)
	}
	field := protowire.AppendTag(nil, 900, protowire.BytesType)
	field = protowire.AppendBytes(field, []byte("the score"))
	c, err := store.Decode(anna, append(stored, field...))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Unknown, field) {
		t.Fatalf("kept %x, want %x", c.Unknown, field)
	}
	c.Accepted++
	again, err := store.Encode(c, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(again, field) {
		t.Error("the rewrite lost the field")
	}
	c, err = store.Decode(anna, again)
	if err != nil || !bytes.Equal(c.Unknown, field) {
		t.Errorf("read again: %x, %v", c.Unknown, err)
	}
}

// An older release meets a word that was numbered after it was built.
func TestWordsOfANewerReleaseSurvive(t *testing.T) {
	field := protowire.AppendTag(nil, 17, protowire.VarintType) // Record.reason
	field = protowire.AppendVarint(field, 2*5000)
	c, err := store.Decode(anna, append([]byte{0, 0, 0, 0, 0, 0, 0, 1, 1}, field...))
	if err != nil {
		t.Fatal(err)
	}
	stored, err := store.Encode(c, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(stored, field) {
		t.Errorf("the word became %x", stored)
	}
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	field := func(num protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag([]byte{0, 0, 0, 0, 0, 0, 0, 1, 1}, num, protowire.VarintType), v)
	}
	for name, c := range map[string]struct {
		stored []byte
		newer  bool
	}{
		"too short":                     {stored: []byte{1, 2, 3}},
		"a newer schema":                {stored: []byte{0, 0, 0, 0, 0, 0, 0, 1, 2}, newer: true},
		"a state that we do not know":   {stored: field(14, 77), newer: true},
		"a word that is not there":      {stored: field(12, 1)},
		"a time beyond any calendar":    {stored: field(15, math.MaxUint64)},
		"no protobuf behind the header": {stored: []byte{0, 0, 0, 0, 0, 0, 0, 1, 1, 0xff}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Decode(anna, c.stored)
			if err == nil || errors.Is(err, store.ErrNewer) != c.newer {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestWritersOfTheSameContactDiffer(t *testing.T) {
	a, errA := store.Encode(typical(), 1)
	b, errB := store.Encode(typical(), 2)
	if errA != nil || errB != nil || bytes.Equal(a, b) {
		t.Errorf("two writers store the same bytes: %v, %v", errA, errB)
	}
}

func FuzzDecode(f *testing.F) {
	stored, err := store.Encode(typical(), 7)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored)
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 1, 1})
	f.Fuzz(func(t *testing.T, stored []byte) {
		c, err := store.Decode(anna, stored)
		if err != nil {
			return
		}
		_ = c.State.String() + c.Consent[0].Decided.String()
		for _, m := range c.Messages {
			_ = m.Status.String()
		}
		again, err := store.Encode(c, 0)
		if err != nil {
			t.Fatal(err)
		}
		back, err := store.Decode(anna, again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, back, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSizeOfATypicalRecord(t *testing.T) {
	c := typical()
	if len(c.Timeline) != 10 {
		t.Fatalf("%d events", len(c.Timeline))
	}
	stored, err := store.Encode(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a contact with 4 orders, 2 messages and 10 events: %d bytes", len(stored))
	fresh, err := store.Encode(firstOrder(), 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a contact with 1 order and 2 events: %d bytes", len(fresh))
	if len(stored) > 900 || len(fresh) > 350 {
		t.Errorf("records have grown to %d and %d bytes", len(stored), len(fresh))
	}
}
