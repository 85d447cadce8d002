package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Outcome is what became of a delivery.
type Outcome string

// The outcomes of a delivery.
const (
	OutcomeAccepted     Outcome = "accepted"
	OutcomeDuplicate    Outcome = "duplicate"
	OutcomeIgnored      Outcome = "ignored"
	OutcomeParked       Outcome = "parked"
	OutcomeDead         Outcome = "dead"
	OutcomeBadSignature Outcome = "bad_signature" // nothing else in the note is believed
)

func (o Outcome) known() bool {
	switch o {
	case OutcomeAccepted, OutcomeDuplicate, OutcomeIgnored, OutcomeParked, OutcomeDead, OutcomeBadSignature:
		return true
	}
	return false
}

const maxTopics = 64

// Note is one delivery, for the status of its source. Only sources of the
// configuration may be noted.
type Note struct {
	At      time.Time
	Topic   string // at most 128 bytes are kept
	Outcome Outcome
	Error   string // name of the error, a constant of ours; empty: none
	Domain  string // of the shop, where the source tells it; at most 255 bytes are kept
	Gone    bool   // the source said that it was disconnected
	Back    bool   // the source was connected again: takes the mark away
}

// SourceStatus is how an integration is doing. Zero times: never.
type SourceStatus struct {
	First     time.Time // first and last delivery with a good signature
	Last      time.Time
	LastTopic string
	Counts    map[Outcome]int64
	Topics    []TopicSeen // the 64 seen last, newest first
	Error     string      // name of the last error
	ErrorAt   time.Time
	Domain    string
	Gone      time.Time // disconnected since
}

// TopicSeen is a topic and its last delivery.
type TopicSeen struct {
	Topic string
	Last  time.Time
}

// NoteDelivery counts a delivery. It is a statistic: a repeated call counts
// again, and a delivery may be acknowledged although its note was lost.
func (s *Store) NoteDelivery(ctx context.Context, shop, source string, n Note) error {
	const op = "note delivery"
	if err := checkSource(shop, source); err != nil {
		return wrap(op, err)
	}
	if !n.Outcome.known() {
		return wrap(op, fmt.Errorf("outcome %q is unknown", string(n.Outcome)))
	}
	if n.Outcome == OutcomeBadSignature {
		n = Note{At: n.At, Outcome: n.Outcome, Error: string(n.Outcome)}
	}
	mark := ""
	switch {
	case n.Back:
		mark = "back"
	case n.Gone:
		mark = "gone"
	}
	counts, topics := s.keys.source(shop, source)
	_, err := s.run(ctx, "side_note", []string{counts, topics},
		n.At.UnixMilli(), string(n.Outcome), clip(n.Topic, maxName), clip(n.Error, maxReason),
		clip(n.Domain, 255), mark, maxTopics, string(OutcomeBadSignature))
	return wrap(op, err)
}

// clip cuts a text of the outside to a bound, and what is no UTF-8 from it.
func clip(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "")
}

// SourceStatus reads the status of a source; its zero value is a source that
// never delivered.
func (s *Store) SourceStatus(ctx context.Context, shop, source string) (SourceStatus, error) {
	const op = "read source status"
	if err := checkSource(shop, source); err != nil {
		return SourceStatus{}, wrap(op, err)
	}
	counts, topics := s.keys.source(shop, source)
	var fields *redis.MapStringStringCmd
	var seen *redis.ZSliceCmd
	if err := s.pipe(ctx, op, func(p redis.Pipeliner) {
		fields = p.HGetAll(ctx, counts)
		seen = p.ZRevRangeWithScores(ctx, topics, 0, maxTopics-1)
	}); err != nil {
		return SourceStatus{}, err
	}
	status, err := decodeStatus(fields.Val())
	if err != nil {
		return SourceStatus{}, wrap(op, err)
	}
	for _, z := range seen.Val() {
		status.Topics = append(status.Topics, TopicSeen{Topic: fmt.Sprint(z.Member), Last: time.UnixMilli(int64(z.Score)).UTC()})
	}
	return status, nil
}

// decodeStatus reads the hash that side_note.lua writes. Fields of a later
// release are passed over.
func decodeStatus(fields map[string]string) (SourceStatus, error) {
	status := SourceStatus{LastTopic: fields["topic"], Error: fields["error"], Domain: fields["domain"]}
	for name, value := range fields {
		outcome, counted := strings.CutPrefix(name, "n:")
		at := map[string]*time.Time{
			"first": &status.First, "last": &status.Last, "error_at": &status.ErrorAt, "gone": &status.Gone,
		}[name]
		if at == nil && !counted {
			continue
		}
		n, err := strconv.ParseInt(value, 10, 64)
		switch {
		case err != nil:
			return SourceStatus{}, fmt.Errorf("field %q of a source status is no integer", name)
		case at != nil:
			*at = time.UnixMilli(n).UTC()
		case Outcome(outcome).known():
			if status.Counts == nil {
				status.Counts = make(map[Outcome]int64)
			}
			status.Counts[Outcome(outcome)] = n
		}
	}
	return status, nil
}

func checkSource(shop, source string) error {
	if err := checkLength("shop", shop, 1, maxName); err != nil {
		return err
	}
	return checkLength("source", source, 1, maxName)
}
