package embedded_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ritorno/internal/embedded"
)

func TestFreshStartIsDurableAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	srv := start(t, embedded.Options{Dir: dir})
	c := client(t, srv.Socket())
	for name, want := range map[string]string{
		"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "port": "0", "save": "",
		"hash-max-listpack-entries": "512", "zset-max-listpack-entries": "128", "crash-log-enabled": "no",
	} {
		got, err := c.ConfigGet(t.Context(), name).Result()
		if err != nil {
			t.Fatal(err)
		}
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	stat, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if stat.Mode().Perm() != 0o700 {
		t.Errorf("data directory has mode %v, want 0700", stat.Mode().Perm())
	}
	if srv.Restarts() != 0 {
		t.Errorf("Restarts() = %d after a fresh start", srv.Restarts())
	}
}

func TestChildDoesNotInheritSecrets(t *testing.T) {
	t.Setenv("TWILIO_AUTH_TOKEN", "not-for-the-child")
	cmd, err := embedded.Command("--version")
	if err != nil {
		t.Fatal(err)
	}
	if env := strings.Join(cmd.Env, "\n"); cmd.Env == nil || strings.Contains(env, "not-for-the-child") {
		t.Errorf("the child's environment is ours: %q", cmd.Env)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "server v=") {
		t.Errorf("%s --version says %q: not the server", cmd.Path, out)
	}
}

func TestDataStaysOverCloseAndStart(t *testing.T) {
	dir := t.TempDir()
	srv := start(t, embedded.Options{Dir: dir})
	set(t, client(t, srv.Socket()), "anna", "dormant")
	if socket, ok := embedded.Running(dir); !ok || socket != srv.Socket() {
		t.Errorf("Running = %q, %v, want %q, true", socket, ok, srv.Socket())
	}
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	if err := srv.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if socket, ok := embedded.Running(dir); ok {
		t.Errorf("Running = %q, true after Close", socket)
	}
	again := start(t, embedded.Options{Dir: dir, Fsync: "everysec"})
	c := client(t, again.Socket())
	if got := get(t, c, "anna"); got != "dormant" {
		t.Errorf("anna = %q", got)
	}
	if got := c.ConfigGet(t.Context(), "appendfsync").Val()["appendfsync"]; got != "everysec" {
		t.Errorf("appendfsync = %q, want everysec", got)
	}
}

func TestSecondStartIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := start(t, embedded.Options{Dir: dir})
	_, err := embedded.Start(t.Context(), embedded.WithLockWait(embedded.Options{Dir: dir}, 50*time.Millisecond))
	if !errors.Is(err, embedded.ErrLocked) {
		t.Fatalf("second Start: %v, want ErrLocked", err)
	}
	for _, want := range []string{dir, "pid " + itoa(os.Getpid()), "stop that process"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	set(t, client(t, first.Socket()), "still", "here")
}

func TestSecondStartGivesUpWithItsContext(t *testing.T) {
	dir := t.TempDir()
	start(t, embedded.Options{Dir: dir})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := embedded.Start(ctx, embedded.Options{Dir: dir}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Start with a short context: %v", err)
	}
}

