package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/store"
)

// answer is what a server says instead of a result.
type answer string

func (a answer) Error() string { return string(a) }
func (answer) RedisError()     {}

func TestErrorsHaveAClassAndKeepTheirChain(t *testing.T) {
	for name, c := range map[string]struct{ err, class error }{
		"an absent key":             {redis.Nil, store.ErrNotFound},
		"a cut connection":          {fmt.Errorf("read: %w", io.EOF), store.ErrUnavailable},
		"a refused connection":      {&net.OpError{Op: "dial", Err: errors.New("refused")}, store.ErrUnavailable},
		"a caller's deadline":       {context.DeadlineExceeded, store.ErrUnavailable},
		"a full pool":               {redis.ErrPoolTimeout, store.ErrUnavailable},
		"a server that loads":       {answer("LOADING Redis is loading the dataset in memory"), store.ErrUnavailable},
		"a replica":                 {answer("READONLY You can't write against a read only replica."), store.ErrUnavailable},
		"a cluster without a slot":  {answer("CLUSTERDOWN Hash slot not served"), store.ErrUnavailable},
		"a full memory":             {answer("OOM command not allowed when used memory > 'maxmemory'."), store.ErrUnavailable},
		"a full disk":               {answer("MISCONF Errors writing to the AOF file: No space left on device"), store.ErrUnavailable},
		"an error named before":     {fmt.Errorf("claim: %w", store.ErrFence), store.ErrFence},
		"a mistake in our own code": {answer("ERR wrong number of arguments"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := store.Wrap("do it", c.err)
			if !errors.Is(got, c.err) {
				t.Errorf("%v hides its cause", got)
			}
			for _, class := range []error{store.ErrNotFound, store.ErrUnavailable, store.ErrFence} {
				if errors.Is(got, class) != (class == c.class) {
					t.Errorf("%v: is %q: %v", got, class, class != c.class)
				}
			}
		})
	}
	if err := store.Wrap("do it", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}
