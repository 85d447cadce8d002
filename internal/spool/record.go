package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
)

// A record is the length of the entry, its CRC-32C (both 4 bytes, little-endian)
// and the entry. No entry is empty, so that the zeros which a file system may
// leave behind a power cut are no record.
const headSize = 8

// maxEntry bounds one entry; a length beyond it is damage.
const maxEntry = 4 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// What a reader may find in place of a record.
var (
	errTorn    = errors.New("a record ends early")
	errDamaged = errors.New("a record is damaged")
)

func encode(entry []byte) ([]byte, error) {
	if len(entry) == 0 || len(entry) > maxEntry {
		return nil, fmt.Errorf("an entry of %d bytes: the spool takes 1 to %d", len(entry), maxEntry)
	}
	record := make([]byte, headSize, headSize+len(entry))
	binary.LittleEndian.PutUint32(record, uint32(len(entry)))
	binary.LittleEndian.PutUint32(record[4:], crc32.Checksum(entry, castagnoli))
	return append(record, entry...), nil
}

// decode reads the record at an offset of a file that ends at end. A record whose
// last bytes never reached the disk is torn: it is the file's last, and reaches
// to its end or beyond.
func decode(r io.ReaderAt, at, end int64) (entry []byte, size int64, err error) {
	if end-at < headSize {
		return nil, 0, errTorn
	}
	var head [headSize]byte
	if _, err := r.ReadAt(head[:], at); err != nil {
		return nil, 0, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	switch {
	case n == 0 || n > maxEntry:
		return nil, 0, errDamaged
	case at+headSize+n > end:
		return nil, 0, errTorn
	}
	entry = make([]byte, n)
	if _, err := r.ReadAt(entry, at+headSize); err != nil {
		return nil, 0, err
	}
	if crc32.Checksum(entry, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		if at+headSize+n == end {
			return nil, 0, errTorn
		}
		return nil, 0, errDamaged
	}
	return entry, headSize + n, nil
}

// scan finds the end of the last good record and what stands in the way behind
// it, nil if nothing does.
func scan(r io.ReaderAt, size int64) (end int64, entries int, broken error) {
	for end < size {
		_, n, err := decode(r, end, size)
		if err != nil {
			return end, entries, err
		}
		end += n
		entries++
	}
	return end, entries, nil
}

// recover finds what a process before left. A torn record was never
// acknowledged: it is cut off. What is damaged otherwise may have been: it is
// kept beside the spool, for a person to look at.
func (s *Spool) recover(o Options) error {
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("open the spool: %w", err)
	}
	end, entries, broken := scan(s.file, info.Size())
	s.end, s.entries = end, entries
	rest := info.Size() - end
	switch {
	case broken == nil:
		return nil
	case errors.Is(broken, errTorn), s.zeros(end, info.Size()):
		o.Log.Warn("the spool's last record was cut off while it was written; it was never acknowledged", "bytes", rest)
	case errors.Is(broken, errDamaged):
		kept, err := s.keep(o.Path, end, rest)
		if err != nil {
			return fmt.Errorf("keep the damaged part of the spool: %w", err)
		}
		o.Log.Error("the spool is damaged: deliveries may be lost; the rest is kept", "bytes", rest, "file", kept)
	default:
		return fmt.Errorf("read the spool: %w", broken)
	}
	if err := s.file.Truncate(end); err != nil {
		return fmt.Errorf("mend the spool: %w", err)
	}
	return s.file.Sync()
}

// zeros reports whether a stretch holds nothing: the file grew, and its bytes
// never reached the disk.
func (s *Spool) zeros(from, to int64) bool {
	buf := make([]byte, 64<<10)
	for from < to {
		n, err := s.file.ReadAt(buf[:min(int64(len(buf)), to-from)], from)
		for _, b := range buf[:n] {
			if b != 0 {
				return false
			}
		}
		if err != nil || n == 0 {
			return false
		}
		from += int64(n)
	}
	return true
}

// keep copies a stretch to a file of its own beside the spool.
func (s *Spool) keep(path string, from, n int64) (name string, err error) {
	for i := 1; ; i++ {
		name = fmt.Sprintf("%s.damaged-%d", path, i)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return name, err
		}
		_, err = io.Copy(f, io.NewSectionReader(s.file, from, n))
		return name, errors.Join(err, f.Sync(), f.Close())
	}
}

// Count is how many entries wait in a file, whoever owns it; 0 if there is no
// file. Another process may write to it meanwhile.
func Count(path string) (int, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open the spool: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("open the spool: %w", err)
	}
	_, entries, _ := scan(f, info.Size()) // a torn record is not an entry yet
	return entries, nil
}
