package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// disk answers WAITAOF, which the server of the tests does not have yet.
type disk struct {
	confirms int64 // 1: the file is on disk; 0: not in time
	waits    atomic.Int64
	writes   atomic.Int64 // scratch writes seen
}

func (d *disk) DialHook(next redis.DialHook) redis.DialHook { return next }
func (d *disk) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (d *disk) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch wait, ok := cmd.(*redis.IntSliceCmd); {
		case ok && cmd.Name() == "waitaof":
			d.waits.Add(1)
			wait.SetVal([]int64{d.confirms, 0})
			return nil
		case cmd.Name() == "set":
			d.writes.Add(1)
		}
		return next(ctx, cmd)
	}
}

func TestBarrierIsSharedByThoseWhoWait(t *testing.T) {
	s := open(t, oneNode(t))
	d := &disk{confirms: 1}
	s.Client().AddHook(d)
	s.WithWaitAOF()
	const callers = 200
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			_, err := s.Update(context.Background(), store.Request{ID: fmt.Sprintf("c%011d", i), Create: true}, writing(func(*lifecycle.Contact) {}))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := d.waits.Load(); n == 0 || n >= callers || d.writes.Load() != n {
		t.Errorf("%d waits after %d writes for %d callers", n, d.writes.Load(), callers)
	}
	before := d.waits.Load()
	if _, err := s.Load(t.Context(), "c00000000000"); err != nil || d.waits.Load() != before {
		t.Errorf("a read waited for the disk: %v", err)
	}
}

func TestDiskThatIsTooSlow(t *testing.T) {
	s := open(t, oneNode(t))
	s.Client().AddHook(&disk{})
	s.WithWaitAOF()
	_, err := s.Update(t.Context(), store.Request{ID: anna, Create: true}, writing(func(*lifecycle.Contact) {}))
	if !errors.Is(err, store.ErrUnavailable) || s.Stats().Unconfirmed != 1 {
		t.Errorf("%v, %d unconfirmed", err, s.Stats().Unconfirmed)
	}
}
