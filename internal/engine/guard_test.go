package engine_test

import (
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

const (
	sent     = lifecycle.TallySent
	failed   = lifecycle.TallyFailed
	optedOut = lifecycle.TallyOptedOut
)

type harm = map[lifecycle.TallyKind]int64

// flowing is a bench whose shop has a rhythm of 20 days, and a contact whose
// first step falls due 30 days after its end.
func flowing(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.goTo(t, day0)
	if err := b.flow("shopify", 20*day, 4); err != nil {
		t.Fatal(err)
	}
	b.tell(t, allowed(orderOf("1", b.now(t), named("1", annaMail, annaPhone))))
	return b
}

func (b *bench) watch(t *testing.T) {
	t.Helper()
	if err := b.Watch(b.ctx); err != nil {
		t.Fatal(err)
	}
}

// heldBy is who holds the shop, "" for nobody.
func (b *bench) heldBy(t *testing.T, shop string) string {
	t.Helper()
	p, err := b.PauseOf(b.ctx, shop)
	if err != nil {
		t.Fatal(err)
	}
	if p == nil {
		return ""
	}
	if p.Reason == "" || p.At.IsZero() {
		t.Errorf("a pause without reason or time: %+v", p)
	}
	return p.By
}

// TestAMovedClockIsNoSilence: while the clock is moved no webhook can come in,
// so its jump says nothing about the feed.
func TestAMovedClockIsNoSilence(t *testing.T) {
	t.Parallel()
	b := flowing(t)
	b.goTo(t, b.now(t).Add(31*day))
	b.watch(t)
	if len(b.all()) != 1 || b.heldBy(t, "bottega") != "" {
		t.Fatalf("sent %v, held by %q", b.all(), b.heldBy(t, "bottega"))
	}
}

// TestOnlyLiveOrdersShowThatAFeedLives: neither an import nor an old order nor
// the same order again does.
func TestOnlyLiveOrdersShowThatAFeedLives(t *testing.T) {
	t.Parallel()
	b := flowing(t)
	again := orderOf("1", b.now(t), named("1", annaMail, annaPhone))
	again.Key = "told again"
	imported := orderOf("2", b.now(t), named("2", "bruno@example.com", ""))
	imported.Historical = true
	old := orderOf("3", b.now(t).Add(-30*day), named("3", "carla@example.com", ""))
	parked := orderOf("4", b.now(t), lifecycle.Person{})
	b.Pass(4 * day)
	for _, step := range []struct {
		what string
		ev   lifecycle.Event
		want string
	}{
		{"the same order again", again, "feed guard"},
		{"an import", imported, "feed guard"},
		{"an old order", old, "feed guard"},
		{"an order of nobody", parked, ""},
	} {
		b.tell(t, step.ev)
		b.watch(t)
		if got := b.heldBy(t, "bottega"); got != step.want {
			t.Errorf("after %s: held by %q, want %q", step.what, got, step.want)
		}
	}
}

// TestAFeedThatIsTooYoungIsNotGuarded: 14 days and 50 orders it must have.
func TestAFeedThatIsTooYoungIsNotGuarded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0)
	for _, step := range []struct {
		days, perDay int
		want         string
	}{{13, 4, ""}, {2, 4, "feed guard"}} {
		if err := b.flow("shopify", time.Duration(step.days)*day, step.perDay); err != nil {
			t.Fatal(err)
		}
		b.Pass(10 * day)
		b.watch(t)
		if got := b.heldBy(t, "bottega"); got != step.want {
			t.Errorf("after %d days more: held by %q, want %q", step.days, got, step.want)
		}
	}
}

// TestAnotherSourceMakesUpForASilentOne: the ERP took the shop over.
func TestAnotherSourceMakesUpForASilentOne(t *testing.T) {
	t.Parallel()
	b := flowing(t)
	b.Pass(4 * day)
	b.watch(t)
	if got := b.heldBy(t, "bottega"); got != "feed guard" {
		t.Fatalf("held by %q", got)
	}
	if err := b.flow("erp", 4*day, 4); err != nil {
		t.Fatal(err)
	}
	b.watch(t)
	feeds, err := b.Feeds(b.ctx, "bottega")
	if err != nil {
		t.Fatal(err)
	}
	if v := feeds[1]; v.Name != "shopify" || !v.Silent || !v.Covered || v.Holds() || b.heldBy(t, "bottega") != "" {
		t.Errorf("%+v, held by %q", v, b.heldBy(t, "bottega"))
	}
}

const threeShops = `public_url: https://ritorno.example.com
shops:
  aceto: {name: Aceto, home_url: https://aceto.example, locale: it, timezone: Europe/Rome, country: IT, currency: EUR, sources: {erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}}
  burro: {name: Burro, home_url: https://burro.example, locale: it, timezone: Europe/Rome, country: IT, currency: EUR, sources: {erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}}
  cacao: {name: Cacao, home_url: https://cacao.example, locale: it, timezone: Europe/Rome, country: IT, currency: EUR, sources: {erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}}
`

