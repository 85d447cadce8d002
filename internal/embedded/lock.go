package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// lockWait is how long an orphaned server may take to end: it has to write
	// out what it holds first.
	lockWait = 10 * time.Second
	// lockPoll is how often the lock is tried meanwhile.
	lockPoll = 20 * time.Millisecond
)

func (o Options) wait() time.Duration {
	if o.lockWait > 0 {
		return o.lockWait
	}
	return lockWait
}

// lockFile is the flock on LOCK in the data directory. The child inherits the
// same open file, so the lock ends when both of us are gone, not when one is.
type lockFile struct{ file *os.File }

func lockPath(dir string) string { return filepath.Join(dir, "LOCK") }

// acquire takes the lock, waiting for an orphan to end. ErrLocked otherwise.
func acquire(ctx context.Context, dir string, wait time.Duration, log *slog.Logger) (*lockFile, error) {
	path := lockPath(dir)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded store: open the lock: %w", err)
	}
	if err := flock(ctx, f, wait, log); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := writeOwner(f); err != nil {
		return nil, errors.Join(fmt.Errorf("embedded store: write the lock: %w", err), f.Close())
	}
	return &lockFile{file: f}, nil
}

func flock(ctx context.Context, f *os.File, wait time.Duration, log *slog.Logger) error {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for first := true; ; first = false {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("embedded store: lock %s: %w", f.Name(), err)
		case first:
			log.Info("waiting for the data directory", "lock", f.Name(), "owner_pid", owner(f), "at_most", wait)
			endOrphan(f)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("embedded store: wait for %s: %w", f.Name(), ctx.Err())
		case <-deadline.C:
			return lockedError(f)
		case <-poll.C:
		}
	}
}

func lockedError(f *os.File) error {
	who := ""
	if pid := owner(f); pid > 0 {
		who = " (pid " + strconv.Itoa(pid) + ")"
	}
	return fmt.Errorf("%w%s: %s: stop that process or set another data_dir",
		ErrLocked, who, filepath.Dir(f.Name()))
}

// endOrphan tells the server of a parent that no longer exists to shut down,
// on systems that do not do so by themselves.
func endOrphan(f *os.File) {
	if orphansEnd || !ownerGone(f) {
		return
	}
	// A server that is gone already needs no telling, so the answer is not read.
	_, _ = ask(SocketPath(filepath.Dir(f.Name())), "SHUTDOWN")
}

func ownerGone(f *os.File) bool {
	pid := owner(f)
	return pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// orphaned reports whether whoever started the server of a data directory last
// is gone.
func orphaned(dir string) bool {
	f, err := os.Open(lockPath(dir))
	if err != nil {
		return false // none, or not ours to read: nothing is known
	}
	defer func() { _ = f.Close() }() // only read
	return ownerGone(f)
}

// writeOwner leaves our process id in the lock, for the error message of others.
func writeOwner(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// owner reads that id; 0 when there is none.
func owner(f *os.File) int {
	buf := make([]byte, 20)
	n, _ := f.ReadAt(buf, 0) // a short read is the normal end of this small file
	pid, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil {
		return 0
	}
	return pid
}

// release closes our end. It does not unlock: that would also drop the lock of
// a child that is still alive.
func (l *lockFile) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("embedded store: close the lock: %w", err)
	}
	return nil
}
