package history

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// table reads a CSV file record by record.
type table struct {
	lines  *lines
	sep    byte
	width  int // fields in the header
	fields []string
	raw    string
	header string
}

// unpack begins a file; gzip is unpacked on the way.
func unpack(r io.Reader) (table, error) {
	b := bufio.NewReaderSize(r, 32<<10)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		unpacked, err := gzip.NewReader(b)
		if err != nil {
			return table{}, fmt.Errorf("order history: unpack: %w", err)
		}
		b = bufio.NewReaderSize(unpacked, 32<<10)
	}
	return table{lines: &lines{r: b}}, nil
}

// checkHeader refuses what is no line of text.
func checkHeader(text string) error {
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"), !utf8.ValidString(text):
		return errors.New("order history: line 1 is not UTF-8: save the file as CSV UTF-8")
	case strings.ContainsAny(text, "\r\x00"):
		return errors.New("order history: line 1 does not end as lines of text do: save the file with LF or CRLF line ends")
	}
	return nil
}

// Header is the header line as it was written, without a byte order mark.
func (t *table) Header() string { return t.header }

// Raw is the record that the last Next read, good or bad, as it was written.
func (t *table) Raw() string { return t.raw }
