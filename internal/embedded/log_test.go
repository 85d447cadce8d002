package embedded_test

import (
	"bytes"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/internal/embedded"

	"github.com/google/go-cmp/cmp"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestServerLinesJoinOurLog(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	w := embedded.NewLogWriter(log)
	write := func(s string) {
		if _, err := io.WriteString(w, s); err != nil {
			t.Fatal(err)
		}
	}
	write("1:C 22 Nov 2026 21:00:00.000 # Configuration loaded\n1:M 22 Nov 2026 21:00:00.0")
	write("00 # WARNING Memory overcommit must be enabled!\n\n")
	w.Settled()
	write("1:M 22 Nov 2026 21:00:01.000 * Background AOF rewrite finished\n")
	write("1:M 22 Nov 2026 21:00:01.000 # Disk is full\nsomething else\n")
	write(strings.Repeat("x", 5000) + "\n")
	want := `level=DEBUG msg="Configuration loaded" from="embedded store"
level=INFO msg="WARNING Memory overcommit must be enabled!" from="embedded store"
level=INFO msg="Background AOF rewrite finished" from="embedded store"
level=WARN msg="Disk is full" from="embedded store"
level=WARN msg="something else" from="embedded store"
level=WARN msg=` + strings.Repeat("x", 5000) + ` from="embedded store"
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestPauseBeforeARestart(t *testing.T) {
	for name, c := range map[string]struct{ pause, lived, want time.Duration }{
		"doubles while the child dies at once":      {embedded.FirstPause, 0, 2 * embedded.FirstPause},
		"stops growing at the longest wait":         {embedded.LongestWait, 0, embedded.LongestWait},
		"begins anew after a child that had worked": {embedded.LongestWait, embedded.Steady, embedded.FirstPause},
	} {
		t.Run(name, func(t *testing.T) {
			if got := embedded.NextPause(c.pause, c.lived); got != c.want {
				t.Errorf("NextPause(%v, %v) = %v, want %v", c.pause, c.lived, got, c.want)
			}
		})
	}
}
