package redistest

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"ritorno/internal/embedded"
)

// askLimit bounds one question to a server.
const askLimit = 5 * time.Second

// process is one server with a network port. It ends with this process, also
// when that is killed (Linux).
type process struct {
	addr, port, bus string
	network         string // of addr; empty: tcp

	cmd   *exec.Cmd
	out   bytes.Buffer // read after ended
	ended chan struct{}
	once  sync.Once
}

// startProcess starts and waits for the server on one thread that lives as long
// as it does: the kernel ends the server with that thread.
func startProcess(args ...string) (*process, error) {
	cmd, err := embedded.Command(args...)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(p.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is told by whoever still needed it
		}
	}()
	return p, <-started
}

// stop kills the server: nothing in it outlives the tests.
func (p *process) stop() {
	p.once.Do(func() {
		_ = p.cmd.Process.Signal(syscall.SIGKILL) // already gone is as good
		<-p.ended
	})
}

func (p *process) awaitPong() error {
	return p.await("+PONG", "PING", func(answer string) bool { return answer == "+PONG" })
}

// await repeats a question until the answer satisfies.
func (p *process) await(what, question string, satisfied func(string) bool) error {
	deadline := time.NewTimer(startLimit)
	defer deadline.Stop()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		answer, err := p.ask(question)
		if err == nil && satisfied(answer) {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return fmt.Errorf("the server on %s ended: %s", p.addr, p.out.String())
		case <-deadline.C:
			return errors.Join(fmt.Errorf("the server on %s: no %s within %s, last answer %q", p.addr, what, startLimit, answer), err)
		}
	}
}

func (p *process) expectOK(question string) error {
	answer, err := p.ask(question)
	if err == nil && answer != "+OK" {
		err = errors.New(answer)
	}
	if err != nil {
		return fmt.Errorf("%s on %s: %w", question, p.addr, err)
	}
	return nil
}

// ask sends one inline command and returns its one-line or bulk answer.
func (p *process) ask(question string) (string, error) {
	c, err := net.DialTimeout(cmp.Or(p.network, "tcp"), p.addr, askLimit)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }() // asked and answered
	if err := c.SetDeadline(time.Now().Add(askLimit)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, question+"\r\n"); err != nil {
		return "", err
	}
	in := bufio.NewReader(c)
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	length, isBulk := strings.CutPrefix(line, "$")
	if !isBulk {
		return line, nil
	}
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return "", fmt.Errorf("a bulk answer of length %q", length)
	}
	bulk := make([]byte, n)
	_, err = io.ReadFull(in, bulk)
	return string(bulk), err
}
