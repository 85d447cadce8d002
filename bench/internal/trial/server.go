package trial

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"ritorno/bench/internal/process"
	"ritorno/internal/embedded"
)

// server is a running Redis, whoever started it.
type server struct {
	*redis.Client
	pid int
	own *embedded.Server // nil: somebody else's
}

// startServer starts a Redis the way the service starts its own. fsync is
// "always" unless said otherwise.
func startServer(ctx context.Context, dir, fsync string) (*server, error) {
	own, err := embedded.Start(ctx, embedded.Options{Dir: dir, Fsync: fsync})
	if err != nil {
		return nil, err
	}
	s, err := joinServer(ctx, own.Socket())
	if err != nil {
		return nil, errors.Join(err, own.Close())
	}
	s.own = own
	return s, nil
}

// joinServer connects to a Redis that runs.
func joinServer(ctx context.Context, socket string) (*server, error) {
	s := &server{Client: redis.NewClient(&redis.Options{Network: "unix", Addr: socket})}
	pid, err := s.figure(ctx, "server", "process_id")
	if err != nil {
		return nil, errors.Join(err, s.Client.Close())
	}
	s.pid = int(pid)
	return s, nil
}

// close ends the connection, and the server if it is ours.
func (s *server) close() error {
	err := s.Client.Close()
	if s.own != nil {
		err = errors.Join(err, s.own.Close())
	}
	return err
}

// cpu is the processor time it has used.
func (s *server) cpu() (cpu, error) {
	d, err := process.CPU(s.pid, true)
	return cpu(d), err
}

// memory is what it has allocated, in bytes, without the buffers of its
// clients: they come and go and are the same for any number of contacts.
func (s *server) memory(ctx context.Context) (int64, error) {
	used, err := s.figure(ctx, "memory", "used_memory")
	if err != nil {
		return 0, err
	}
	list, err := s.ClientList(ctx).Result()
	if err != nil {
		return 0, fmt.Errorf("ask redis for its clients: %w", err)
	}
	for _, field := range strings.Fields(list) {
		v, found := strings.CutPrefix(field, "tot-mem=")
		if !found {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("redis says %s: %w", field, err)
		}
		used -= n
	}
	return used, nil
}

// figure reads a number of INFO.
func (s *server) figure(ctx context.Context, section, name string) (int64, error) {
	v, err := s.info(ctx, section, name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("redis says %s:%s: %w", name, v, err)
	}
	return n, nil
}

func (s *server) info(ctx context.Context, section, name string) (string, error) {
	text, err := s.Info(ctx, section).Result()
	if err != nil {
		return "", fmt.Errorf("ask redis for %s: %w", name, err)
	}
	_, rest, found := strings.Cut(text, "\n"+name+":")
	if !found {
		return "", fmt.Errorf("redis does not tell %s", name)
	}
	v, _, _ := strings.Cut(rest, "\r")
	return v, nil
}
