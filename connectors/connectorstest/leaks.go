package connectorstest

import (
	"bytes"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ritorno/internal/lifecycle"
)

// leaks watches what a sender shows to others.
type leaks struct {
	private map[string]string // what: text
	stderr  string            // file that stands in for os.Stderr
	logs    *buffer
}

// watchLeaks takes over the process's logs until the test ends.
func watchLeaks(t *testing.T, c SenderCase) *leaks {
	t.Helper()
	l := &leaks{private: map[string]string{
		"the address":       c.Outgoing.To,
		"the name":          c.Outgoing.ToName,
		"the subject":       c.Outgoing.Message.Subject,
		"the text":          c.Outgoing.Message.Text,
		"the HTML":          c.Outgoing.Message.HTML,
		"the address's end": tail(c.Outgoing.To),
	}, stderr: filepath.Join(t.TempDir(), "stderr"), logs: &buffer{}}
	for i, s := range c.Secrets {
		l.private[fmt.Sprintf("secret %d", i+1)] = s
	}
	f, err := os.Create(l.stderr)
	if err != nil {
		t.Fatalf("stand-in for stderr: %v", err)
	}
	stderr, writer, logger := os.Stderr, log.Writer(), slog.Default()
	os.Stderr = f
	log.SetOutput(l.logs)
	slog.SetDefault(slog.New(slog.NewTextHandler(l.logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() {
		os.Stderr = stderr
		slog.SetDefault(logger)
		log.SetOutput(writer)
		_ = f.Close()
	})
	return l
}

// tail finds an address also where its front is cut off.
func tail(s string) string {
	if len(s) < 8 {
		return s
	}
	return s[len(s)-8:]
}

func (l *leaks) inResult(t *testing.T, r lifecycle.Result) {
	t.Helper()
	l.in(t, "result", fmt.Sprintf("%+v", r))
}

func (l *leaks) inLogs(t *testing.T) {
	t.Helper()
	b, err := os.ReadFile(l.stderr)
	if err != nil {
		t.Fatalf("stand-in for stderr: %v", err)
	}
	l.in(t, "stderr", string(b))
	l.in(t, "log", l.logs.String())
}

func (l *leaks) in(t *testing.T, where, shown string) {
	t.Helper()
	for what, text := range l.private {
		if text != "" && strings.Contains(shown, text) {
			t.Errorf("the %s shows %s", where, what)
		}
	}
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
