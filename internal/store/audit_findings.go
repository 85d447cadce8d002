package store

import "slices"

// shownMost is how many findings of a kind are kept; the others are counted.
const shownMost = 20

// Finding is one thing that was found. It names contacts by id, never by
// address.
type Finding struct {
	Level    Level  `json:"level"`
	Kind     Kind   `json:"kind"`
	Shop     string `json:"shop,omitempty"`
	Shard    *int   `json:"shard,omitempty"`
	Contact  string `json:"contact,omitempty"` // id
	Server   string `json:"server,omitempty"`  // host:port or socket
	Text     string `json:"text"`
	Mend     string `json:"mend,omitempty"`
	Repaired bool   `json:"repaired,omitempty"`
}

// Findings collect what an audit found, in bounded memory.
type Findings struct {
	List     []Finding      // at most 20 of a kind
	Counts   map[Kind]int64 // all there were, ok ones left out
	Faults   int64          // that are not repaired
	Warnings int64
	Repaired int64
}

// Add takes a finding in. Level and mend follow from its kind where they are
// empty.
func (f *Findings) Add(x Finding) {
	j := judgements[x.Kind]
	if x.Level == "" {
		x.Level = j.level
	}
	if x.Mend == "" {
		x.Mend = j.mend
	}
	switch {
	case x.Level == LevelOK:
		f.List = append(f.List, x)
		return
	case x.Repaired:
		f.Repaired++
	case x.Level == LevelFault:
		f.Faults++
	default:
		f.Warnings++
	}
	if f.Counts == nil {
		f.Counts = map[Kind]int64{}
	}
	if f.Counts[x.Kind]++; f.Counts[x.Kind] <= shownMost {
		f.List = append(f.List, x)
	}
}

// OK adds a line about what was looked at and is well.
func (f *Findings) OK(kind Kind, text string) { f.Add(Finding{Level: LevelOK, Kind: kind, Text: text}) }

// Sort puts faults first, then warnings, then what is well; else the order of
// finding stays.
func (f *Findings) Sort() {
	rank := map[Level]int{LevelFault: 0, LevelWarning: 1, LevelOK: 2}
	slices.SortStableFunc(f.List, func(a, b Finding) int { return rank[a.Level] - rank[b.Level] })
}
