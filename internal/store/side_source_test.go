package store_test

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func TestSourceStatus(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		for _, n := range []store.Note{
			{At: sideNoon, Topic: "orders/create", Outcome: store.OutcomeAccepted, Domain: "bottega.example"},
			{At: sideNoon.Add(3 * time.Minute), Topic: "orders/paid", Outcome: store.OutcomeDuplicate},
			{At: sideNoon.Add(time.Minute), Topic: "orders/create", Outcome: store.OutcomeDead, Error: "wrong_shape"},
			{At: sideNoon.Add(-time.Minute), Topic: "orders/create", Outcome: store.OutcomeParked, Error: "late"},
			{At: sideNoon.Add(time.Hour), Topic: "forged", Outcome: store.OutcomeBadSignature, Domain: "evil.example", Gone: true},
			{At: sideNoon.Add(2 * time.Minute), Outcome: store.OutcomeIgnored},
			{At: sideNoon.Add(2 * time.Minute), Outcome: store.OutcomeIgnored},
		} {
			ok(t, s.NoteDelivery(ctx, "bottega", "main", n))
		}
		want := store.SourceStatus{
			First: sideNoon.Add(-time.Minute), Last: sideNoon.Add(3 * time.Minute), LastTopic: "orders/paid",
			Counts: map[store.Outcome]int64{
				"accepted": 1, "duplicate": 1, "dead": 1, "parked": 1, "bad_signature": 1, "ignored": 2,
			},
			Topics: []store.TopicSeen{
				{Topic: "orders/paid", Last: sideNoon.Add(3 * time.Minute)},
				{Topic: "orders/create", Last: sideNoon.Add(time.Minute)},
			},
			Error: "bad_signature", ErrorAt: sideNoon.Add(time.Hour), Domain: "bottega.example",
		}
		if diff := cmp.Diff(want, must[store.SourceStatus](t)(s.SourceStatus(ctx, "bottega", "main"))); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
		for _, other := range [][2]string{{"bottega", "crm"}, {"teashop", "main"}} {
			got := must[store.SourceStatus](t)(s.SourceStatus(ctx, other[0], other[1]))
			if diff := cmp.Diff(store.SourceStatus{}, got); diff != "" {
				t.Errorf("%v never delivered (-want +got):\n%s", other, diff)
			}
		}
	})
}

func TestASourceIsGoneUntilItIsBack(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for _, step := range []struct {
		note store.Note
		want time.Time
	}{
		{store.Note{At: sideNoon, Outcome: store.OutcomeAccepted, Gone: true}, sideNoon},
		{store.Note{At: sideNoon.Add(time.Hour), Outcome: store.OutcomeAccepted, Gone: true}, sideNoon},
		{store.Note{At: sideNoon.Add(2 * time.Hour), Outcome: store.OutcomeAccepted}, sideNoon},
		{store.Note{At: sideNoon.Add(3 * time.Hour), Outcome: store.OutcomeBadSignature, Back: true}, sideNoon},
		{store.Note{At: sideNoon.Add(4 * time.Hour), Outcome: store.OutcomeAccepted, Back: true}, time.Time{}},
	} {
		ok(t, s.NoteDelivery(ctx, "bottega", "main", step.note))
		if got := must[store.SourceStatus](t)(s.SourceStatus(ctx, "bottega", "main")).Gone; !got.Equal(step.want) {
			t.Errorf("after %+v: gone since %v, want %v", step.note, got, step.want)
		}
	}
}

func TestSourceStatusIsBounded(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for i := range 200 {
		ok(t, s.NoteDelivery(ctx, "bottega", "main", store.Note{
			At: sideNoon.Add(time.Duration(i) * time.Second), Outcome: store.OutcomeIgnored,
			Topic:  fmt.Sprintf("topic %03d ", i) + strings.Repeat("é", 100),
			Error:  strings.Repeat("e", 1000),
			Domain: strings.Repeat("d", 1000),
		}))
	}
	got := must[store.SourceStatus](t)(s.SourceStatus(ctx, "bottega", "main"))
	if len(got.Topics) != 64 {
		t.Fatalf("%d topics, want 64", len(got.Topics))
	}
	for i, topic := range got.Topics {
		if want := fmt.Sprintf("topic %03d", 199-i); !strings.HasPrefix(topic.Topic, want) || len(topic.Topic) > 128 || strings.Contains(topic.Topic, "\ufffd") {
			t.Errorf("topic %d is %q of %d bytes, want %q", i, topic.Topic, len(topic.Topic), want)
		}
	}
	if len(got.Error) != 64 || len(got.Domain) != 255 {
		t.Errorf("error of %d and domain of %d bytes", len(got.Error), len(got.Domain))
	}
}

func TestNotesAreChecked(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for name, c := range map[string]struct {
		shop, source string
		outcome      store.Outcome
	}{
		"no shop":            {"", "main", store.OutcomeAccepted},
		"no source":          {"bottega", "", store.OutcomeAccepted},
		"an unknown outcome": {"bottega", "main", "lost"},
	} {
		if s.NoteDelivery(ctx, c.shop, c.source, store.Note{At: sideNoon, Outcome: c.outcome}) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestConcurrentNotesAreAllCounted(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := s.NoteDelivery(ctx, "bottega", "main", store.Note{At: sideNoon, Outcome: store.OutcomeAccepted}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := must[store.SourceStatus](t)(s.SourceStatus(ctx, "bottega", "main")).Counts["accepted"]; n != 100 {
			t.Errorf("counted %d, want 100", n)
		}
	})
}

func FuzzDecodeStatus(f *testing.F) {
	f.Add("n:accepted", "1", "last", "1772366400000")
	f.Add("n:unknown", "1", "first", "x")
	f.Add("later", "anything", "gone", "-1")
	f.Fuzz(func(t *testing.T, a, av, b, bv string) {
		fields := map[string]string{a: av, b: bv}
		kept := maps.Clone(fields)
		status, err := store.DecodeStatus(fields)
		if err == nil && len(status.Counts) > len(fields) {
			t.Errorf("%v became %v", fields, status.Counts)
		}
		for outcome := range status.Counts {
			if _, there := fields["n:"+string(outcome)]; !there {
				t.Errorf("outcome %q came from nowhere", outcome)
			}
		}
		if !maps.Equal(kept, fields) {
			t.Error("the fields were changed")
		}
	})
}
