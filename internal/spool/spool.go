// Package spool keeps entries on disk, in order, for as long as the store cannot
// take them. One process owns the file; it survives a kill and a power cut: what
// Append acknowledged is there when the file is opened again, and a record that
// was cut off while it was written is not.
package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Errors that callers branch on.
var (
	// ErrFull: no room for this entry. Acknowledge nothing.
	ErrFull = errors.New("the spool is full")
	// ErrBusy: another process has the file.
	ErrBusy = errors.New("the spool belongs to another process")
)

// MaxBytes is how large the file may become: some thousand deliveries, hours of
// a busy shop.
const MaxBytes = 64 << 20

// Options of a spool.
type Options struct {
	Path string       // of the file; its folder is made when missing
	Max  int64        // bytes; 0: MaxBytes
	Log  *slog.Logger // nil: none
}

// Spool is safe for concurrent use.
type Spool struct {
	max  int64
	file *os.File

	mu      sync.Mutex
	head    int64 // where the oldest entry begins
	end     int64 // behind the newest
	entries int

	draining sync.Mutex
}

// Open opens or makes the file, with mode 0600, and finds what a process before
// left in it. Errors: ErrBusy, else of the file system.
func Open(o Options) (*Spool, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Max == 0 {
		o.Max = MaxBytes
	}
	dir := filepath.Dir(o.Path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool's folder: %w", err)
	}
	f, err := os.OpenFile(o.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the spool: %w", err)
	}
	s := &Spool{max: o.Max, file: f}
	if err := s.take(dir, o); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

// take makes the file ours and ready to be written.
func (s *Spool) take(dir string, o Options) error {
	err := syscall.Flock(int(s.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("lock the spool: %w", err)
	}
	if err := s.file.Chmod(0o600); err != nil {
		return fmt.Errorf("close the spool to others: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	return s.recover(o)
}

// syncDir makes a new file's name survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the spool's folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Append adds an entry. When it returns nil the entry is on disk for good; after
// an error it is not in the spool. Errors: ErrFull, else of the file system.
func (s *Spool) Append(entry []byte) error {
	record, err := encode(entry)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end+int64(len(record)) > s.max {
		return ErrFull
	}
	// Always behind the last good record, so that what a failed try left there
	// is written over.
	_, err = s.file.WriteAt(record, s.end)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the spool: %w", err), s.file.Truncate(s.end))
	}
	s.end += int64(len(record))
	s.entries++
	return nil
}

// Len is how many entries wait. A nil Spool holds none.
func (s *Spool) Len() int {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries
}

// Bytes is the size of what waits. A nil Spool holds nothing.
func (s *Spool) Bytes() int64 {
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end - s.head
}

// Drain hands the entries to apply, the oldest first, and takes each out when
// apply returns nil. It ends at the first error, and returns how many are out.
// After a kill the same entries come again, so that apply must know them by a
// key of their own. The last one out empties the file.
func (s *Spool) Drain(ctx context.Context, apply func(context.Context, []byte) error) (out int, err error) {
	s.draining.Lock()
	defer s.draining.Unlock()
	for {
		entry, size, err := s.oldest()
		if err != nil || size == 0 {
			return out, err
		}
		if err := apply(ctx, entry); err != nil {
			return out, err
		}
		if err := s.drop(size); err != nil {
			return out, err
		}
		out++
	}
}

// oldest reads the first entry; size 0: there is none.
func (s *Spool) oldest() (entry []byte, size int64, err error) {
	s.mu.Lock()
	head, end := s.head, s.end
	s.mu.Unlock()
	if head == end {
		return nil, 0, nil
	}
	entry, size, err = decode(s.file, head, end)
	if err != nil {
		return nil, 0, fmt.Errorf("read the spool: %w", err)
	}
	return entry, size, nil
}

// drop takes the first entry out. The file shrinks when it is the last: nothing
// of what was applied stays on disk.
func (s *Spool) drop(size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head += size
	s.entries--
	if s.head < s.end {
		return nil
	}
	s.head, s.end = 0, 0
	if err := s.file.Truncate(0); err != nil {
		return fmt.Errorf("empty the spool: %w", err)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("empty the spool: %w", err)
	}
	return nil
}

// Close lets go of the file. What is in it stays for the next process.
func (s *Spool) Close() error { return s.file.Close() }
