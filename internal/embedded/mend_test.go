package embedded_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ritorno/internal/embedded"
)

// TestATornEndIsMendedBeforeTheStart: a power cut left half of a script's block
// in the file. Redis 7.0 would start and leave it there, and with the next start
// lose what was written behind it.
func TestATornEndIsMendedBeforeTheStart(t *testing.T) {
	for name, torn := range map[string]int64{"in the block": 60, "in its last command": 20, "in its end": 3} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			srv := start(t, embedded.Options{Dir: dir})
			const script = `redis.call('set', KEYS[1], 1) redis.call('set', KEYS[2], 2) return 1`
			if err := client(t, srv.Socket()).Eval(t.Context(), script, []string{"a", "b"}).Err(); err != nil {
				t.Fatal(err)
			}
			if err := srv.Close(); err != nil {
				t.Fatal(err)
			}
			tear(t, dir, torn)

			var log bytes.Buffer
			srv = start(t, embedded.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err := client(t, srv.Socket()).Set(t.Context(), "c", "3", 0).Err(); err != nil {
				t.Fatal(err)
			}
			if err := srv.Close(); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), "a power cut had torn the end") {
				t.Errorf("the operator is not told: %s", &log)
			}
			if cut, err := embedded.Mend(t.Context(), dir); cut != "" || err != nil {
				t.Errorf("the file is still torn: %q, %v", cut, err)
			}

			srv = start(t, embedded.Options{Dir: dir})
			keys, err := client(t, srv.Socket()).Keys(t.Context(), "*").Result()
			if err != nil || len(keys) != 1 || keys[0] != "c" {
				t.Errorf("after the second start: %q, %v; want c alone", keys, err)
			}
		})
	}
}

func tear(t *testing.T, dir string, n int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		t.Fatalf("append-only files: %q, %v", files, err)
	}
	st, err := os.Stat(files[0])
	if err == nil {
		err = os.Truncate(files[0], st.Size()-n)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestMendWithoutAFile(t *testing.T) {
	if cut, err := embedded.Mend(t.Context(), t.TempDir()); cut != "" || err != nil {
		t.Errorf("%q, %v", cut, err)
	}
}
