package embedded

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
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

// FuzzLastFile: whatever stands in the manifest, the file that is mended lies
// beside it.
func FuzzLastFile(f *testing.F) {
	for _, s := range []string{
		"file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n", "file ../../etc/passwd seq 1 type i",
		"file .. seq 1 type i", "file / seq 1 type i", "file a seq 1 type i extra", "", "file\n\x00", "file \"a b\" seq 1 type i",
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, manifest []byte) {
		if err := os.WriteFile(filepath.Join(dir, "appendonly.aof.manifest"), manifest, 0o600); err != nil {
			t.Fatal(err)
		}
		if file, err := lastFile(dir); err == nil && file != "" && filepath.Dir(file) != dir {
			t.Errorf("%q leads to %s", manifest, file)
		}
	})
}
