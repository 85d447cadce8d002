package store_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

func BenchmarkEncode(b *testing.B) {
	c := typical()
	size := 0
	for b.Loop() {
		stored, err := store.Encode(c, 1)
		if err != nil {
			b.Fatal(err)
		}
		size = len(stored)
	}
	b.ReportMetric(float64(size), "bytes/record")
}

func BenchmarkDecode(b *testing.B) {
	stored, err := store.Encode(typical(), 1)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := store.Decode(anna, stored); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUpdate is one order for one of 10,000 contacts: read, decide, store
// with delivery key, order and counters, fsync included.
func BenchmarkUpdate(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(strconv.Itoa(callers)+" callers", func(b *testing.B) {
			where := oneNode(b)
			where.Shards = 64
			s := open(b, where)
			ids := make([]string, 10_000)
			for i := range ids {
				ids[i] = store.NewID()
			}
			var n atomic.Uint64
			b.SetParallelism((callers + 1) / 2)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					key := i * 0x9e3779b97f4a7c15
					_, err := s.Update(context.Background(), store.Request{ID: ids[key%10_000], Create: true, Delivery: key, Orders: []uint64{key}},
						func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
							version := c.Version
							id := c.ID
							c = firstOrder()
							c.ID, c.Version = id, version
							return store.Change{Contact: c, Write: true, SeenOrders: []uint64{key}, Counts: []store.Count{{Shop: "a", Field: "orders", N: 1}}}, nil
						})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkMemory reports what contacts cost the server, all keys counted.
func BenchmarkMemory(b *testing.B) {
	where := oneNode(b)
	where.Shards = 64
	s := open(b, where)
	const contacts = 20_000
	before := used(b, s)
	var next atomic.Uint64
	for b.Loop() {
		b.SetParallelism(64)
		fill(b, s, &next, contacts)
	}
	b.ReportMetric(float64(used(b, s)-before)/float64(next.Load()), "server-bytes/contact")
}

func fill(b *testing.B, s *store.Store, next *atomic.Uint64, n int) {
	done := make(chan error, 64)
	for range 64 {
		go func() {
			for range n / 64 {
				i := next.Add(1)
				key := i * 0x9e3779b97f4a7c15
				_, err := s.Update(context.Background(), store.Request{ID: store.NewID(), Create: true, Delivery: key},
					func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
						id := c.ID
						c = typical()
						c.ID, c.Due = id, noon.AddDate(0, 0, int(i%30))
						return store.Change{Contact: c, Write: true, SeenOrders: []uint64{key}}, nil
					})
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 64 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

func used(b *testing.B, s *store.Store) int64 {
	b.Helper()
	text, err := s.Client().Info(context.Background(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "used_memory:")
	n, _, _ := strings.Cut(rest, "\r\n")
	v, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return v
}
