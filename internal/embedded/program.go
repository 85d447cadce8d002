package embedded

import (
	"errors"
	"os"
	"os/exec"
)

// ErrNoServer says that no server program is on PATH. Its text is the whole
// answer for the operator: which package to install.
var ErrNoServer = errors.New("no valkey-server or redis-server found on PATH: " +
	"install one (apt-get install redis-tools, or the package valkey), or set redis.url to a server that runs elsewhere")

// program is a server program and the name to run it under.
type program struct {
	path string
	name string // argv[0]
}

// findProgram looks for the server on PATH. Debian's redis-tools holds the whole
// server as redis-check-rdb: the program looks at its own name to decide what it
// is, so it serves when it is called redis-server.
func findProgram() (program, error) {
	for _, p := range []struct{ file, name string }{
		{"valkey-server", "valkey-server"},
		{"redis-server", "redis-server"},
		{"redis-check-rdb", "redis-server"},
	} {
		if path, err := exec.LookPath(p.file); err == nil {
			return program{path: path, name: p.name}, nil
		}
	}
	return program{}, ErrNoServer
}

// Command returns the server program of this machine with these arguments, not
// yet started, in a process group of its own and, on Linux, bound to end with
// the thread that starts it: start it and wait for it on one goroutine that
// holds runtime.LockOSThread. It does not inherit our environment, which holds
// secrets. The error is ErrNoServer.
func Command(args ...string) (*exec.Cmd, error) {
	p, err := findProgram()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: p.path,
		Args: append([]string{p.name}, args...),
		Env:  []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"},
	}
	bind(cmd)
	return cmd, nil
}
