package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	closeWait   = 10 * time.Second
	readyPoll   = 2 * time.Millisecond
	firstPause  = 50 * time.Millisecond
	longestWait = 15 * time.Second
	// steady is how long a child must have lived for its death to count as a
	// first one again.
	steady = 30 * time.Second
)

// child is one run of the server program.
type child struct {
	cmd   *exec.Cmd
	log   *logWriter
	ended chan struct{} // closed after Wait
	err   error         // of Wait; read after ended
}

// supervise starts the child and starts it again whenever it dies, until Close.
// The first start reports to started; its failure ends the supervisor.
//
// The goroutine keeps its thread: the kernel ties the child's life to the thread
// that forked it, not to the process.
func (s *Server) supervise(ctx context.Context, started chan<- error) {
	runtime.LockOSThread()
	defer close(s.done)
	if err := s.run(started, func(c *child) error { return s.awaitFirst(ctx, c) }); err != nil {
		return
	}
	for pause := firstPause; s.rest(pause); {
		s.restarts.Add(1)
		began := time.Now()
		again := make(chan error, 1)
		if err := s.run(again, s.awaitAgain); err != nil {
			s.log.Error("the embedded store does not start", "error", err)
		}
		pause = nextPause(pause, time.Since(began))
	}
}

// nextPause doubles the pause up to longestWait, and begins anew after a child
// that had lived for a while.
func nextPause(pause, lived time.Duration) time.Duration {
	if lived >= steady {
		return firstPause
	}
	return min(2*pause, longestWait)
}

// rest waits for about pause before the next start; false when Close came.
func (s *Server) rest(pause time.Duration) bool {
	jitter := rand.N(pause/2 + 1)
	timer := time.NewTimer(pause/2 + jitter)
	defer timer.Stop()
	select {
	case <-s.stopping:
		return false
	case <-timer.C:
		return !s.isStopping()
	}
}

// run starts one child, tells started what await found beside it, and returns
// when the child is gone. The error is that of the start alone.
func (s *Server) run(started chan<- error, await func(*child) error) error {
	c, err := s.launch()
	if err != nil || c == nil {
		started <- err
		return err
	}
	waited := make(chan error, 1)
	go func() {
		err := await(c)
		started <- err
		waited <- err
	}()
	c.err = c.cmd.Wait()
	close(c.ended)
	s.forget()
	if err := <-waited; err != nil {
		return err
	}
	if !s.isStopping() {
		s.log.Error("the embedded store ended; starting it again", "error", describe(c.err), "last_words", c.log.tail())
	}
	return nil
}

// launch starts the program; nil without error when Close came first.
func (s *Server) launch() (*child, error) {
	s.mend()
	cmd, err := Command(s.args()...)
	if err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, log: newLogWriter(s.log), ended: make(chan struct{})}
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = c.log, c.log
	cmd.ExtraFiles = []*os.File{s.lock.file}
	cmd.WaitDelay = time.Second // a process that rewrites the file may hold the log open a little longer

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isStopping() {
		return nil, nil
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("embedded store: start %s: %w", cmd.Path, err)
	}
	s.child = c
	return c, nil
}

// args of the server: no network port, every write on disk before it is
// acknowledged, nothing ever evicted, small values packed tightly, files not
// compressed (records hardly shrink, and it takes a tenth of the processor), and no crash
// report, since that prints commands and so personal data.
func (s *Server) args() []string {
	return []string{
		"--port", "0",
		"--unixsocket", s.socket.path,
		"--unixsocketperm", "700",
		"--dir", s.dir,
		"--appendonly", "yes",
		"--appendfsync", s.fsync,
		"--save", "",
		"--rdbcompression", "no",
		"--maxmemory-policy", "noeviction",
		"--daemonize", "no",
		"--logfile", "",
		"--crash-log-enabled", "no",
		"--hash-max-listpack-entries", "512",
		"--hash-max-listpack-value", "64",
		"--zset-max-listpack-entries", "128",
		"--set-max-intset-entries", "512",
	}
}

// errEnded says that the child died before it answered.
var errEnded = errors.New("the child ended")

// awaitFirst waits for the first answer of the first child.
func (s *Server) awaitFirst(ctx context.Context, c *child) error {
	err := s.awaitReady(ctx, c)
	if errors.Is(err, errEnded) {
		return fmt.Errorf("embedded store: %s in %s ended at start (%s; Redis 7.0 or Valkey is needed): %s",
			c.cmd.Args[0], s.dir, describe(c.err), c.log.tail())
	}
	return err
}

// awaitAgain waits for the first answer of a later child, however long it loads.
func (s *Server) awaitAgain(c *child) error {
	err := s.awaitReady(context.Background(), c)
	if errors.Is(err, errEnded) {
		return fmt.Errorf("embedded store: %s ended at start (%s): %s", c.cmd.Args[0], describe(c.err), c.log.tail())
	}
	if err == nil && !s.isStopping() {
		s.log.Info("the embedded store runs again", "restarts", s.Restarts())
	}
	return err
}

// awaitReady asks until the server answers. Loading a large file takes as long
// as it takes: only ctx, Close or the child's end stop the waiting.
func (s *Server) awaitReady(ctx context.Context, c *child) error {
	poll := time.NewTicker(readyPoll)
	defer poll.Stop()
	for {
		if state, _ := probe(s.socket.path); state == ready {
			c.log.settled()
			return nil
		}
		select {
		case <-poll.C:
		case <-c.ended:
			return errEnded
		case <-s.stopping:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("embedded store: wait for the server in %s: %w", s.dir, ctx.Err())
		}
	}
}

func describe(err error) string {
	if err == nil {
		return "exit code 0"
	}
	return strings.TrimSpace(err.Error())
}

func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child = nil
}

func (s *Server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// askChild sends SIGTERM to the child, after which it writes out and ends.
func (s *Server) askChild() {
	s.signal(func(c *child) error { return c.cmd.Process.Signal(syscall.SIGTERM) })
}

// killChild ends the child and the process that rewrites its file.
func (s *Server) killChild() {
	s.signal(func(c *child) error { return syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL) })
}

// signal holds mu so that no new child starts meanwhile.
func (s *Server) signal(send func(*child) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.child == nil {
		return
	}
	s.child.log.stopping()
	if err := send(s.child); err != nil && !errors.Is(err, syscall.ESRCH) && !errors.Is(err, os.ErrProcessDone) {
		s.log.Error("signal to the embedded store", "error", err)
	}
}
