package redistest

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Bare is a durable server that nobody looks after, as an operator may run it:
// when it is started again, it takes its files as they are.
type Bare struct {
	URL    string // the same over Kill and Start
	socket string
	dir    string
	proc   *process
}

// NewBare starts an empty server for this test alone; it ends with the test.
func NewBare(tb testing.TB) *Bare {
	tb.Helper()
	short, err := os.MkdirTemp("", "bare")
	if err != nil {
		tb.Fatal(err)
	}
	b := &Bare{dir: tb.TempDir(), socket: filepath.Join(short, "s")}
	b.URL = "unix://" + b.socket
	tb.Cleanup(func() { b.Kill(); _ = os.RemoveAll(short) })
	b.Start(tb)
	return b
}

// Start brings the server up and waits for it.
func (b *Bare) Start(tb testing.TB) {
	tb.Helper()
	b.launch(tb)
	if err := b.proc.awaitPong(); err != nil {
		tb.Fatal(err)
	}
}

// StartSlowly brings the server up and does not wait: it reads its files for so
// long for each key that a rewrite put there, and meanwhile says so to who asks.
func (b *Bare) StartSlowly(tb testing.TB, eachKey time.Duration) {
	tb.Helper()
	b.launch(tb, "--key-load-delay", strconv.FormatInt(eachKey.Microseconds(), 10), "--loading-process-events-interval-bytes", "1024")
}

func (b *Bare) launch(tb testing.TB, more ...string) {
	tb.Helper()
	var err error
	b.proc, err = startProcess(append([]string{
		"--port", "0", "--unixsocket", b.socket, "--dir", b.dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--aof-load-truncated", "yes", "--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "",
	}, more...)...)
	if err != nil {
		tb.Fatal(err)
	}
	b.proc.addr, b.proc.network = b.socket, "unix"
}

// Kill ends the server by SIGKILL. It may be called again.
func (b *Bare) Kill() {
	if b.proc != nil {
		b.proc.stop()
	}
}

// File is the append-only file that was written last; the server must be down.
func (b *Bare) File(tb testing.TB) string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no append-only file in %s: %v", b.dir, err)
	}
	newest := func(f string) int64 {
		st, err := os.Stat(f)
		if err != nil {
			tb.Fatal(err)
		}
		return st.ModTime().UnixNano()
	}
	return slices.MaxFunc(files, func(a, c string) int { return int(newest(a) - newest(c)) })
}

// Tear cuts so many bytes off the end of the file, as a power cut does with
// what was not on disk yet.
func (b *Bare) Tear(tb testing.TB, n int64) {
	tb.Helper()
	file := b.File(tb)
	st, err := os.Stat(file)
	if err == nil {
		err = os.Truncate(file, st.Size()-n)
	}
	if err != nil {
		tb.Fatal(err)
	}
}
