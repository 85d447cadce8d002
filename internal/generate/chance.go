package generate

import (
	"hash/fnv"
	"math"
)

// Source gives 64 random bits at a time.
type Source interface{ Uint64() uint64 }

// chance draws what a life is made of.
type chance struct{ Source }

// split is splitmix64: a counter and a mixer. Chance is good enough here, and
// the same on every machine.
type split struct{ state uint64 }

// Uint64 implements [Source].
func (s *split) Uint64() uint64 {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// about is the chance for one purpose: drawing more for one never changes what
// comes out for another.
func about(seed uint64, purpose string, numbers ...int64) chance {
	h := fnv.New64a()
	_, _ = h.Write([]byte(purpose)) // a hash never fails
	s := &split{seed ^ h.Sum64()}
	for _, n := range numbers {
		s.state = s.Uint64() ^ uint64(n)
	}
	return chance{s}
}

// share is even between 0 and 1, without 1.
func (c chance) share() float64 { return float64(c.Uint64()>>11) / (1 << 53) }

// happens with probability p.
func (c chance) happens(p float64) bool { return c.share() < p }

// below is even from 0 to n-1.
func (c chance) below(n int) int { return int(c.Uint64() % uint64(n)) }

// normal has mean 0 and deviation 1.
func (c chance) normal() float64 {
	return math.Sqrt(-2*math.Log(1-c.share())) * math.Cos(2*math.Pi*c.share())
}

// gamma has mean 1 and the given shape of at least 1, by Marsaglia and Tsang.
func (c chance) gamma(shape float64) float64 {
	d := shape - 1.0/3
	k := 1 / math.Sqrt(9*d)
	for {
		x := c.normal()
		v := 1 + k*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-c.share()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v / shape
		}
	}
}

func pick[T any](c chance, list []T) T { return list[c.below(len(list))] }
