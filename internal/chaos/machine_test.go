package chaos_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/embedded"
)

// child is a process that ends with the test, by its own id.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{}
	out   *bytes.Buffer // read after ended
}

// spawn starts cmd on a thread that lives as long as it does: the kernel ends
// the child with that thread.
func spawn(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, ended: make(chan struct{}), out: &bytes.Buffer{}}
	if cmd.Stdout == nil {
		cmd.Stdout, cmd.Stderr = c.out, c.out
	}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer close(c.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	return c, <-started
}

func (c *child) signal(s syscall.Signal) { _ = c.cmd.Process.Signal(s) }

// kill is SIGKILL, and waits for the end.
func (c *child) kill() {
	c.signal(syscall.SIGKILL)
	<-c.ended
}

// port is one that nobody listens on just now.
func port(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, p, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// machine is one Redis server with its disk.
type machine struct {
	t     *testing.T
	dir   string
	port  string
	fsync string // appendfsync
	shim  string // preloaded library; empty: none
	proc  *child

	refused int // starts that had to be mended by hand
}

func newMachine(t *testing.T, fsync, shim string) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir(), port: port(t), fsync: fsync, shim: shim}
	t.Cleanup(func() {
		if m.proc != nil {
			m.proc.kill()
		}
	})
	m.start()
	return m
}

func (m *machine) addr() string { return "127.0.0.1:" + m.port }
func (m *machine) log() string  { return filepath.Join(m.dir, "fsync.log") }

// refusal is what Redis says of a file that a second cut met while it was being
// rewritten after the first.
const refusal = "the truncated file is not the last file"

// start brings the server up as an operator does: where it refuses its files,
// they are mended by hand, as docs/operations.md says.
func (m *machine) start() {
	m.t.Helper()
	err := m.launch()
	if err != nil && strings.Contains(err.Error(), refusal) {
		m.refused++
		files, _ := filepath.Glob(filepath.Join(m.dir, "appendonlydir", "*.incr.aof"))
		for _, f := range files {
			if _, err := embedded.MendFile(context.Background(), f); err != nil {
				m.t.Fatal(err)
			}
		}
		err = m.launch()
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) launch() error {
	cmd, err := embedded.Command(
		"--bind", "127.0.0.1", "--port", m.port, "--dir", m.dir, "--appendonly", "yes", "--appendfsync", m.fsync, "--save", "",
		"--aof-load-truncated", "yes", "--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "",
		"--repl-diskless-sync-delay", "0", "--repl-timeout", "5", "--loglevel", "warning",
	)
	if err != nil {
		return err
	}
	_ = os.Remove(m.log())
	if m.shim != "" {
		cmd.Env = append(cmd.Env, "LD_PRELOAD="+m.shim, "CHAOS_FSYNC_LOG="+m.log())
	}
	if m.proc, err = spawn(cmd); err != nil {
		return err
	}
	c := redis.NewClient(&redis.Options{Addr: m.addr(), MaxRetries: -1})
	defer func() { _ = c.Close() }()
	for limit := time.Now().Add(60 * time.Second); ; {
		if c.Ping(context.Background()).Err() == nil {
			return nil
		}
		select {
		case <-m.proc.ended:
			return fmt.Errorf("redis ended: %s", m.proc.out)
		default:
		}
		if time.Now().After(limit) {
			return errors.New("redis does not answer")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// powerCut kills the server and cuts its file back to a random byte behind the
// last fsync. It returns how many bytes went.
func (m *machine) powerCut(rng *rand.Rand) int64 {
	m.t.Helper()
	m.proc.kill()
	file, now := m.lastFile()
	if now == nil {
		m.start()
		return 0
	}
	synced, known := m.synced(file)
	if !known {
		m.start()
		return 0
	}
	lost := int64(0)
	if now.Size() > synced {
		to := synced + rng.Int64N(now.Size()-synced+1)
		if err := os.Truncate(file, to); err != nil {
			m.t.Fatal(err)
		}
		lost = now.Size() - to
	}
	m.start()
	return lost
}

// lastFile is the append-only file that is being written.
func (m *machine) lastFile() (string, os.FileInfo) {
	files, _ := filepath.Glob(filepath.Join(m.dir, "appendonlydir", "*.incr.aof"))
	seq := func(f string) int {
		parts := strings.Split(filepath.Base(f), ".")
		n, _ := strconv.Atoi(parts[len(parts)-3])
		return n
	}
	sort.Slice(files, func(i, j int) bool { return seq(files[i]) < seq(files[j]) })
	if len(files) == 0 {
		return "", nil
	}
	last := files[len(files)-1]
	st, err := os.Stat(last)
	if err != nil {
		return "", nil
	}
	return last, st
}

// synced is how long the file was when its last fsync returned.
func (m *machine) synced(file string) (size int64, known bool) {
	f, err := os.Open(m.log())
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewScanner(f)
	for in.Scan() {
		n, path, ok := strings.Cut(in.Text(), " ")
		if ok && path == file {
			if size, err = strconv.ParseInt(n, 10, 64); err == nil {
				known = true
			}
		}
	}
	return size, known
}

// proxy is a TCP address that leads to one of several, and can stall.
type proxy struct {
	l       net.Listener
	targets atomic.Pointer[[]string]
	stalled atomic.Bool
	mu      sync.Mutex
	conns   map[net.Conn]bool
	work    sync.WaitGroup
}

func newProxy(t *testing.T, targets ...string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, conns: map[net.Conn]bool{}}
	p.targets.Store(&targets)
	p.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.work.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); p.drop(); p.work.Wait() })
	return p
}

