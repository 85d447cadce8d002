package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store/recordpb"
)

// A stored contact is 8 bytes of version (big-endian, so that scripts compare
// bytes), one byte of schema version, and a recordpb.Record.
const (
	schema     = 1 // written; this release reads it and the one before
	headerSize = 9
)

// errNewer says that the record was written by a release this one cannot read.
var errNewer = errors.New("written by a newer release: upgrade this process")

// writer turns a contact into a record.
type writer struct {
	rec *recordpb.Record
	id  string // of the contact
}

// reader turns a record into a contact; the first thing it cannot read stays in err.
type reader struct {
	base  int64
	words []string
	id    string
	err   error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// encode is the stored form of c under c.Version. nonce tells apart two
// writers that store the same contact. Times lose what is below a millisecond.
func encode(c *lifecycle.Contact, nonce uint32) ([]byte, error) {
	w := writer{rec: &recordpb.Record{Nonce: nonce}, id: c.ID}
	w.rec.BaseSec = base(c)
	w.contact(c)
	if len(c.Unknown) > 0 {
		w.rec.ProtoReflect().SetUnknown(c.Unknown)
	}
	out := binary.BigEndian.AppendUint64(make([]byte, 0, 512), c.Version)
	out, err := proto.MarshalOptions{}.MarshalAppend(append(out, schema), w.rec)
	if err != nil {
		return nil, fmt.Errorf("encode contact %s: %w", c.ID, err)
	}
	return out, nil
}

// decode reads the stored form of the contact id.
func decode(id string, stored []byte) (lifecycle.Contact, error) {
	if len(stored) < headerSize {
		return lifecycle.Contact{}, fmt.Errorf("decode contact %s: %d bytes are too few", id, len(stored))
	}
	if stored[8] != schema {
		return lifecycle.Contact{}, fmt.Errorf("decode contact %s: schema %d: %w", id, stored[8], errNewer)
	}
	var rec recordpb.Record
	if err := proto.Unmarshal(stored[headerSize:], &rec); err != nil {
		return lifecycle.Contact{}, fmt.Errorf("decode contact %s: %w", id, err)
	}
	r := reader{base: rec.BaseSec, id: id, words: make([]string, len(rec.Words))}
	if beyond(r.base) {
		return lifecycle.Contact{}, fmt.Errorf("decode contact %s: base %d", id, r.base)
	}
	for i, word := range rec.Words {
		r.words[i] = string(word)
	}
	c := r.contact(&rec)
	c.Version = binary.BigEndian.Uint64(stored)
	if unknown := rec.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		c.Unknown = unknown
	}
	if r.err != nil {
		return lifecycle.Contact{}, fmt.Errorf("decode contact %s: %w", id, r.err)
	}
	return c, nil
}

// base is what the record's times count from: near most of them.
func base(c *lifecycle.Contact) int64 {
	for _, t := range []time.Time{c.MadeAt, c.Since, c.Due} {
		if !t.IsZero() {
			return t.Unix()
		}
	}
	return 0
}

// farthest bounds stored times, in seconds from 1970: beyond any calendar.
const farthest = 1 << 42

func beyond(sec int64) bool { return sec > farthest || sec < -farthest }

// time packs t: in seconds where it has no milliseconds, as shops' times.
func (w *writer) time(t time.Time) uint64 { return packTime(w.rec.BaseSec, t) }

// after packs t, counted from ref, which is near it.
func (w *writer) after(ref, t time.Time) uint64 {
	if ref.IsZero() {
		return w.time(t)
	}
	return packTime(ref.Unix(), t)
}

func packTime(base int64, t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	if t.Nanosecond()/int(time.Millisecond) == 0 {
		return 1 + 2*protowire.EncodeZigZag(t.Unix()-base)
	}
	return 2 + 2*protowire.EncodeZigZag(t.UnixMilli()-base*1000)
}

func (r *reader) time(n uint64) time.Time { return r.unpackTime(r.base, n) }

func (r *reader) after(ref time.Time, n uint64) time.Time {
	if ref.IsZero() {
		return r.time(n)
	}
	return r.unpackTime(ref.Unix(), n)
}

func (r *reader) unpackTime(base int64, n uint64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	delta := protowire.DecodeZigZag((n - 1) / 2)
	unit := int64(1)
	if n%2 == 0 {
		unit = 1000
	}
	if sec := delta / unit; beyond(sec) || beyond(sec+base) {
		r.fail(errors.New("a time out of range"))
		return time.Time{}
	}
	if unit == 1 {
		return time.Unix(base+delta, 0).UTC()
	}
	return time.UnixMilli(base*1000 + delta).UTC()
}

// small reads an enumeration; a value above most comes from a newer release.
func small[T ~uint8](r *reader, n uint32, most T) T {
	if n > uint32(most) {
		r.fail(fmt.Errorf("value %d of at most %d: %w", n, most, errNewer))
		return 0
	}
	return T(n)
}

func (r *reader) int(n int64) int {
	if n > math.MaxInt || n < math.MinInt {
		r.fail(errors.New("a number out of range"))
		return 0
	}
	return int(n)
}
