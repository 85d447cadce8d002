package history

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"ritorno/internal/lifecycle"
)

// Options say what a file does not.
type Options struct {
	Source   string         // whose the customer ids are
	Zone     *time.Location // of times that name none; nil is UTC
	Currency string         // of rows that name none
	Locale   string         // how numbers and days are written, such as it or en-US
	Country  string         // of the shop, ISO 3166
}

// File reads orders or contacts of any known export, front to back.
type File struct {
	o      Options
	format format
	d      *dialect
	at     [fields][]int
	table

	latin   int // records that were Windows-1252
	pending *Entry
	records []string // of the pending order, as they were written
	items   []valued // of the pending order
	refused string   // id of an order whose first line is bad
	refusal int      // and that line
	queue   []read
	bytes   string // of what was handed out last
}

// Entry is what one order, or one contact, of a file tells.
type Entry struct {
	Line   int
	What   What
	Total  lifecycle.Money // of an order; below zero: money that went back
	Back   int64           // minor units of Total that went back since
	Events []lifecycle.Event

	id string // of the order, for the lines that belong to it
}

// What says what an entry is.
type What uint8

// What an entry may be.
const (
	Purchase What = iota
	Return        // gives money back; no purchase
	Void          // an order that was cancelled, or that takes back without money
	Person        // a contact
	Nothing       // not placed: unpaid, failed, a draft. No events
)

// read is a result that waits to be handed out.
type read struct {
	entry Entry
	err   error
	raw   string
}

// Open reads the header and finds out whose export it is, and the separator. An
// error names the mend.
func Open(r io.Reader, o Options) (*File, error) {
	f := &File{o: o}
	var err error
	if f.format, err = formatOf(o.Locale, o.Country); err != nil {
		return nil, err
	}
	if f.table, err = unpack(r); err != nil {
		return nil, err
	}
	first, err := f.lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("order history: the file is empty: the first line must name the columns")
	case err != nil:
		return nil, fmt.Errorf("order history: read the header: %w", err)
	}
	return f, f.recognise(strings.TrimPrefix(first.text, "\ufeff"))
}

func (f *File) recognise(text string) error {
	if !utf8.ValidString(text) && !strings.HasPrefix(text, "\xff\xfe") && !strings.HasPrefix(text, "\xfe\xff") {
		text = f.utf8(text)
	}
	if err := checkHeader(text); err != nil {
		return err
	}
	f.header = text
	for i := range dialects {
		for _, sep := range []byte{',', ';', '\t'} {
			names, open, fault := split(text, sep, nil)
			if open || fault != "" || len(names) < 2 {
				continue
			}
			if at, ok := dialects[i].columnsOf(names); ok {
				f.d, f.at, f.sep, f.width = &dialects[i], at, sep, len(names)
				if f.d.kind == Analytics && len(at[fCustomer])+len(at[fEmail])+len(at[fPhone]) == 0 {
					return errNobody
				}
				return nil
			}
		}
	}
	return errUnknown
}

// utf8 is text that was Windows-1252.
func (f *File) utf8(text string) string {
	out, err := charmap.Windows1252.NewDecoder().String(text)
	if err != nil {
		return strings.ToValidUTF8(text, "\ufffd")
	}
	f.latin++
	return out
}

// Kind is whose export the file is.
func (f *File) Kind() Kind { return f.d.kind }

// Separator stands between the fields.
func (f *File) Separator() byte { return f.sep }

// Encoding is that of what was read so far.
func (f *File) Encoding() string {
	if f.latin > 0 {
		return fmt.Sprintf("Windows-1252 in %d lines, else UTF-8", f.latin)
	}
	return "UTF-8"
}

// Raw is what the last Next was about, as it was written: one record, or all
// those of an order.
func (f *File) Raw() string { return f.bytes }

