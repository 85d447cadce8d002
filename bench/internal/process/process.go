// Package process starts the programs that are measured, ends them by their
// ids, and reads what processor time they used. Linux only.
package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// stopWait is how long a program may take to end when asked.
const stopWait = 30 * time.Second

// Process is a running program.
type Process struct {
	Addr string // where it listens

	cmd   *exec.Cmd
	name  string
	ended chan struct{}
	err   error // of Wait; read after ended
	once  sync.Once
	said  tail
}

// Start starts a program and waits until it says "listens on ADDRESS" on its
// standard output. It ends with Stop, and when this process dies.
func Start(ctx context.Context, name, path string, args ...string) (*Process, error) {
	p := &Process{name: name, cmd: exec.Command(path, args...), ended: make(chan struct{})} //nolint:gosec // G204: the program that is measured
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	p.cmd.Stderr = &p.said
	out, in := io.Pipe()
	p.cmd.Stdout = in
	heard := make(chan string, 1)
	go listen(io.TeeReader(out, &p.said), heard)
	started := make(chan error, 1)
	go p.live(started, in)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	select {
	case p.Addr = <-heard:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s ended at start: %w: %s", name, p.err, &p.said)
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), p.Stop())
	}
}

// live starts and waits on one thread that stays as long as the program: the
// kernel ends the program with the thread that started it.
func (p *Process) live(started chan<- error, out io.Closer) {
	runtime.LockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
	}
	_ = out.Close() // never fails
	close(p.ended)
}

// listen looks for the address and reads on, so that the program never blocks.
func listen(r io.Reader, heard chan<- string) {
	lines := bufio.NewScanner(r)
	told := false
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), "listens on "); found && !told {
			told = true
			heard <- strings.Fields(rest + " ?")[0]
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line that is too long ends the scanner
}

// Pid is the program's process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Stop ends the program and waits until it is gone. It may be called again. The
// error tells of a program that did not end by itself or not well.
func (p *Process) Stop() error {
	var err error
	p.once.Do(func() { err = p.stop() })
	return err
}

func (p *Process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.name, err)
	}
	insist := time.NewTimer(stopWait)
	defer insist.Stop()
	select {
	case <-p.ended:
	case <-insist.C:
		_ = p.cmd.Process.Kill() // gone already is as good
		<-p.ended
		return fmt.Errorf("%s did not end within %v when asked: %s", p.name, stopWait, &p.said)
	}
	if p.err != nil {
		return fmt.Errorf("%s ended badly: %w: %s", p.name, p.err, &p.said)
	}
	return nil
}

// tail keeps the last words of a program.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if more := len(t.text) - 4096; more > 0 {
		t.text = t.text[more:]
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
