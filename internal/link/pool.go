package link

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// PoolCode is a coupon code that a shop made itself.
type PoolCode struct {
	Code    string
	Expires time.Time // last moment; zero: none
}

// Bounds of a file of codes.
const (
	maxPoolFile  = 64 << 20
	maxPoolCodes = 1_000_000
	maxPoolFault = 20 // faults told of one file
)

var poolCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// ReadPool reads a file of coupon codes: one a line, or CSV with a header that
// has a column code and, where wanted, expires (2027-03-31 is that whole day in
// zone; else RFC 3339). Columns are separated by a comma, semicolon or tab;
// other columns are passed over. A file with a mistake gives no code at all: the
// error has a line for each of the first mistakes, without what stands there.
func ReadPool(r io.Reader, zone *time.Location) ([]PoolCode, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPoolFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxPoolFile:
		return nil, fmt.Errorf("the file is longer than %d MiB: split it", maxPoolFile>>20)
	case !utf8.Valid(text):
		return nil, errors.New("the file is not UTF-8: save it as CSV UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	c := csv.NewReader(bytes.NewReader(text))
	c.Comma, c.FieldsPerRecord, c.TrimLeadingSpace = separator(text), -1, true
	p := pool{zone: zone, expires: -1}
	for first := true; ; first = false {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, fmt.Errorf("line %d: the quotes do not match: put \"\" for a quote inside quotes", broken.Line)
		}
		if err != nil {
			return nil, err
		}
		line, _ := c.FieldPos(0)
		if first && p.header(fields) {
			continue
		}
		if p.row(line, fields); len(p.faults) >= maxPoolFault || len(p.codes) > maxPoolCodes {
			break
		}
	}
	return p.end()
}

// pool is a file being read.
type pool struct {
	zone          *time.Location
	code, expires int // columns; -1: there is none
	codes         []PoolCode
	faults        []error
}

// separator is the one that stands in the first line.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	for _, c := range ";\t" {
		if bytes.ContainsRune(line, c) {
			return c
		}
	}
	return ','
}

// header finds the columns, where the first line names them.
func (p *pool) header(fields []string) bool {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.ToLower(strings.TrimSpace(f))
	}
	at := slices.Index(names, "code")
	if at < 0 {
		return false
	}
	p.code = at
	p.expires = slices.IndexFunc(names, func(n string) bool { return n == "expires" || n == "expiry" || n == "expires_at" })
	return true
}

func (p *pool) row(line int, fields []string) {
	get := func(i int) string {
		if i < 0 || i >= len(fields) {
			return ""
		}
		return strings.TrimSpace(fields[i])
	}
	n := PoolCode{Code: get(p.code)}
	if !poolCode.MatchString(n.Code) {
		p.fault(line, "code", "must be 1 to 40 letters without accents, digits, - and _")
		return
	}
	if text := get(p.expires); text != "" {
		at, ok := lastMoment(text, p.zone)
		if !ok {
			p.fault(line, "expires", "must be a day like 2027-03-31, or a time like 2027-03-31T22:00:00Z")
			return
		}
		n.Expires = at
	}
	p.codes = append(p.codes, n)
}

func (p *pool) fault(line int, column, mend string) {
	p.faults = append(p.faults, fmt.Errorf("line %d, %s: %s", line, column, mend))
}

func (p *pool) end() ([]PoolCode, error) {
	switch {
	case len(p.faults) > 0:
		return nil, errors.Join(p.faults...)
	case len(p.codes) > maxPoolCodes:
		return nil, fmt.Errorf("the file has more than %d codes: split it", maxPoolCodes)
	case len(p.codes) == 0:
		return nil, errors.New("the file has no code: put one on each line, or a column named code")
	}
	return p.codes, nil
}

// lastMoment is the end of a day, or a time as it is written.
func lastMoment(text string, zone *time.Location) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), at.Year() >= 2000 && at.Year() < 2200
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil || day.Year() < 2000 || day.Year() >= 2200 {
		return time.Time{}, false
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, zone).UTC(), true
}
