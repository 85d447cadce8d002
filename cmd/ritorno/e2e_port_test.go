package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ritorno/internal/redistest"
)

// newFront reserves a port on loopback without listening on it: whoever
// connects is refused, and nobody else can get it meanwhile.
func newFront(t *testing.T) *front {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "reserved port")
	t.Cleanup(func() { _ = file.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, url: "http://127.0.0.1:" + strconv.Itoa(at.(*syscall.SockaddrInet4).Port)}
	f.on = func() {
		t.Helper()
		if err := syscall.Listen(fd, 128); err != nil {
			t.Fatal(err)
		}
		ln, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: f}
		done := make(chan struct{})
		go func() { _ = srv.Serve(ln); close(done) }()
		t.Cleanup(func() { _ = srv.Close(); <-done })
	}
	return f
}

// up makes the providers reachable.
func (f *front) up() {
	f.t.Helper()
	f.on()
}

// doorTo gives a server that listens on a socket file an address with a port.
// While the server is away, connections end at once.
func doorTo(t *testing.T, n *redistest.Node) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var calls sync.WaitGroup
	calls.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			calls.Go(func() { carry(ctx, c, strings.TrimPrefix(n.URL, "unix://")) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		cancel() // the service may still hold connections
		calls.Wait()
	})
	return ln.Addr().String()
}

// carry joins two connections until either ends, or ctx does.
func carry(ctx context.Context, c net.Conn, socket string) {
	defer func() { _ = c.Close() }()
	up, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, func() { _ = c.Close(); _ = up.Close() })()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(c, up)
		_ = c.Close()
	})
	_, _ = io.Copy(up, c)
	_ = up.Close()
	back.Wait()
}
