package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// wrap says what was being done when err came up, and classes it: an absent
// key becomes [ErrNotFound], a server that did not confirm becomes
// [ErrUnavailable]. The chain of err stays visible to errors.Is and errors.As.
// A nil err stays nil.
func wrap(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case known(err):
		return fmt.Errorf("%s: %w", op, err)
	case errors.Is(err, redis.Nil):
		return fmt.Errorf("%s: %w (%w)", op, ErrNotFound, err)
	case unconfirmed(err):
		return fmt.Errorf("%s: %w: %w", op, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

// known reports whether err is already one of the errors callers branch on.
func known(err error) bool {
	for _, k := range []error{ErrNotFound, ErrDuplicate, ErrFence, ErrUnavailable, ErrUnsafe, ErrShards} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// refusals are the first words of answers with which a server says "not now":
// nothing was done, and the same call may succeed later.
var refusals = []string{
	"LOADING", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "NOREPLICAS",
	"OOM", "MISCONF", "BUSY", "MOVED", "ASK", "UNKILLABLE", "WRONGPASS", "NOAUTH", "NOPERM",
}

// unconfirmed reports whether err leaves open whether, or makes sure that, the
// server did not do what it was asked.
func unconfirmed(err error) bool {
	if lost(err) {
		return true
	}
	var answer redis.Error
	if errors.As(err, &answer) {
		return refused(answer.Error())
	}
	return false
}

// refused looks at the text of a server's answer. In a script the server puts
// its own code first, too.
func refused(text string) bool {
	text = strings.TrimPrefix(text, "ERR ")
	for _, r := range refusals {
		if strings.HasPrefix(text, r+" ") || text == r {
			return true
		}
	}
	return strings.HasPrefix(text, "max number of clients reached") || strings.HasPrefix(text, "-OOM ")
}

// lost reports whether the connection failed under a call, so that nobody
// knows whether the server executed it.
func lost(err error) bool {
	for _, e := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, os.ErrDeadlineExceeded,
		context.DeadlineExceeded, context.Canceled, redis.ErrClosed,
		redis.ErrPoolTimeout, redis.ErrPoolExhausted, redis.ErrAutoPipelineTimeout,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ENOENT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var n net.Error
	return errors.As(err, &n)
}
