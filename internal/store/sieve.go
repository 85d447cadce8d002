package store

import "hash/fnv"

// sieve remembers ids in bounded memory (a Bloom filter with four bits an id):
// a scan may hand a record over twice. What it takes for seen was perhaps not.
type sieve struct {
	bits []uint64
	mask uint64
}

// newSieve has room for n ids. Up to two million of them about one in 70,000 is
// taken for seen; beyond that it takes no more than 16 MiB, and at ten million
// it is one in 200.
func newSieve(n int64) sieve {
	size := uint64(1 << 16)
	for size < uint64(max(n, 0))*64 && size < 1<<27 {
		size *= 2
	}
	return sieve{make([]uint64, size/64), size - 1}
}

// fresh notes id and reports whether it was surely not noted before.
func (f sieve) fresh(id string) bool {
	h := fnv.New128a()
	_, _ = h.Write([]byte(id))
	sum := h.Sum(nil)
	fresh := false
	for i := 0; i < 16; i += 4 {
		n := uint64(sum[i])<<24 | uint64(sum[i+1])<<16 | uint64(sum[i+2])<<8 | uint64(sum[i+3])
		bit, word := uint64(1)<<(n&63), (n&f.mask)/64
		if f.bits[word]&bit == 0 {
			fresh = true
			f.bits[word] |= bit
		}
	}
	return fresh
}
