package connectors

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Stamp is a point in time in ISO 8601: with an offset, or without one, which
// means UTC; "T" or a blank between date and time; up to nanoseconds; also a
// date alone, which means its first instant. Always UTC; the zero Stamp says
// nothing (null, "", absent, and 0000-00-00 as PHP writes it).
type Stamp struct{ time.Time }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (s *Stamp) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, kind, err := scalarText(dec)
	if err != nil {
		return err
	}
	if kind == '0' {
		return badValue("want a time such as 2026-11-20T08:00:21Z, got a number")
	}
	s.Time, err = ParseTime(text)
	return err
}

// Unix is a point in time in whole seconds since 1970, as a number or text, for
// sources that document it so. Zero says nothing.
type Unix struct{ time.Time }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (u *Unix) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, _, err := scalarText(dec)
	if err != nil {
		return err
	}
	*u = Unix{}
	text = strings.TrimSpace(text)
	if text == "" || text == "0" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > maxUnix {
		return badValue("not a time in seconds since 1970")
	}
	u.Time = time.Unix(n, 0).UTC()
	return nil
}

// maxUnix is the last second of the year 9999. Milliseconds given for seconds
// end beyond it.
const maxUnix = 253402300799

// layouts in the order in which sources use them. A fraction of a second is
// taken by all of them.
var layouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02T15:04:05-0700",
	"2006-01-02T15:04:05-07",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	time.DateOnly,
}

// ParseTime reads one time as [Stamp] does, for headers. The empty text is the
// zero time.
func ParseTime(text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasPrefix(text, "0000-00-00") {
		return time.Time{}, nil
	}
	if len(text) > 48 {
		return time.Time{}, badValue("not a time in ISO 8601")
	}
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + strings.TrimSpace(text[11:])
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, badValue("not a time in ISO 8601")
}