func TestSecondStartWaitsForTheFirstToEnd(t *testing.T) {
	dir := t.TempDir()
	first := start(t, embedded.Options{Dir: dir})
	set(t, client(t, first.Socket()), "anna", "active")
	closed := make(chan error, 1)
	go func() { closed <- first.Close() }()
	second := start(t, embedded.Options{Dir: dir})
	if got := get(t, client(t, second.Socket()), "anna"); got != "active" {
		t.Errorf("anna = %q", got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestKilledChildComesBackWithItsData(t *testing.T) {
	srv := start(t, embedded.Options{Dir: t.TempDir()})
	c := client(t, srv.Socket())
	for round := 1; round <= 2; round++ {
		set(t, c, "round", itoa(round))
		pid := serverPID(t, c)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the child is back", func() bool {
			return srv.Restarts() == round && c.Ping(t.Context()).Err() == nil
		})
		if got := get(t, c, "round"); got != itoa(round) {
			t.Errorf("round = %q, want %d", got, round)
		}
		if serverPID(t, c) == pid {
			t.Errorf("process %d survived its SIGKILL", pid)
		}
	}
}

func TestCloseWhileTheChildIsDead(t *testing.T) {
	srv := start(t, embedded.Options{Dir: t.TempDir()})
	pid := serverPID(t, client(t, srv.Socket()))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	if got := srv.Restarts(); got > 1 {
		t.Errorf("%d restarts after Close", got)
	}
}

func TestKilledParentTakesTheChildAlong(t *testing.T) {
	dir := t.TempDir()
	parent, socket := startParent(t, dir)
	if found, ok := embedded.Running(dir); !ok || found != socket {
		t.Errorf("Running = %q, %v from another process, want %q, true", found, ok, socket)
	}
	c := client(t, socket)
	pid := serverPID(t, c)
	set(t, c, "anna", "returning")
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child of a killed parent is gone", func() bool {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
	next := start(t, embedded.Options{Dir: dir})
	if got := get(t, client(t, next.Socket()), "anna"); got != "returning" {
		t.Errorf("anna = %q", got)
	}
}

func TestNextParentWaitsForTheOrphan(t *testing.T) {
	dir := t.TempDir()
	parent, socket := startParent(t, dir)
	set(t, client(t, socket), "anna", "dormant")
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	next := start(t, embedded.Options{Dir: dir}) // at once: the orphan may still be writing
	if got := get(t, client(t, next.Socket()), "anna"); got != "dormant" {
		t.Errorf("anna = %q", got)
	}
}

// A command that comes right after the service was killed must not take what is
// going down for a store.
func TestAnOrphanDoesNotRun(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		parent, socket := startParent(t, dir)
		set(t, client(t, socket), "anna", "dormant")
		if err := parent.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = parent.Wait() // killed
		if found, ok := embedded.Running(dir); ok {
			t.Fatalf("the server at %s of a parent that was killed counts as running", found)
		}
	}
}

func TestLongDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("bottega-", 15))
	srv := start(t, embedded.Options{Dir: dir})
	if len(srv.Socket()) > 100 || strings.HasPrefix(srv.Socket(), dir) {
		t.Errorf("socket %q is too long or in the long directory", srv.Socket())
	}
	if socket, ok := embedded.Running(dir); !ok || socket != srv.Socket() {
		t.Errorf("Running = %q, %v, want %q, true", socket, ok, srv.Socket())
	}
	set(t, client(t, srv.Socket()), "anna", "active")
	if err := srv.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(srv.Socket())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the short folder is left behind: %v", err)
	}
}

func TestKilledParentLeavesNoShortFolderForGood(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("bottega-", 15))
	parent, old := startParent(t, dir)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	next := start(t, embedded.Options{Dir: dir})
	if next.Socket() == old {
		t.Fatalf("the old folder of %s is used again", old)
	}
	if _, err := os.Stat(filepath.Dir(old)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the killed parent is left behind: %v", err)
	}
}

func TestNoProgram(t *testing.T) {
	t.Setenv("PATH", "")
	dir := filepath.Join(t.TempDir(), "data")
	_, err := embedded.Start(t.Context(), embedded.Options{Dir: dir})
	if !errors.Is(err, embedded.ErrNoServer) {
		t.Fatalf("Start without a program: %v, want ErrNoServer", err)
	}
	if !strings.Contains(err.Error(), "apt-get install redis-tools") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is not one line with the install command", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the data directory was made although nothing can serve it: %v", err)
	}
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "appendonlydir"), []byte("not a folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	srv, err := embedded.Start(t.Context(), embedded.Options{Dir: dir})
	if err == nil {
		_ = srv.Close()
		t.Fatal("Start worked on a damaged directory")
	}
	if !strings.Contains(err.Error(), "ended at start") || !strings.Contains(err.Error(), "appendonlydir") {
		t.Errorf("error %q does not carry the server's last words", err)
	}
	if _, ok := embedded.Running(dir); ok {
		t.Error("a server runs after a failed start")
	}
	if err := os.Remove(filepath.Join(dir, "appendonlydir")); err != nil {
		t.Fatal(err)
	}
	start(t, embedded.Options{Dir: dir}) // the failed start let go of the lock
}

func TestWrongOptions(t *testing.T) {
	for name, o := range map[string]embedded.Options{
		"no directory":            {},
		"an fsync nobody knows":   {Dir: t.TempDir(), Fsync: "sometimes"},
		"a file as the directory": {Dir: os.Args[0]},
	} {
		t.Run(name, func(t *testing.T) {
			if srv, err := embedded.Start(t.Context(), o); err == nil {
				_ = srv.Close()
				t.Error("Start worked")
			}
		})
	}
}
