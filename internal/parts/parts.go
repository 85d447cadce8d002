// Package parts keeps the entries of an order history apart on disk, so that a
// file in the order of time can be taken in customer by customer.
package parts

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

// Parts are what a file tells in several pieces, each of which is read as the
// file itself. They lie in temporary files that have no name any more and end
// with the process.
type Parts struct {
	o     history.Options
	files []*os.File
	out   []*bufio.Writer
}

// New makes n empty parts of f, which was opened with o, in the folder dir.
func New(dir string, n int, f *history.File, o history.Options) (*Parts, error) {
	p := &Parts{o: o}
	for range n {
		if err := p.grow(dir, f.Header()); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

func (p *Parts) grow(dir, header string) error {
	file, err := os.CreateTemp(dir, "import-*")
	if err != nil {
		return fmt.Errorf("keep the parts of the file: %w: make the folder writable", err)
	}
	w := bufio.NewWriterSize(file, 16<<10)
	p.files, p.out = append(p.files, file), append(p.out, w)
	if err := os.Remove(file.Name()); err != nil {
		return fmt.Errorf("keep the parts of the file: %w", err)
	}
	return kept(fmt.Fprintln(w, header))
}

// Fill keeps every entry of f that tells something. next is f.Next, or what
// stands before it; part says whose entry belongs where. rows is how many were
// kept.
func (p *Parts) Fill(ctx context.Context, f *history.File, next func() (history.Entry, error), part func(lifecycle.Person) int) (rows int64, err error) {
	for ctx.Err() == nil {
		e, err := next()
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return rows, err
		case len(e.Events) == 0:
			continue
		}
		if err := kept(fmt.Fprintln(p.out[part(e.Events[0].Person)], f.Raw())); err != nil {
			return rows, err
		}
		rows++
	}
	return rows, ctx.Err()
}

func kept(_ int, err error) error {
	if err != nil {
		return fmt.Errorf("keep the parts of the file: %w: it needs as much room as the file does unpacked", err)
	}
	return nil
}

// Open reads a part. Nothing may be added to it any more.
func (p *Parts) Open(part int) (*history.File, error) {
	if err := kept(0, p.out[part].Flush()); err != nil {
		return nil, err
	}
	if _, err := p.files[part].Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read a part of the file: %w", err)
	}
	return history.Open(p.files[part], p.o)
}

// Close gives the room free.
func (p *Parts) Close() error {
	var errs []error
	for _, file := range p.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
