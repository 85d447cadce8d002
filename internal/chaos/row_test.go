package chaos_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"ritorno/connectors/fake"
)

const hookSecret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// stepsEach is how many messages fall due for each contact.
const stepsEach = 6

// row is one line of the table: a design under a load and its faults.
type row struct {
	name      string
	fsync     string
	replicas  int // as redis.replicas says
	sends     int // messages due: ten for each contact
	pace      int // seconds between the steps of a contact; 0: 2
	kills     int
	cuts      int
	failovers int
	stops     int // SIGSTOP for longer than a lease
	races     int
	may       bool // it may lose and double: shown for comparison
}

// storm is one run of a row.
type storm struct {
	row
	t      *testing.T
	rng    *rand.Rand
	dir    string
	led    *ledger
	redis  *machine
	second *machine // the replica
	link   *proxy   // between primary and replica
	front  *proxy   // what serve connects to
	web    *proxy   // what webhooks and callbacks connect to
	procs  []*instance
	client *http.Client

	contacts  int
	fed       atomic.Int64
	mu        sync.Mutex
	told      []int             // contacts whose first order was acknowledged, in that order
	prevented map[int]time.Time // when a purchase or STOP of a contact was acknowledged
	killed    int
	cutBytes  int64
	extra     int // contacts that came only while the rest came to its end
	began     time.Time
}

func (s *storm) config() string {
	var steps strings.Builder
	for i := range stepsEach {
		fmt.Fprintf(&steps, "      - {after: %ds, channel: sms, template: survey}\n", 30*24*3600+i*max(s.pace, 2))
	}
	settle, recheck, unknown := "1s", "3s", "hold" // too soon for the records to prove anything: a short run lists what it does not know
	if *fullRun {
		settle, recheck, unknown = "125s", "135s", "resend_if_not_found"
	}
	return fmt.Sprintf(`public_url: http://%s
listen: LISTEN
data_dir: DATA
redis: {url: "redis://%s/0", shards: 16, allow_unsafe: %t, replicas: %d}
twilio: {account_sid: %s, auth_token: %s, from: %q, rate: 1000, base_url: %q}
delivery: {settle: %s, recheck: %s, on_unknown: %s}
shops:
  storm:
    name: Storm
    home_url: https://storm.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: EUR
    law: "off"
    brakes: "off"
    consent: {assume: {sms: subscribed}}
    quiet_hours: {from: "00:00", to: "00:00"}
    sources: {erp: {kind: webhook, secret: whsec_%s}}
    journeys: [storm]
journeys:
  storm:
    trigger: inactivity
    steps:
%s    finish: {after: 30d, otherwise: active}
`, s.web.addr(), s.front.addr(), s.fsync != "always" || s.may, s.replicas, account, authToken, sender, s.led.URL, settle, recheck, unknown, hookSecret, steps.String())
}

// play runs the row to its end and judges it.
func (r row) play(t *testing.T, bin, shim string, seed uint64) verdict {
	t.Helper()
	s := &storm{
		row: r, t: t, rng: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir(), led: newLedger(seed), contacts: (r.sends + stepsEach - 1) / stepsEach,
		prevented: map[int]time.Time{}, began: time.Now(),
		client: &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16, DisableKeepAlives: true}},
	}
	t.Cleanup(s.led.end)
	s.redis = newMachine(t, r.fsync, shim)
	s.front = newProxy(t, s.redis.addr())
	if r.failovers > 0 {
		s.second = newMachine(t, r.fsync, "")
		s.link = newProxy(t, s.redis.addr())
		s.follow(s.second)
	}
	addrs := []string{"127.0.0.1:" + port(t), "127.0.0.1:" + port(t)}
	s.web = newProxy(t, addrs...)
	conf := s.config()
	for i, a := range addrs {
		in := newInstance(t, bin, s.dir, "serve"+strconv.Itoa(i), a, conf)
		if r.kills > 0 {
			in.env = []string{"RITORNO_KILL_AT=claimed=0.0005,begin=0.001,begun=0.002,post=0.002,answered=0.002,recorded=0.001,looked=0.002,stored=0.0005"}
		}
		s.procs = append(s.procs, in)
		in.start()
	}
	for _, in := range s.procs {
		if !in.ready(60 * time.Second) {
			t.Fatalf("%s does not come up\n%s", in.conf, tailOf(filepath.Join(s.dir, "serve0.log")))
		}
	}
	var load sync.WaitGroup
	loaded := make(chan struct{})
	load.Go(s.feed)
	raceSeed := s.rng.Uint64() // the faults draw from s.rng from here on
	load.Go(func() { s.race(raceSeed) })
	go func() { load.Wait(); close(loaded) }()
	s.faults()
	s.revive(loaded)
	s.led.quiet()
	for _, in := range s.procs { // from here on nobody dies any more
		in.end()
		in.env = nil
		in.start()
	}
	s.drain()
	listed := s.listed()
	for _, in := range s.procs {
		in.end()
	}
	return s.judge(listed)
}

