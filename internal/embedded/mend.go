package embedded

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mendLimit bounds the look at one file.
const mendLimit = 10 * time.Minute

// Mend cuts what a power cut left unfinished off the end of the append-only
// file in dir, with the server's own checker; the server must not be running.
// Without it Redis starts all the same, but leaves the beginning of a torn
// script in the file, and a second cut before that is rewritten takes what was
// written behind it, or keeps the server from starting. It reports how the
// checker put it, "" where the file was whole or there is none.
func Mend(ctx context.Context, dir string) (string, error) {
	file, err := lastFile(filepath.Join(dir, "appendonlydir"))
	if err != nil || file == "" {
		return "", err
	}
	return MendFile(ctx, file)
}

// MendFile is Mend for one append-only file.
func MendFile(ctx context.Context, file string) (string, error) {
	p, err := findProgram()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, mendLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.path, "--fix", file) //nolint:gosec // the server program of this machine, and a file of our own directory
	// The program looks at its own name to decide what it is.
	cmd.Args[0] = strings.TrimSuffix(p.name, "-server") + "-check-aof"
	cmd.Env = []string{"LC_ALL=C"}
	cmd.Stdin = strings.NewReader("y\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("check %s: %w: %s", file, err, lastLine(out))
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "This will shrink") {
			return strings.TrimSpace(line), nil
		}
	}
	return "", nil
}

// lastFile is the append-only file that was being written last, by the
// manifest beside it; "" where there is none yet.
func lastFile(dir string) (string, error) {
	manifest, err := os.ReadFile(filepath.Join(dir, "appendonly.aof.manifest"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("embedded store: read the manifest of the append-only file: %w", err)
	}
	last := ""
	lines := bufio.NewScanner(bytes.NewReader(manifest))
	for lines.Scan() { // file appendonly.aof.2.incr.aof seq 2 type i
		words := strings.Fields(lines.Text())
		if len(words) >= 6 && words[0] == "file" && words[5] == "i" {
			last = filepath.Base(words[1])
		}
	}
	if last == "." || last == ".." || last == string(filepath.Separator) {
		return "", errors.New("embedded store: the manifest of the append-only file names no file")
	}
	if last == "" {
		return "", nil
	}
	return filepath.Join(dir, last), nil
}

func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}

// mend is Mend before a start. What cannot be checked is the server's to judge.
func (s *Server) mend() {
	switch cut, err := Mend(context.Background(), s.dir); {
	case err != nil:
		s.log.Warn("the end of the append-only file could not be checked; the server starts all the same", "error", err)
	case cut != "":
		s.log.Warn("a power cut had torn the end of the append-only file; what was never acknowledged was cut off", "checker", cut)
	}
}
