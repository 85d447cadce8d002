package embedded

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

const (
	tailLines   = 5
	maxLogBytes = 4096 // longest line kept; a longer one is cut in pieces
)

// logWriter turns the server's output into our log lines and keeps the last
// ones for the error text when the server dies. Between start and readiness, and
// while it ends, the server marks everyday lines as warnings: they are told at
// debug level then.
type logWriter struct {
	log *slog.Logger

	mu      sync.Mutex
	routine bool // starting or ending
	part    []byte
	last    []string
}

func newLogWriter(log *slog.Logger) *logWriter {
	return &logWriter{log: log, routine: true}
}

// Write takes output in any pieces. It never fails: a lost log line must not
// stop the server.
func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part = append(w.part, p...)
	for {
		i := bytes.IndexByte(w.part, '\n')
		if i < 0 && len(w.part) < maxLogBytes {
			return len(p), nil
		}
		if i < 0 {
			i = len(w.part) - 1
		}
		w.line(strings.TrimSpace(string(w.part[:i+1])))
		w.part = w.part[i+1:]
	}
}

// line is called with mu held.
func (w *logWriter) line(raw string) {
	mark, text := splitLine(raw)
	if text == "" {
		return
	}
	w.last = append(w.last, text)
	if len(w.last) > tailLines {
		w.last = w.last[1:]
	}
	w.log.Log(context.Background(), w.level(mark, text), text, "from", "embedded store")
}

// level translates the server's marks: . debug, - verbose, * notice, # warning.
func (w *logWriter) level(mark byte, text string) slog.Level {
	switch {
	case w.routine && strings.HasPrefix(text, "WARNING"):
		return slog.LevelInfo
	case w.routine, mark == '.', mark == '-':
		return slog.LevelDebug
	case mark == '*':
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// splitLine cuts "123:M 22 Nov 2026 21:00:00.000 * text" into its mark and its
// text. A line of another form is kept whole, as a warning.
func splitLine(raw string) (mark byte, text string) {
	f := strings.SplitN(raw, " ", 7)
	if len(f) == 7 && len(f[5]) == 1 && strings.Contains(".-*#", f[5]) && strings.Contains(f[0], ":") {
		return f[5][0], strings.TrimSpace(f[6])
	}
	return '#', raw
}

func (w *logWriter) settled()  { w.setRoutine(false) }
func (w *logWriter) stopping() { w.setRoutine(true) }

func (w *logWriter) setRoutine(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routine = on
}

// tail returns the last lines the server wrote, in one line.
func (w *logWriter) tail() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.last, " | ")
}