// listed are the messages on the operator's list of unknown outcomes.
func (s *storm) listed() map[string]bool {
	s.t.Helper()
	out, err := exec.Command(s.procs[0].bin, "--config", s.procs[0].conf, "--json", "uncertain", "list").Output()
	var list []struct{ ID string }
	if err == nil {
		err = json.Unmarshal(out, &list)
	}
	if err != nil {
		s.t.Fatalf("ritorno uncertain list: %v", err)
	}
	ids := map[string]bool{}
	for _, m := range list {
		ids[m.ID] = true
	}
	return ids
}

func phone(i int) string { return fmt.Sprintf("+39333%07d", i) }

// feed posts an old order of each contact, so that its journey is due at once.
func (s *storm) feed() {
	next := make(chan int)
	var work sync.WaitGroup
	for range 6 {
		work.Go(func() {
			for i := range next {
				s.order(i, "old", time.Now().Add(-30*24*time.Hour))
				s.mu.Lock()
				s.told = append(s.told, i)
				s.mu.Unlock()
				s.fed.Add(1)
			}
		})
	}
	for i := range s.contacts {
		next <- i
	}
	close(next)
	work.Wait()
}

// order posts an order of contact i until it is acknowledged.
func (s *storm) order(i int, kind string, at time.Time) {
	id := fmt.Sprintf("%s-%d", kind, i)
	body := fmt.Sprintf(`{"type":"order.created","timestamp":%q,"data":{"id":%q,"created_at":%q,"currency":"EUR","total":"10.00","customer":{"id":"C%d","phone":%q,"first_name":"Anna"}}}`,
		at.UTC().Format(time.RFC3339), id, at.UTC().Format(time.RFC3339), i, phone(i))
	key, err := base64.StdEncoding.DecodeString(hookSecret)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.until(func() (*http.Request, error) {
		stamp := strconv.FormatInt(time.Now().Unix(), 10)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + stamp + "." + body))
		req, err := http.NewRequest(http.MethodPost, "http://"+s.web.addr()+"/hooks/storm/erp", bytes.NewReader([]byte(body)))
		if err == nil {
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("webhook-id", id)
			req.Header.Set("webhook-timestamp", stamp)
			req.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		}
		return req, err
	})
}

func (s *storm) stop(i int) {
	target := "http://" + s.web.addr() + "/callbacks/twilio/inbound"
	form := url.Values{"MessageSid": {fmt.Sprintf("SMin%028d", i)}, "From": {phone(i)}, "To": {sender}, "Body": {"STOP"}, "AccountSid": {account}}
	s.until(func() (*http.Request, error) {
		req, err := http.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
		if err == nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("X-Twilio-Signature", fake.SignTwilio(authToken, target, form))
		}
		return req, err
	})
}

// until repeats a request until it is answered with 2xx.
func (s *storm) until(make func() (*http.Request, error)) {
	for try := 0; ; try++ {
		req, err := make()
		if err != nil {
			s.t.Error(err)
			return
		}
		if resp, err := s.client.Do(req); err == nil {
			b, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
			_ = resp.Body.Close()
			if resp.StatusCode/100 == 2 {
				return
			}
			if resp.StatusCode/100 == 4 {
				s.t.Errorf("%s answered %d: %s", req.URL.Path, resp.StatusCode, b)
				return
			}
		}
		time.Sleep(time.Duration(min(20*(try+1), 500)) * time.Millisecond)
	}
}

