package guard_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"ritorno/internal/guard"
	"ritorno/internal/lifecycle"
)

// share is sent, failed, content, spam, opted out.
func share(n ...int64) (s guard.Share) {
	copy(s[:], n)
	return s
}

func TestSharesThatAreTooHigh(t *testing.T) {
	for name, tc := range map[string]struct {
		ch   lifecycle.Channel
		s    guard.Share
		want string // a part of what is said; empty: nothing
	}{
		"nothing was sent":                       {lifecycle.Email, share(), ""},
		"199 of 199 failed: too few to judge":    {lifecycle.Email, share(199, 199), ""},
		"200 of 200 failed":                      {lifecycle.Email, share(200, 200), "email: 200 of 200 messages of the last 24 hours (100 %) failed for good; the limit is 5 %"},
		"200 e-mails, 12 failed: may be chance":  {lifecycle.Email, share(200, 12), ""},
		"200 e-mails, 20 failed":                 {lifecycle.Email, share(200, 20), "20 of 200"},
		"the same share of texts is endured":     {lifecycle.SMS, share(200, 20), ""},
		"200 texts, 36 failed":                   {lifecycle.SMS, share(200, 36), "the limit is 10 %"},
		"100,000 e-mails, 5.3 % failed: is sure": {lifecycle.Email, share(100000, 5300), "5.3 %"},
		"one spam report stops nobody":           {lifecycle.Email, share(200, 0, 0, 1), ""},
		"nor do two":                             {lifecycle.Email, share(200, 0, 0, 2), ""},
		"three of 200 do":                        {lifecycle.Email, share(200, 0, 0, 3), "1.5 %) were reported as spam; the limit is 0.3 %"},
		"0.1 % of many are endured":              {lifecycle.Email, share(50000, 0, 0, 50), ""},
		"carriers filter 2 %":                    {lifecycle.SMS, share(1000, 0, 20), ""},
		"carriers filter 5 %":                    {lifecycle.SMS, share(1000, 0, 50), "filtered for their content"},
		"3 % opt out":                            {lifecycle.SMS, share(1000, 0, 0, 0, 30), ""},
		"10 % opt out":                           {lifecycle.SMS, share(300, 0, 0, 0, 30), "30 of 300 messages of the last 24 hours (10 %) made their reader opt out"},
		"the worst of two is named":              {lifecycle.Email, share(1000, 100, 0, 100), "reported as spam"},
	} {
		t.Run(name, func(t *testing.T) {
			h, bad := tc.s.Judge(tc.ch)
			if bad != (tc.want != "") || bad && !strings.Contains(h.String(), tc.want) {
				t.Errorf("%v: %q", bad, h)
			}
		})
	}
}

func TestAnAccountIsJudgedOverAllShops(t *testing.T) {
	for name, tc := range map[string]struct {
		shops map[string]guard.Share
		want  bool
	}{
		"one shop is judged by itself":               {map[string]guard.Share{"a": share(1000, 900)}, false},
		"one of three is bad":                        {map[string]guard.Share{"a": share(1000, 900), "b": share(1000, 3), "c": share(1000, 4)}, false},
		"all of three are bad":                       {map[string]guard.Share{"a": share(300, 90), "b": share(400, 100), "c": share(300, 80)}, true},
		"many small ones, none of which has 200":     {map[string]guard.Share{"a": share(150, 50), "b": share(150, 40), "c": share(150, 45)}, true},
		"two small ones: without either too few":     {map[string]guard.Share{"a": share(150, 50), "b": share(150, 40)}, false},
		"the others are bad in another way":          {map[string]guard.Share{"a": share(5000, 2500), "b": share(300, 0, 0, 0, 60)}, false},
		"a shop that sent nothing changes nothing":   {map[string]guard.Share{"a": share(300, 90), "b": share(400, 100), "c": share()}, true},
		"a shop without harm may outweigh the harm":  {map[string]guard.Share{"a": share(300, 90), "b": share(300, 90), "c": share(90000, 0)}, false},
		"but not save them where it is the only one": {map[string]guard.Share{"a": share(300, 300), "b": share(300, 300), "c": share(300, 0)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if h, bad := guard.JudgeAccount(tc.shops, lifecycle.Email); bad != tc.want {
				t.Errorf("%v: %v", bad, h)
			}
		})
	}
}

// TestShopsThatAreWellAreNotBraked plays days of shops that do half of the harm
// they may, judged after every message, and counts those that were stopped.
func TestShopsThatAreWellAreNotBraked(t *testing.T) {
	t.Parallel()
	const days = 400
	stopped, late := 0, 0
	for day := range days {
		rng := rand.New(rand.NewPCG(1, uint64(day)))
		if _, bad := playDay(rng, 2000, 0.025); bad {
			stopped++
		}
		if at, bad := playDay(rng, 2000, 0.25); !bad || at > 260 {
			late++
		}
	}
	t.Logf("at half of the limit %d of %d days were stopped; at five times the limit %d not within 260 messages", stopped, days, late)
	if stopped > days/100 || late > 0 {
		t.Errorf("stopped %d of %d days, late %d", stopped, days, late)
	}
}

// playDay sends n e-mails of which a share fails, and says after how many it was
// stopped.
func playDay(rng *rand.Rand, n int, fails float64) (int, bool) {
	var s guard.Share
	for i := range n {
		s[lifecycle.TallySent]++
		if rng.Float64() < fails {
			s[lifecycle.TallyFailed]++
		}
		if _, bad := s.Judge(lifecycle.Email); bad {
			return i + 1, true
		}
	}
	return 0, false
}

// FuzzShare: never below 200 messages, never without harm, more harm is never
// less, and more messages without harm never make it worse.
func FuzzShare(f *testing.F) {
	f.Add(int64(200), int64(20), int64(0), int64(3), int64(1))
	f.Add(int64(1), int64(1), int64(1), int64(1), int64(1))
	f.Add(int64(100000), int64(5300), int64(2100), int64(310), int64(99999))
	f.Fuzz(func(t *testing.T, sent, failed, content, spam, out int64) {
		s := share(sent%1e9, failed%1e9, content%1e9, spam%1e9, out%1e9)
		for _, n := range s {
			if n < 0 {
				return // there are no negative numbers of messages
			}
		}
		for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
			h, bad := s.Judge(ch)
			if bad && (s[lifecycle.TallySent] < guard.LeastSent || h.Bad == 0 || h.String() == "") {
				t.Errorf("%v: %v", s, h)
			}
			more, fewer := s, s
			more[lifecycle.TallyFailed]++
			fewer[lifecycle.TallySent] += 1000
			if _, still := more.Judge(ch); bad && !still {
				t.Errorf("%v is too much, and %v is not", s, more)
			}
			if _, worse := fewer.Judge(ch); worse && !bad && s[lifecycle.TallySent] >= guard.LeastSent {
				t.Errorf("%v is endured, and %v is not", s, fewer)
			}
		}
	})
}
