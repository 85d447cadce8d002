package engine

import (
	"errors"
	"hash/fnv"
	"io"
	"strings"

	"ritorno/internal/lifecycle"
)

// maxParts bounds the files that are open at once.
const maxParts = 128

// Next hands out the next event; ErrEndOfPart after a part that is not the last,
// io.EOF after all.
type Next func() (lifecycle.Event, error)

// ErrEndOfPart is what Next returns between two parts of a file: of whom the
// part told, it told all.
var ErrEndOfPart = errors.New("end of a part")

// ImportParts is in how many parts a file is best taken in. sample reads its
// beginning; share is which part of the whole it has read, from 0 to 1. A file
// in the order of time tells of each customer once in a long while: parted by
// customers, it tells of them close enough together for one change of their
// record. A file that is sorted by customer needs no such help.
func ImportParts(sample Next, share func() float64) (int, error) {
	const window = importWorkers * importChunk
	people := map[uint32]bool{}
	for range window {
		ev, err := sample()
		if errors.Is(err, io.EOF) {
			return 1, nil
		}
		if err != nil {
			return 0, err
		}
		people[hashOf(ev.Person)] = true
	}
	if window >= 2*len(people) {
		return 1, nil
	}
	// Four parts fill a window, see passFull.
	return int(min(importWorkers/max(share(), 1e-6)+1, maxParts)), nil
}

// PartOf is to which of n parts a person belongs.
func PartOf(p lifecycle.Person, n int) int { return int(hashOf(p) >> 8 % uint32(n)) }

// InParts reads one part after the other.
func InParts(parts int, open func(part int) (Next, error)) Next {
	part := 0
	var next Next
	return func() (lifecycle.Event, error) {
		if next == nil {
			var err error
			if next, err = open(part); err != nil {
				return lifecycle.Event{}, err
			}
		}
		ev, err := next()
		if errors.Is(err, io.EOF) && part+1 < parts {
			part, next = part+1, nil
			return lifecycle.Event{}, ErrEndOfPart
		}
		return ev, err
	}
}

// handOf is which of n workers takes in what a person did.
func handOf(p lifecycle.Person, n int) int { return int(hashOf(p) % uint32(n)) }

// hashOf prefers the e-mail address: where a file has addresses, nearly every
// line has one, while guests have no customer id.
func hashOf(p lifecycle.Person) uint32 {
	who := strings.ToLower(strings.TrimSpace(p.Email))
	if who == "" {
		who = p.CustomerID
	}
	if who == "" {
		who = p.Phone
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, who)
	return h.Sum32()
}