// race lets purchases and STOPs come while messages are under way.
func (s *storm) race(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	var mu sync.Mutex
	var work sync.WaitGroup
	left := atomic.Int64{}
	left.Store(int64(s.races))
	for range 3 {
		work.Go(func() {
			for left.Add(-1) >= 0 {
				for s.fed.Load() < 20 {
					time.Sleep(10 * time.Millisecond)
				}
				mu.Lock()
				// among those fed last: their messages are being sent
				n := int(s.fed.Load())
				back := rng.IntN(min(n, max(50, s.contacts/10)))
				buy := rng.IntN(2) == 0
				pause := time.Duration(rng.IntN(20)) * time.Millisecond
				mu.Unlock()
				s.mu.Lock()
				i := s.told[len(s.told)-1-back]
				_, done := s.prevented[i]
				s.mu.Unlock()
				if done {
					left.Add(1)
					time.Sleep(pause)
					if s.fed.Load() == int64(s.contacts) {
						left.Add(-1) // nobody new comes any more
					}
					continue
				}
				if buy {
					s.order(i, "new", time.Now())
				} else {
					s.stop(i)
				}
				at := time.Now()
				s.mu.Lock()
				s.prevented[i] = at
				s.mu.Unlock()
				time.Sleep(pause)
			}
		})
	}
	work.Wait()
}

// faults lets everything go wrong that the row says, then returns.
func (s *storm) faults() {
	cuts, fails, stops := s.cuts, s.failovers, s.stops
	tick := 0
	for s.killed < s.kills || cuts > 0 || fails > 0 || stops > 0 {
		time.Sleep(time.Duration(30+s.rng.IntN(120)) * time.Millisecond)
		tick++
		for _, in := range s.procs {
			if !in.alive() { // at one of the named points
				s.killed++
				in.start()
			}
		}
		if s.killed < s.kills {
			in := s.procs[s.rng.IntN(len(s.procs))]
			if in.alive() && in.ready(time.Millisecond) {
				in.kill()
				s.killed++
				in.start()
			}
		}
		switch {
		case cuts > 0 && tick%5 == 0:
			s.cutBytes += s.redis.powerCut(s.rng)
			if cuts--; s.rng.IntN(2) == 0 { // and again, at once
				s.cutBytes += s.redis.powerCut(s.rng)
				cuts--
			}
		case fails > 0 && tick%10 == 0:
			s.failover()
			fails--
		case stops > 0 && tick%40 == 0:
			in := s.procs[s.rng.IntN(len(s.procs))]
			in.proc.signal(syscall.SIGSTOP)
			time.Sleep(17 * time.Second)
			in.proc.signal(syscall.SIGCONT)
			stops--
		}
	}
}

// revive keeps the processes up that still die at the named points, until the
// load is through.
func (s *storm) revive(loaded <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-loaded:
			return
		case <-tick.C:
		}
		for _, in := range s.procs {
			if !in.alive() {
				s.killed++
				in.start()
			}
		}
	}
}

// follow makes m the replica of the primary, through the link.
func (s *storm) follow(m *machine) {
	c := admin(m)
	defer func() { _ = c.Close() }()
	_, p, _ := strings.Cut(s.link.addr(), ":")
	if err := c.Do(context.Background(), "replicaof", "127.0.0.1", p).Err(); err != nil {
		s.t.Fatal(err)
	}
	first := admin(s.redis)
	defer func() { _ = first.Close() }()
	for limit := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		info, err := first.Info(context.Background(), "replication").Result()
		if err == nil && strings.Contains(info, "state=online") {
			return
		}
		if time.Now().After(limit) {
			s.t.Fatalf("the replica does not catch up: %s %v", info, err)
		}
	}
}

// failover stalls the link, loses the primary's machine for good, and makes the
// replica the primary. Another replica follows it.
func (s *storm) failover() {
	s.link.stalled.Store(true)
	time.Sleep(time.Duration(100+s.rng.IntN(400)) * time.Millisecond)
	s.redis.proc.kill()
	s.link.stalled.Store(false)
	s.link.drop()
	c := admin(s.second)
	if err := c.Do(context.Background(), "replicaof", "no", "one").Err(); err != nil {
		s.t.Fatal(err)
	}
	_ = c.Close()
	s.redis = s.second
	s.front.lead(s.redis.addr())
	s.link.lead(s.redis.addr())
	s.second = newMachine(s.t, s.fsync, "")
	s.follow(s.second)
}