func (p *proxy) addr() string { return p.l.Addr().String() }

// lead points new connections elsewhere, and ends those that there are.
func (p *proxy) lead(targets ...string) {
	p.targets.Store(&targets)
	p.drop()
}

func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	p.conns[c] = true
	p.mu.Unlock()
}

func (p *proxy) forget(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

func (p *proxy) serve(near net.Conn) {
	p.keep(near)
	defer p.forget(near)
	list := *p.targets.Load()
	var far net.Conn
	var err error
	for i, start := 0, rand.IntN(len(list)); i < len(list); i++ {
		if far, err = net.DialTimeout("tcp", list[(start+i)%len(list)], time.Second); err == nil {
			break
		}
	}
	if err != nil {
		return
	}
	p.keep(far)
	defer p.forget(far)
	done := make(chan struct{}, 2)
	pump := func(to, from net.Conn) {
		buf := make([]byte, 32<<10)
		for {
			n, err := from.Read(buf)
			for p.stalled.Load() && err == nil {
				time.Sleep(5 * time.Millisecond)
			}
			if n > 0 {
				if _, err := to.Write(buf[:n]); err != nil {
					break
				}
			}
			if err != nil {
				break
			}
		}
		done <- struct{}{}
	}
	go pump(far, near)
	go pump(near, far)
	<-done
	_ = near.Close()
	_ = far.Close()
	<-done
}

// build makes a program, or a library, once for the test.
func build(t *testing.T, dir string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// instance is one serve process.
type instance struct {
	t    *testing.T
	bin  string
	conf string
	addr string
	log  *os.File
	proc *child
	env  []string
}

func newInstance(t *testing.T, bin, dir, name, addr, conf string) *instance {
	t.Helper()
	in := &instance{t: t, bin: bin, conf: filepath.Join(dir, name+".yaml"), addr: addr}
	conf = strings.NewReplacer("LISTEN", addr, "DATA", filepath.Join(dir, name)).Replace(conf)
	if err := os.WriteFile(in.conf, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if in.log, err = os.Create(filepath.Join(dir, name+".log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.kill(); _ = in.log.Close() })
	return in
}

func (in *instance) start() {
	cmd := exec.Command(in.bin, "--config", in.conf, "serve")
	cmd.Stdout, cmd.Stderr = in.log, in.log
	cmd.Env = append(os.Environ(), in.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if in.proc, err = spawn(cmd); err != nil {
		in.t.Error(err)
	}
}

// alive reports whether it runs.
func (in *instance) alive() bool {
	if in.proc == nil {
		return false
	}
	select {
	case <-in.proc.ended:
		return false
	default:
		return true
	}
}

// ready waits until it answers, at most for d.
func (in *instance) ready(d time.Duration) bool {
	for limit := time.Now().Add(d); time.Now().Before(limit) && in.alive(); time.Sleep(10 * time.Millisecond) {
		c, err := net.DialTimeout("tcp", in.addr, 200*time.Millisecond)
		if err == nil {
			_ = c.Close()
			return true
		}
	}
	return false
}

func (in *instance) kill() {
	if in.proc != nil {
		in.proc.signal(syscall.SIGCONT)
		in.proc.kill()
	}
}

// end lets it drain.
func (in *instance) end() {
	if !in.alive() {
		return
	}
	in.proc.signal(syscall.SIGTERM)
	select {
	case <-in.proc.ended:
	case <-time.After(90 * time.Second):
		in.proc.kill()
	}
}

// tailOf is the end of a file, for a failure.
func tailOf(f string) string {
	b, err := os.ReadFile(f)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}
