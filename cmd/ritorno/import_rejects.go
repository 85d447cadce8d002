package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ritorno/internal/history"
)

// rejects keeps the bad lines of a file: reason and line number, then the line
// as it was, under the columns of the file. Mended, it can be imported itself.
// The file is replaced as a whole, at the end.
type rejects struct {
	path   string
	header string
	sep    byte

	file *os.File // nil: there was no bad line yet
	out  *bufio.Writer
}

// add keeps one bad record.
func (r *rejects) add(bad *history.BadLine, raw string) error {
	if r.file == nil {
		f, err := os.CreateTemp(filepath.Dir(r.path), filepath.Base(r.path)+".*")
		if err != nil {
			return fmt.Errorf("keep bad lines: %w: make the folder of the file writable", err)
		}
		r.file, r.out = f, bufio.NewWriter(f)
		if err := r.line("ritorno_reason", "ritorno_line", r.header); err != nil {
			return err
		}
	}
	reason := strings.ReplaceAll(strings.TrimSpace(bad.Column+" "+bad.Reason), `"`, `""`)
	return r.line(`"`+reason+`"`, strconv.Itoa(bad.Line), raw)
}

func (r *rejects) line(cells ...string) error {
	_, err := r.out.WriteString(strings.Join(cells, string(r.sep)) + "\n")
	if err != nil {
		return fmt.Errorf("keep bad lines in %s: %w", r.path, err)
	}
	return nil
}

// commit puts the file in its place and returns its name, or removes the one
// of an earlier run where no line was bad.
func (r *rejects) commit() (string, error) {
	if r.file == nil {
		if err := os.Remove(r.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		return "", nil
	}
	err := errors.Join(r.out.Flush(), r.file.Sync())
	if err == nil {
		err = os.Rename(r.file.Name(), r.path)
	}
	if err != nil {
		return "", err
	}
	err = r.file.Close()
	r.file = nil
	return r.path, err
}

// drop forgets what was not committed.
func (r *rejects) drop() {
	if r.file != nil {
		_ = r.file.Close()
		_ = os.Remove(r.file.Name()) // a temporary file; nothing hangs on it
		r.file = nil
	}
}