// Next returns the next entry, or io.EOF. A [*BadLine] is about one record
// only: call Next again. Any other error is about the file and stays.
func (f *File) Next() (Entry, error) {
	for len(f.queue) == 0 {
		f.record1()
	}
	r := f.queue[0]
	if !errors.Is(r.err, io.EOF) { // the end stays
		f.queue = f.queue[1:]
	}
	f.bytes = r.raw
	return r.entry, r.err
}

// record1 reads one record into the queue, or into the order that is pending.
func (f *File) record1() {
	first, cells, fault, err := f.record()
	switch {
	case errors.Is(err, io.EOF):
		f.flush()
		f.queue = append(f.queue, read{err: io.EOF})
	case err != nil:
		f.flush()
		f.queue = append(f.queue, read{err: fmt.Errorf("order history: read line %d: %w", f.lines.n+1, err)})
	case fault != "":
		f.bad(&BadLine{Line: first.n, Reason: fault})
	case strings.TrimSpace(f.raw) == "":
	default:
		f.take(first.n, f.clean(cells))
	}
}

// clean brings cells into UTF-8, without blanks around.
func (f *File) clean(cells []string) []string {
	latin := !utf8.ValidString(f.raw)
	if latin {
		f.latin++
	}
	for i, c := range cells {
		if latin && !utf8.ValidString(c) {
			c = f.utf8(c)
			f.latin-- // the record counts once
		}
		cells[i] = strings.TrimSpace(c)
	}
	return cells
}

// take reads the cells of a record.
func (f *File) take(n int, cells []string) {
	if len(cells) > f.width {
		f.bad(&BadLine{Line: n, Reason: fmt.Sprintf("has %d fields, the header has %d: put quotes around a field that holds the separator", len(cells), f.width)})
		return
	}
	r := row{f: f, cells: cells}
	id := r.orderID()
	if f.goesOn(r, id) {
		f.items, f.records = append(f.items, r.item()...), append(f.records, f.raw)
		return
	}
	if id != "" && id == f.refused && r.text(fAt) == "" {
		f.bad(&BadLine{Line: n, Reason: fmt.Sprintf("belongs to the order of line %d, which was refused", f.refusal)})
		return
	}
	e, fault := r.entry()
	if fault != nil {
		fault.Line = n
		f.bad(fault)
		f.refused, f.refusal = id, n
		return
	}
	f.flush()
	e.Line, e.id, f.refused = n, id, ""
	f.pending, f.items, f.records = &e, r.item(), append(f.records[:0], f.raw)
}

// goesOn reports whether a record is a further line of the pending order.
func (f *File) goesOn(r row, id string) bool {
	if f.pending == nil || f.pending.What == Return {
		return false
	}
	switch f.d.kind {
	case Shopify:
		return (id == f.pending.id || id == "") && r.text(fAt) == ""
	case WooCommerce:
		return id != "" && id == f.pending.id && !strings.HasPrefix(r.text(fTotal), "-")
	}
	return false
}

// flush hands the pending order out.
func (f *File) flush() {
	if f.pending == nil {
		return
	}
	e := *f.pending
	if n := len(e.Events); n > 0 && e.Events[0].Order != nil {
		e.Events[0].Order.Items = best(f.items)
	}
	f.queue = append(f.queue, read{entry: e, raw: strings.Join(f.records, "\n")})
	f.pending, f.items = nil, nil
}

func (f *File) bad(b *BadLine) {
	f.flush()
	f.queue = append(f.queue, read{entry: Entry{Line: b.Line}, err: b, raw: f.raw})
}

// valued is an item with what it was worth in the order.
type valued struct {
	item  lifecycle.Item
	value int64
}

// maxItems is how many items of an order are kept.
const maxItems = 5

// best are the most valuable items, in the file's order among equals.
func best(all []valued) (items []lifecycle.Item) {
	slices.SortStableFunc(all, func(a, b valued) int {
		switch {
		case a.value > b.value:
			return -1
		case a.value < b.value:
			return 1
		}
		return 0
	})
	for _, v := range all[:min(len(all), maxItems)] {
		items = append(items, v.item)
	}
	return items
}
