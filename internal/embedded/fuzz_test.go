package embedded

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// FuzzLog: the server's output comes in any pieces, and no line of it is lost
// or breaks ours.
func FuzzLog(f *testing.F) {
	for _, s := range []string{
		"123:M 22 Nov 2026 21:00:00.000 * Ready to accept connections\n", "123:M 22 Nov 2026 21:00:00.000 # WARNING memory\n", "no mark at all\n",
		"\n\n", "half a line", ": a b c d * \n", "1:M a b c d . \xff\n", "123:M 22 Nov 2026 21:00:00.000 ** x\n",
	} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, out string, piece int) {
		var b bytes.Buffer
		w := newLogWriter(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})))
		piece = max(1, min(piece, 4096))
		for rest := out; rest != ""; {
			n := min(piece, len(rest))
			if got, err := w.Write([]byte(rest[:n])); got != n || err != nil {
				t.Fatalf("wrote %d of %d: %v", got, n, err)
			}
			rest = rest[n:]
		}
		whole := 0
		for line := range strings.Lines(out) {
			if _, text := splitLine(strings.TrimSpace(line)); strings.HasSuffix(line, "\n") && text != "" && len(line) < maxLogBytes/2 {
				whole++
			}
		}
		if got := strings.Count(b.String(), "\n"); got < whole {
			t.Errorf("%d lines of the log for %d of the server", got, whole)
		}
	})
}
