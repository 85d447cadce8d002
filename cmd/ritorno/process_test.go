package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// instance is an installation of its own: configuration, data and port.
type instance struct {
	t    *testing.T
	dir  string
	addr string
	url  string
	cmd  *exec.Cmd
	log  *tail
}

// newInstance writes a configuration like the example's; extra are lines of
// the shop.
func newInstance(t *testing.T, top string, extra ...string) *instance {
	t.Helper()
	in := &instance{t: t, dir: t.TempDir(), addr: freeAddr(t), log: &tail{}}
	in.url = "http://" + in.addr
	src := fmt.Sprintf(`public_url: %s
listen: %q
data_dir: %s
redis: {shards: 8}
%s
shops:
  bottega:
    name: Bottega Rossi
    home_url: https://bottega.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: EUR
    sources:
      shopify: {kind: shopify, secret: shpss_fixture_dev_secret}
      erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
`, in.url, in.addr, filepath.Join(in.dir, "data"), top)
	for _, line := range extra {
		src += "    " + line + "\n"
	}
	if err := os.WriteFile(in.config(), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.stop)
	return in
}

func (in *instance) config() string { return filepath.Join(in.dir, "ritorno.yaml") }

// freeAddr is a loopback address that nobody listens on just now.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// command is this program with arguments, on the instance's configuration.
func (in *instance) command(args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		in.t.Fatal(err)
	}
	cmd := exec.Command(exe, append([]string{"--config", in.config()}, args...)...)
	cmd.Env = append(os.Environ(), "RITORNO_TEST_RUN=1")
	return cmd
}

// run runs a command to its end.
func (in *instance) run(args ...string) (stdout, stderr string, code int) {
	in.t.Helper()
	cmd := in.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		in.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// serve starts the service and waits until it answers.
func (in *instance) serve(args ...string) {
	in.t.Helper()
	in.cmd = in.command(append([]string{"serve"}, args...)...)
	in.cmd.Stdout, in.cmd.Stderr = in.log, in.log
	if err := in.cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	deadline := time.Now().Add(60 * time.Second)
	for {
		resp, err := http.Get(in.url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			in.t.Fatalf("the service did not come up: %v\n%s", err, in.log)
		}
		<-time.After(20 * time.Millisecond) // polling another process; nothing else tells
	}
}

func (in *instance) kill() {
	in.t.Helper()
	if err := in.cmd.Process.Kill(); err != nil {
		in.t.Fatal(err)
	}
	_ = in.cmd.Wait()
	in.cmd = nil
}

func (in *instance) stop() {
	if in.cmd == nil {
		return
	}
	_ = in.cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() { _ = in.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		_ = in.cmd.Process.Kill()
		<-done
	}
	in.cmd = nil
}

// tail keeps the end of a process' output.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = append(l.buf, p...)
	if n := len(l.buf) - 1<<22; n > 0 {
		l.buf = l.buf[n:]
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(string(l.buf))
}