func threeBench(t *testing.T) *bench {
	t.Helper()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), threeShops)
	b.goTo(t, day0)
	return b
}

// TestABrakeIsOneShopsAndOneChannels, holds until a person lets it go, and then
// counts anew: what failed before would brake it again at once.
func TestABrakeCountsAnewAfterAPersonReleasedIt(t *testing.T) {
	t.Parallel()
	b := threeBench(t)
	b.tally(t, "aceto", lifecycle.Email, harm{sent: 199, failed: 199})
	if got := b.heldBy(t, "aceto"); got != "" {
		t.Fatalf("199 messages: held by %q", got)
	}
	b.tally(t, "aceto", lifecycle.Email, harm{sent: 1, failed: 1})
	all, err := b.Pauses(b.ctx, "aceto")
	if err != nil || len(all) != 1 || all[0].By != "brake" || all[0].Only != "email" || !strings.Contains(all[0].Reason, "200 of 200") {
		t.Fatalf("%+v, %v", all, err)
	}
	if held, err := b.HeldShops(b.ctx); err != nil || len(held) != 1 || !strings.Contains(held[0], "ritorno resume --shop aceto") {
		t.Errorf("held: %v, %v", held, err)
	}
	if got := b.heldBy(t, "burro"); got != "" {
		t.Errorf("another shop is held by %q", got)
	}
	b.goTo(t, day0.Add(2*day)) // the numbers are old; the brake holds all the same
	b.tally(t, "aceto", lifecycle.Email, harm{sent: 1})
	if got := b.heldBy(t, "aceto"); got != "brake" {
		t.Errorf("after two days held by %q", got)
	}
	b.tally(t, "aceto", lifecycle.Email, harm{sent: 300, failed: 300})
	if ended, err := b.ResumeShop(b.ctx, "aceto"); err != nil || len(ended) != 1 {
		t.Fatalf("ended %+v, %v", ended, err)
	}
	b.watch(t)
	b.tally(t, "aceto", lifecycle.Email, harm{sent: 199, failed: 1})
	if got := b.heldBy(t, "aceto"); got != "" {
		t.Fatalf("on the old numbers held by %q", got)
	}
	b.tally(t, "aceto", lifecycle.Email, harm{sent: 100, failed: 90})
	if got := b.heldBy(t, "aceto"); got != "brake" {
		t.Errorf("on new numbers held by %q", got)
	}
}

// TestAnAccountThatFailsForAllShopsIsBrakedForAll: no shop has 200 messages, so
// that none is braked by itself.
func TestAnAccountThatFailsForAllShopsIsBrakedForAll(t *testing.T) {
	t.Parallel()
	b := threeBench(t)
	for _, shop := range []string{"aceto", "burro", "cacao"} {
		if got := b.heldBy(t, shop); got != "" {
			t.Fatalf("%s too early held by %q", shop, got)
		}
		b.tally(t, shop, lifecycle.SMS, harm{sent: 150, failed: 60})
	}
	for _, shop := range []string{"aceto", "burro", "cacao"} {
		all, err := b.Pauses(b.ctx, shop)
		if err != nil || len(all) != 1 || !all[0].Shared || all[0].Only != "sms" {
			t.Errorf("%s: %+v, %v", shop, all, err)
		}
		if ended, err := b.ResumeShop(b.ctx, shop); err != nil || len(ended) != 0 {
			t.Errorf("%s let go what concerns all: %+v, %v", shop, ended, err)
		}
	}
	for _, want := range []bool{true, false} {
		if was, err := b.ResumeChannel(b.ctx, lifecycle.SMS); err != nil || was != want {
			t.Errorf("released %v, %v, want %v", was, err, want)
		}
	}
	b.watch(t)
	b.tally(t, "aceto", lifecycle.SMS, harm{sent: 150, failed: 1, optedOut: 2})
	if got := b.heldBy(t, "aceto"); got != "" {
		t.Errorf("on the old numbers held by %q", got)
	}
}

// TestABrakeIsNotPutOnByNumbersThatAPersonPassedOver: a process that judged
// before the release must not undo it.
func TestABrakeIsNotPutOnByNumbersThatAPersonPassedOver(t *testing.T) {
	t.Parallel()
	b := threeBench(t)
	b.tally(t, "aceto", lifecycle.Email, harm{sent: 300, failed: 300})
	if _, err := b.ResumeShop(b.ctx, "aceto"); err != nil {
		t.Fatal(err)
	}
	put, err := b.st.Brake(b.ctx, "email:aceto", `{"reason":"old"}`, map[string]time.Time{"email:aceto": {}})
	if err != nil || put || b.heldBy(t, "aceto") != "" {
		t.Errorf("put on: %v, %v; held by %q", put, err, b.heldBy(t, "aceto"))
	}
}
