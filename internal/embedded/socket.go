package embedded

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	socketName  = "redis.sock"
	placeName   = "socket" // file in the data directory that holds the socket's path
	shortPrefix = "ritorno-"
	// maxSocketPath keeps clear of the kernel's 104 (macOS) to 108 bytes (Linux).
	maxSocketPath = 100
	// askTimeout bounds one question to a server on this machine.
	askTimeout = time.Second
	// orphanWait is how long a server may still answer after its parent died. One
	// that answers longer has a parent that cannot be seen from here, such as in
	// another container.
	orphanWait = 2 * time.Second
)

// socketPlace is where the socket of a data directory lies.
type socketPlace struct {
	path string
	note string // the file that tells others; "" for a place never made
}

// placeSocket chooses the path of the socket and writes it down in dir. The
// caller holds the lock.
func placeSocket(dir string) (socketPlace, error) {
	place := socketPlace{path: filepath.Join(dir, socketName), note: filepath.Join(dir, placeName)}
	removeShort(SocketPath(dir)) // left by a process that was killed
	if len(place.path) > maxSocketPath {
		short, err := shortDir()
		if err != nil {
			return socketPlace{}, fmt.Errorf("embedded store: a short folder for the socket: %w", err)
		}
		place.path = filepath.Join(short, socketName)
	}
	if err := os.WriteFile(place.note, []byte(place.path+"\n"), 0o600); err != nil {
		return socketPlace{}, fmt.Errorf("embedded store: note the socket's place: %w", err)
	}
	return place, nil
}

// shortDir makes a private folder in the temporary directory, or in /tmp where
// that one is too long as well.
func shortDir() (string, error) {
	base := os.TempDir()
	if len(base)+len(shortPrefix)+len(socketName)+12 > maxSocketPath {
		base = "/tmp"
	}
	return os.MkdirTemp(base, shortPrefix)
}

// remove deletes the socket, its note and its temporary folder.
func (p socketPlace) remove() error {
	if p.note == "" {
		return nil
	}
	errs := []error{missingIsFine(os.Remove(p.path)), missingIsFine(os.Remove(p.note))}
	removeShort(p.path)
	return errors.Join(errs...)
}

// removeShort deletes a temporary socket folder. It takes only what it knows by
// name, and only when nothing else lies in it.
func removeShort(socket string) {
	dir := filepath.Dir(socket)
	if filepath.Base(socket) != socketName || !strings.HasPrefix(filepath.Base(dir), shortPrefix) ||
		filepath.Dir(dir) != filepath.Clean(os.TempDir()) && filepath.Dir(dir) != "/tmp" {
		return
	}
	_ = os.Remove(socket) // gone already, or not ours: either way there is nothing more to do
	_ = os.Remove(dir)
}

func missingIsFine(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// SocketPath returns where the server of a data directory listens or would
// listen. It does not say that one runs: that is Running.
func SocketPath(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	note, err := os.ReadFile(filepath.Join(dir, placeName))
	if path := strings.TrimSpace(string(note)); err == nil && filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, socketName)
}

// Running says whether a server lives on this data directory, started by this
// or another process, and where it listens. A server that still loads its data
// counts: it answers soon. One whose parent was killed does not: it is going
// down, and Running waits for that.
func Running(dir string) (socket string, ok bool) {
	socket = SocketPath(dir)
	for end := time.Now().Add(orphanWait); ; time.Sleep(lockPoll) {
		if state, _ := probe(socket); state == silent {
			return "", false
		}
		if !orphansEnd || !orphaned(dir) || time.Now().After(end) {
			return socket, true
		}
	}
}

// answer is what a probe of the socket found.
type answer int

const (
	silent  answer = iota // nobody listens, or not our protocol
	loading               // alive, reading its file
	ready
)

// probe asks once, without a client library: those retry and log on their own.
func probe(socket string) (answer, error) {
	line, err := ask(socket, "PING")
	switch {
	case err != nil:
		return silent, err
	case line == "+PONG":
		return ready, nil
	case strings.HasPrefix(line, "-LOADING"):
		return loading, nil
	}
	return silent, fmt.Errorf("embedded store: %s answered PING with %q", socket, line)
}

// ask sends one command and returns the first line of the answer.
func ask(socket, command string) (string, error) {
	c, err := net.DialTimeout("unix", socket, askTimeout)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }() // one question was asked and answered; nothing is lost
	if err := c.SetDeadline(time.Now().Add(askTimeout)); err != nil {
		return "", err
	}
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}
