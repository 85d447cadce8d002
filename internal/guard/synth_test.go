package guard_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"ritorno/internal/guard"
	"ritorno/internal/lifecycle"
)

// synth is a made-up shop: orders come by chance, more or fewer by the hour of
// its week. Its arrivals are those of an inhomogeneous Poisson process.
type synth struct {
	name   string
	perDay float64                                // on an ordinary open day
	open   func(d time.Weekday, hour int) float64 // relative weight of an hour; nil: always 1
	closed bool                                   // on public holidays
	batch  bool                                   // all orders of a day are told at 02:00 of the next
	slump  float64                                // orders fall to this share on 7 January; 0: they do not
	within int                                    // hours in which a dead feed must be noticed, at the latest
}

func night(d time.Weekday, h int) float64 {
	if h >= 23 || h < 7 {
		return 0
	}
	return 1
}

func evening(d time.Weekday, h int) float64 {
	return 0.1 + 1.5*math.Exp(-math.Pow(float64(h)-20, 2)/18)
}

func office(d time.Weekday, h int) float64 {
	if d == time.Saturday || d == time.Sunday || h < 9 || h >= 18 {
		return 0
	}
	return 1
}

func shut(d time.Weekday, h int) float64 {
	if d == time.Sunday || d == time.Monday || h < 10 || h >= 19 {
		return 0
	}
	return 1
}

var synths = []synth{
	{name: "around the clock, 4 a day", within: 140, perDay: 4},
	{name: "around the clock, 40 a day", within: 72, perDay: 40},
	{name: "around the clock, 1,000 a day", within: 60, perDay: 1000},
	{name: "nothing at night, 12 a day", within: 100, perDay: 12, open: night},
	{name: "nothing at night, 200 a day", within: 80, perDay: 200, open: night},
	{name: "mostly in the evening, 25 a day", within: 90, perDay: 25, open: evening},
	{name: "office hours on weekdays, 8 a day", within: 144, perDay: 8, open: office, closed: true},
	{name: "office hours on weekdays, 60 a day", within: 100, perDay: 60, open: office, closed: true},
	{name: "shut on Sunday and Monday, 15 a day", within: 110, perDay: 15, open: shut, closed: true},
	{name: "told once a night, 10 a day", within: 120, perDay: 10, batch: true},
	{name: "told once a night on weekdays, 30 a day", within: 280, perDay: 30, open: office, closed: true, batch: true},
	{name: "30 a day until Epiphany, then a third", within: 90, perDay: 30, slump: 0.33},
}

var rome = func() *time.Location {
	l, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		panic(err)
	}
	return l
}()

var italy = guard.Calendar{Zone: rome, Country: "IT"}

// orders are the instants at which orders are told, from a time on for some days.
func (s synth) orders(rng *rand.Rand, from time.Time, days int) (all []time.Time) {
	total := 0.0
	for h := range 24 {
		total += s.weight(time.Tuesday, h)
	}
	for hour := range days * 24 {
		at := from.Add(time.Duration(hour) * time.Hour)
		local := at.In(rome)
		y, m, d := local.Date()
		if s.closed && lifecycle.Holiday("IT", y, m, d) {
			continue
		}
		mean := s.perDay * s.weight(local.Weekday(), local.Hour()) / total
		if s.slump > 0 && m == time.January && d >= 7 || s.slump > 0 && m > time.January && m < time.June {
			mean *= s.slump
		}
		for range poisson(rng, mean) {
			all = append(all, at.Add(time.Duration(rng.Int64N(int64(time.Hour)))))
		}
	}
	if s.batch {
		all = batched(all)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

func (s synth) weight(d time.Weekday, h int) float64 {
	if s.open == nil {
		return 1
	}
	return s.open(d, h)
}

// batched tells the orders of each day together in the following night.
func batched(all []time.Time) (told []time.Time) {
	for i, at := range all {
		y, m, d := at.In(rome).Date()
		told = append(told, time.Date(y, m, d+1, 2, 0, i%60, 0, rome))
	}
	return told
}

// poisson draws from the distribution by multiplication (Knuth).
func poisson(rng *rand.Rand, mean float64) (n int) {
	for p := rng.Float64(); p > math.Exp(-mean); n++ {
		p *= rng.Float64()
	}
	return n
}

// feeder keeps a rhythm as the store does.
type feeder struct{ guard.Rhythm }

func (f *feeder) order(at time.Time, c guard.Calendar) {
	if f.Orders == 0 {
		f.First, f.Days = at, map[int]uint32{}
	}
	f.Orders++
	f.Last, f.LastReal = at, at
	day, hour := c.Slot(at)
	if _, known := f.Days[day]; !known {
		for d := range f.Days {
			if d <= day-guard.KeepDays {
				delete(f.Days, d)
			}
		}
	}
	f.Days[day] |= 1 << hour
}

// judge asks at an instant of a clock that was never moved.
func (f *feeder) judge(at time.Time, c guard.Calendar) guard.Silence {
	return f.Judge(at, at.Sub(f.Last), c)
}
