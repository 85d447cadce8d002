package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/internal/embedded"

	"github.com/redis/go-redis/v9"
)

const (
	parentDir = "RITORNO_TEST_EMBEDDED_DIR"
	patience  = 20 * time.Second
)

// TestMain is also the program of the helper process: a parent that starts the
// store in the given directory, says so and waits to be killed.
func TestMain(m *testing.M) {
	dir := os.Getenv(parentDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	srv, err := embedded.Start(context.Background(), embedded.Options{Dir: dir})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(srv.Socket())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends or kills us
	_ = srv.Close()
}

// startParent runs that helper process and returns when its store answers.
func startParent(t *testing.T, dir string) (parent *exec.Cmd, socket string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parentDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // killed by the test, or ending because its input did
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.HasPrefix(line, "error:") {
		t.Fatalf("the parent process said %q, %v", line, err)
	}
	return cmd, strings.TrimSpace(line)
}

func start(t *testing.T, o embedded.Options) *embedded.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	srv, err := embedded.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	return srv
}

func client(t *testing.T, socket string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// info returns one field of the server's INFO.
func info(t *testing.T, c *redis.Client, section, field string) string {
	t.Helper()
	text, err := c.Info(t.Context(), section).Result()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), field+":"); ok {
			return value
		}
	}
	t.Fatalf("INFO %s has no %s", section, field)
	return ""
}

func serverPID(t *testing.T, c *redis.Client) int {
	t.Helper()
	pid, err := strconv.Atoi(info(t, c, "server", "process_id"))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func set(t *testing.T, c *redis.Client, key, value string) {
	t.Helper()
	if err := c.Set(t.Context(), key, value, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, c *redis.Client, key string) string {
	t.Helper()
	value, err := c.Get(t.Context(), key).Result()
	if err != nil {
		t.Fatalf("GET %s: %v", key, err)
	}
	return value
}

// eventually polls until done; the processes under test are real, so there is
// nothing to wait on but the fact itself.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatalf("not within %s: %s", patience, what)
		case <-tick.C:
		}
	}
}
