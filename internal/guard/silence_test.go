package guard_test

import (
	"testing"
	"time"

	"ritorno/internal/guard"
)

var monday = time.Date(2026, 2, 2, 0, 0, 0, 0, rome)

// every is a rhythm of one order each so many hours, for some days, in the hours
// of the day that open allows.
func every(hours, days int, open func(time.Weekday, int) float64) feeder {
	var f feeder
	for h := 0; h < days*24; h += hours {
		if at := monday.Add(time.Duration(h) * time.Hour); open == nil || open(at.Weekday(), at.Hour()) > 0 {
			f.order(at.Add(30*time.Minute), italy)
		}
	}
	return f
}

func TestSilence(t *testing.T) {
	for name, tc := range map[string]struct {
		f       feeder
		quiet   time.Duration
		guarded bool
		silent  bool
	}{
		"nobody ever ordered":                          {feeder{}, 1000 * time.Hour, false, false},
		"51 orders in 17 days":                         {every(8, 17, nil), 1000 * time.Hour, true, true},
		"13 days":                                      {every(2, 13, nil), 1000 * time.Hour, false, false},
		"48 orders in 24 days":                         {every(12, 24, nil), 1000 * time.Hour, false, false},
		"each 2 hours, and silent for 5":               {every(2, 30, nil), 5 * time.Hour, true, false},
		"each 2 hours, and silent for 7":               {every(2, 30, nil), 7*time.Hour + time.Minute, true, true},
		"each 8 hours, and silent for 24":              {every(8, 30, nil), 24 * time.Hour, true, false},
		"each 8 hours, and silent for 26":              {every(8, 30, nil), 26 * time.Hour, true, true},
		"office hours, silent for an evening":          {every(1, 26, office), 16 * time.Hour, true, false},
		"office hours, silent over the weekend":        {every(1, 26, office), 63 * time.Hour, true, false},
		"office hours, silent through Monday, Tuesday": {every(1, 26, office), 63*time.Hour + 40*time.Hour, true, true},
		"shut on Sunday and Monday, silent as usual":   {every(1, 28, shut), 63 * time.Hour, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := tc.f.judge(tc.f.Last.Add(tc.quiet), italy)
			if got.Guarded != tc.guarded || got.Silent != tc.silent {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestHolidaysAreNoSilence: Good Friday is no holiday in Italy, Easter Monday
// is: a shop of office hours is quiet from Friday evening to Tuesday morning.
func TestHolidaysAreNoSilence(t *testing.T) {
	var f feeder
	for h := range 61 * 24 { // Monday, 2 February, to Friday, 3 April
		if at := monday.Add(time.Duration(h) * time.Hour); office(at.Weekday(), at.Hour()) > 0 {
			f.order(at, italy)
		}
	}
	tuesday := time.Date(2026, 4, 7, 9, 0, 0, 0, rome)
	if s := f.judge(tuesday, italy); s.Silent || s.Missed > 1 {
		t.Errorf("after Easter: %+v", s)
	}
	if s := f.judge(tuesday, guard.Calendar{Zone: rome}); s.Missed < 8 {
		t.Errorf("where no holidays are known, a Monday is one: %+v", s)
	}
	if s := f.judge(tuesday.AddDate(0, 0, 2), italy); !s.Silent {
		t.Errorf("two days later: %+v", s)
	}
}

// TestOnlyTimeThatPassedIsSilence: a clock that was moved by a year says
// nothing, whatever it shows.
func TestOnlyTimeThatPassedIsSilence(t *testing.T) {
	f := every(1, 30, nil)
	for _, moved := range []time.Duration{0, time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour} {
		now := f.Last.Add(moved)
		if s := f.Judge(now, 5*time.Hour, italy); s.Silent || !s.Guarded {
			t.Errorf("moved by %s: %+v", moved, s)
		}
		if s := f.Judge(now, 48*time.Hour, italy); !s.Silent {
			t.Errorf("moved by %s, and two days passed: %+v", moved, s)
		}
	}
}

func TestAShopIsHeldByASilentSourceThatNobodyReplaces(t *testing.T) {
	quiet := 48 * time.Hour
	now := every(1, 30, nil).Last.Add(quiet)
	silent := func() guard.Feed { return guard.Feed{Name: "shopify", Rhythm: every(1, 30, nil).Rhythm, Lived: quiet} }
	waived := silent()
	waived.Rhythm.Waived = waived.Rhythm.Last
	read := silent()
	read.Read = true
	waivedBefore := silent()
	waivedBefore.Rhythm.Waived = waivedBefore.Rhythm.Last.Add(-time.Hour)
	for name, tc := range map[string]struct {
		feeds          []guard.Feed
		covered, holds bool
	}{
		"it is the only one":             {[]guard.Feed{silent()}, false, true},
		"passed over by hand":            {[]guard.Feed{waived}, false, false},
		"the shop knows of none either":  {[]guard.Feed{read}, false, false},
		"an earlier silence was":         {[]guard.Feed{waivedBefore}, false, true},
		"the other never brought orders": {[]guard.Feed{silent(), {Name: "crm"}}, false, true},
		"the other brings a few, as ever": {[]guard.Feed{silent(), {
			Name: "till", Rhythm: every(12, 32, nil).Rhythm,
		}}, false, true},
		"the other brings as many": {[]guard.Feed{silent(), {
			Name: "erp", Rhythm: every(1, 32, nil).Rhythm,
		}}, true, false},
		"the other fell silent with it": {[]guard.Feed{silent(), {
			Name: "erp", Rhythm: every(1, 30, nil).Rhythm, Lived: quiet,
		}}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := guard.JudgeAll(tc.feeds, now, italy)[0]
			if !v.Silent || v.Covered != tc.covered || v.Holds() != tc.holds {
				t.Errorf("%+v", v)
			}
		})
	}
}

// FuzzJudge: whatever a rhythm holds, silence only grows with the time that
// passed, and what is not guarded is never silent.
func FuzzJudge(f *testing.F) {
	f.Add(int64(60), int64(20), uint32(1<<9|1<<12), int64(3), int64(48))
	f.Add(int64(1), int64(-3), uint32(0), int64(0), int64(-5))
	f.Add(int64(500), int64(4000), uint32(1<<24-1), int64(1), int64(10000))
	f.Fuzz(func(t *testing.T, orders, span int64, mask uint32, step, hours int64) {
		r := guard.Rhythm{First: monday, Orders: orders, Days: map[int]uint32{}}
		r.Last = monday.Add(time.Duration(span%100000) * time.Hour)
		first, _ := italy.Slot(monday)
		for d := int64(0); d <= span%100000/24; d += max(1, step%100) {
			r.Days[first+int(d)] = mask
		}
		lived := time.Duration(hours%9000) * time.Hour
		a, b := r.Judge(r.Last.Add(lived), lived, italy), r.Judge(r.Last.Add(lived+7*time.Hour), lived+7*time.Hour, italy)
		if a.Silent && !b.Silent || b.Missed < a.Missed-1e-9 || !a.Guarded && a.Silent {
			t.Errorf("%+v, and 7 hours later %+v", a, b)
		}
		if a.Guarded && (orders < guard.LeastOrders || r.Last.Sub(r.First) < guard.LeastSpan) {
			t.Errorf("guarded: %+v", a)
		}
	})
}
