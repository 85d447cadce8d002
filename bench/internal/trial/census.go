package trial

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Family is a kind of keys and what it costs.
type Family struct {
	Name  string
	Bytes float64 // for each contact, from MEMORY USAGE
	Keys  float64 // for each contact
}

// kinds tell what a key is for, by how it begins (any shard is {*}). What
// fits none is counted as "other".
var kinds = []struct{ pattern, name string }{
	{"rit:{*}:c:", "records"},
	{"rit:{*}:due:", "due timers"},
	{"rit:{*}:d:", "delivery keys (duplicates)"},
	{"rit:{*}:o:", "order ids (for good)"},
	{"rit:lk:", "look-ups by e-mail, phone, customer id"},
	{"rit:lo:", "look-ups by order"},
	{"contact:", "contact hashes"},
	{"asynq:{*}:t:", "asynq tasks"},
	{"asynq:{*}:scheduled", "asynq schedule"},
}

// census weighs every key.
func census(ctx context.Context, s *server, contacts int) ([]Family, error) {
	sums := map[string]*Family{}
	for cursor := uint64(0); ; {
		keys, next, err := s.Scan(ctx, cursor, "", 2000).Result()
		if err != nil {
			return nil, fmt.Errorf("list keys: %w", err)
		}
		if err := weigh(ctx, s, keys, sums); err != nil {
			return nil, err
		}
		if cursor = next; cursor == 0 {
			break
		}
	}
	var list []Family
	for _, f := range sums {
		f.Bytes, f.Keys = f.Bytes/float64(contacts), f.Keys/float64(contacts)
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Family) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return list, nil
}

func weigh(ctx context.Context, s *server, keys []string, sums map[string]*Family) error {
	if len(keys) == 0 {
		return nil
	}
	cmds, err := s.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, k := range keys {
			p.MemoryUsage(ctx, k, 0)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("weigh keys: %w", err)
	}
	for i, c := range cmds {
		name := kindOf(keys[i])
		if sums[name] == nil {
			sums[name] = &Family{Name: name}
		}
		sums[name].Bytes += float64(c.(*redis.IntCmd).Val())
		sums[name].Keys++
	}
	return nil
}

func kindOf(key string) string {
	if open, end := strings.IndexByte(key, '{'), strings.IndexByte(key, '}'); open >= 0 && end > open && !strings.HasPrefix(key, "contact:") {
		key = key[:open+1] + "*" + key[end:]
	}
	for _, k := range kinds {
		if strings.HasPrefix(key, k.pattern) {
			return k.name
		}
	}
	return "other"
}
