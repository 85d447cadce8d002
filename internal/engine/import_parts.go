package engine

import (
	"errors"
	"hash/fnv"
	"io"
	"strings"

	"ritorno/internal/lifecycle"
)

// maxParts is how often a long file is read at most. Reading a row costs a
// small part of taking it in; beyond that it no longer does.
const maxParts = 8

// Next hands out the next event; ErrEndOfPart after a part that is not the last,
// io.EOF after all.
type Next func() (lifecycle.Event, error)

// ImportParts is in how many parts a file of about so many rows is best taken
// in; sample reads its beginning. A file in the order of time tells of each
// customer once in a long while: read several times, each time for a part of the
// customers, it tells of them close enough together for one change of their
// record. A file that is sorted by customer needs no such help.
func ImportParts(rows int64, sample Next) (int, error) {
	const window = importWorkers * importChunk
	n := 0
	people := map[uint32]bool{}
	for ; n < window; n++ {
		ev, err := sample()
		if errors.Is(err, io.EOF) {
			return 1, nil
		}
		if err != nil {
			return 0, err
		}
		people[hashOf(ev.Person)] = true
	}
	if n >= 2*len(people) {
		return 1, nil
	}
	return int(min(max((rows+window-1)/window, 1), maxParts)), nil
}

// ErrEndOfPart is what Next returns between two parts of a file: of whom the
// part told, it told all.
var ErrEndOfPart = errors.New("end of a part")

// InParts reads a file once for each part. open begins it anew.
func InParts(parts int, open func(pass int) (Next, error)) Next {
	pass := 0
	var next Next
	return func() (lifecycle.Event, error) {
		for {
			if next == nil {
				var err error
				if next, err = open(pass); err != nil {
					return lifecycle.Event{}, err
				}
			}
			ev, err := next()
			switch {
			case errors.Is(err, io.EOF) && pass+1 < parts:
				pass, next = pass+1, nil
				return lifecycle.Event{}, ErrEndOfPart
			case err != nil:
				return ev, err
			case int(hashOf(ev.Person)>>8%uint32(parts)) == pass:
				return ev, nil
			}
		}
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
