package chaos_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// plainEnv makes this test program a worker of a plain design: kind, address of
// Redis, address of the provider.
const plainEnv = "RITORNO_CHAOS_PLAIN"

// plain is a design as one finds it, under the same faults.
type plain struct {
	name, kind   string
	sends, kills int
}

func plains() []plain {
	n, kills := pick(0, 500, 6000), pick(0, 20, 90)
	return []plain{
		{"pop, then send", "pop", n, kills},
		{"lease, retry on 5xx and time-out", "lease", n, kills},
	}
}

// leaseFor is how long a worker of the second design has a message to itself.
const leaseFor = 2 * time.Second

var takeLease = redis.NewScript(`
local due = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, 1)
if #due == 0 then return false end
redis.call('ZADD', KEYS[1], ARGV[2], due[1])
return due[1]`)

func plainWorker() int {
	kind, rest, _ := strings.Cut(os.Getenv(plainEnv), " ")
	addr, provider, _ := strings.Cut(rest, " ")
	c := redis.NewClient(&redis.Options{Addr: addr})
	client := &http.Client{Timeout: 800 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	ctx := context.Background()
	post := func(id string) int {
		resp, err := client.Post(provider+"/plain", "text/plain", strings.NewReader(id))
		if err != nil {
			return 0
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return 0
		}
		return resp.StatusCode
	}
	var work sync.WaitGroup
	for range 16 {
		work.Go(func() {
			for {
				if kind == "pop" {
					if id, err := c.LPop(ctx, "queue").Result(); err == nil {
						if post(id) == http.StatusTooManyRequests {
							c.RPush(ctx, "queue", id)
						}
						continue
					}
				} else {
					now := time.Now()
					id, err := takeLease.Run(ctx, c, []string{"queue"}, now.UnixMilli(), now.Add(leaseFor).UnixMilli()).Text()
					if err == nil {
						if s := post(id); s/100 == 2 {
							c.ZRem(ctx, "queue", id)
						}
						continue
					}
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	work.Wait()
	return 0
}

func (p plain) play(t *testing.T) string {
	t.Helper()
	began := time.Now()
	led := newLedger(*seedFlag)
	t.Cleanup(led.end)
	m := newMachine(t, "always", "")
	c := admin(m)
	t.Cleanup(func() { _ = c.Close() })
	ctx := context.Background()
	for i := range p.sends {
		var err error
		if p.kind == "pop" {
			err = c.RPush(ctx, "queue", "m"+strconv.Itoa(i)).Err()
		} else {
			err = c.ZAdd(ctx, "queue", redis.Z{Score: 0, Member: "m" + strconv.Itoa(i)}).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	start := func() *child {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), plainEnv+"="+p.kind+" "+m.addr()+" "+led.URL)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		w, err := spawn(cmd)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	workers := []*child{start(), start()}
	t.Cleanup(func() {
		for _, w := range workers {
			w.kill()
		}
	})
	left := func() int64 {
		if p.kind == "pop" {
			return c.LLen(ctx, "queue").Val()
		}
		return c.ZCard(ctx, "queue").Val()
	}
	rng := rand.New(rand.NewPCG(*seedFlag, 3))
	kills := 0
	for left() > 0 {
		time.Sleep(time.Duration(100+rng.IntN(100)) * time.Millisecond)
		if kills < p.kills {
			i := rng.IntN(2)
			workers[i].kill()
			workers[i] = start()
			kills++
		} else {
			led.quiet()
		}
	}
	time.Sleep(time.Second) // what is under way
	times, _ := led.counts()
	doubled := 0
	for _, n := range times {
		doubled += n - 1
	}
	return fmt.Sprintf("| %s | always | %d kills, in %s | %d | %d | 0 | %d | %d | - | - |", p.name, kills, time.Since(began).Round(time.Second), p.sends, len(times), p.sends-len(times), doubled)
}
