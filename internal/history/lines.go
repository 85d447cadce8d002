package history

import (
	"bufio"
	"errors"
	"io"
)

// maxRecord is the longest record in bytes, over all its lines.
const maxRecord = 64 << 10

// lines hands out physical lines and takes them back: a quote that never
// closes must not swallow the rest of the file.
type lines struct {
	r    *bufio.Reader
	back []line // to be read again, in order
	n    int    // number of the last line read from r
}

// line is one physical line without its end.
type line struct {
	n    int
	text string
	long bool // cut off after maxRecord bytes
}

// next returns the next line; io.EOF after the last.
func (l *lines) next() (line, error) {
	if len(l.back) > 0 {
		first := l.back[0]
		l.back = l.back[1:]
		return first, nil
	}
	var text []byte
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if room := maxRecord - len(text); len(part) > room {
			part, long = part[:max(room, 0)], true
		}
		text = append(text, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0) {
			return line{}, err
		}
		l.n++
		return line{n: l.n, text: withoutEnd(string(text)), long: long}, nil
	}
}

// giveBack puts lines in front of what comes next.
func (l *lines) giveBack(some []line) { l.back = append(some, l.back...) }

func withoutEnd(s string) string {
	for _, end := range []byte{'\n', '\r'} {
		if n := len(s); n > 0 && s[n-1] == end {
			s = s[:n-1]
		}
	}
	return s
}
