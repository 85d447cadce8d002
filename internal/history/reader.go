package history

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Reader reads one file from front to end.
type Reader struct {
	// Zone is where the shop is: times in the file are its local ones. Nil is
	// UTC. A time that a clock change skips is the first instant after it, one
	// that occurs twice is the first.
	Zone *time.Location
	// Currency is that of rows which name none; empty: such rows are bad.
	Currency string

	table
	at map[string]int
}

// The columns that we know; the first ones must be there.
var (
	needed = []string{"customer_id", "order_id", "ordered_at", "total"}
	known  = append(slices.Clone(needed), "currency", "product", "category", "discount_code")
)

// NewReader reads the header, finds out the separator (comma, semicolon or
// tab) and skips a byte order mark. Gzip is unpacked on the way. Columns may
// stand in any order; unknown ones are ignored. An error names what is missing
// and the mend.
func NewReader(r io.Reader) (*Reader, error) {
	t, err := unpack(r)
	if err != nil {
		return nil, err
	}
	out := &Reader{table: t}
	first, err := out.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("order history: the file is empty: the first line must name the columns " + strings.Join(needed, ", "))
	case err != nil:
		return nil, fmt.Errorf("order history: read the header: %w", err)
	}
	return out, out.readHeader(strings.TrimPrefix(first.text, "\ufeff"))
}

func (r *Reader) readHeader(text string) error {
	if err := checkHeader(text); err != nil {
		return err
	}
	best := -1
	for _, sep := range []byte{',', ';', '\t'} {
		fields, open, fault := split(text, sep, nil)
		if open || fault != "" {
			continue
		}
		at, err := columns(fields)
		if err != nil {
			return err
		}
		if len(at) > best {
			best, r.sep, r.width, r.at = len(at), sep, len(fields), at
		}
	}
	r.header = text
	var missing []string
	for _, name := range needed {
		if _, ok := r.at[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return errors.New("order history: line 1 does not name the column " + strings.Join(missing, ", ") +
			": the first line must name the columns " + strings.Join(needed, ", ") + ", separated by commas, semicolons or tabs")
	}
	return nil
}

// columns finds where the known columns stand.
func columns(fields []string) (map[string]int, error) {
	at := map[string]int{}
	for i, f := range fields {
		name := strings.ToLower(strings.TrimSpace(f))
		if !slices.Contains(known, name) {
			continue
		}
		if _, twice := at[name]; twice {
			return nil, errors.New("order history: line 1 names the column " + name + " twice: keep one of them")
		}
		at[name] = i
	}
	return at, nil
}

// Next returns the next order, or io.EOF. A [*BadLine] is about one record
// only: call Next again. Any other error is about the file and stays.
func (r *Reader) Next() (Row, error) {
	for {
		first, fields, fault, err := r.record()
		switch {
		case errors.Is(err, io.EOF):
			return Row{}, io.EOF
		case err != nil:
			return Row{}, fmt.Errorf("order history: read line %d: %w", r.lines.n+1, err)
		case fault != "":
			return Row{Line: first.n}, &BadLine{Line: first.n, Reason: fault}
		case strings.TrimSpace(r.raw) == "":
			continue
		}
		return r.row(first.n, fields)
	}
}
