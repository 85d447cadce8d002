package store

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"ritorno/internal/lifecycle"
	pb "ritorno/internal/store/recordpb"
)

// An older release keeps when a pause was asked for as bytes it does not know,
// and writes the record's other times from another base.
func TestAPauseSurvivesAnOlderRelease(t *testing.T) {
	asked := time.Date(2026, 3, 1, 12, 0, 0, 250e6, time.UTC)
	c := lifecycle.Contact{ID: "c00000000001", Shop: "bottega", MadeAt: asked.AddDate(-1, 0, 0), PausedTo: asked.AddDate(0, 3, 0), PausedAt: asked}
	stored, err := encode(&c, 1)
	if err != nil {
		t.Fatal(err)
	}
	var rec pb.Record
	if err := proto.Unmarshal(stored[headerSize:], &rec); err != nil {
		t.Fatal(err)
	}
	old := c
	old.MadeAt, old.PausedAt = asked.AddDate(-6, 0, 0), time.Time{}
	if base(&old) == base(&c) {
		t.Fatal("the older release writes the same base: nothing is tried")
	}
	if old.Unknown, err = proto.Marshal(&pb.Record{PausedAt: rec.PausedAt}); err != nil {
		t.Fatal(err)
	}
	if stored, err = encode(&old, 2); err != nil {
		t.Fatal(err)
	}
	got, err := read(c.ID, stored)
	if err != nil {
		t.Fatal(err)
	}
	if !got.PausedAt.Equal(asked) || !got.PausedTo.Equal(c.PausedTo) {
		t.Errorf("paused to %s, asked for at %s, want %s", got.PausedTo, got.PausedAt, asked)
	}
}
