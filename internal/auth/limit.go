package auth

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// What the contract promises to callers.
const (
	// LeastFailures is the number of bad signatures a minute that an address may
	// always send: many shops share the address of their platform.
	LeastFailures = 300
	// TokenRate is requests a second and API token.
	TokenRate = 100

	// callers bounds the memory of a limiter to some 20 MB. Whoever was silent
	// longest is forgotten first and starts anew.
	callers = 100_000

	// clockStep is how far now may be behind what a caller was counted at before
	// we take it that the clock was set back: a bucket fills only when time goes
	// on, and would stay shut until the old time is reached again. Calls that
	// merely overtake each other are far below it.
	clockStep = time.Minute
)

// Limiter bounds how often each caller may do something. It is safe for
// concurrent use.
type Limiter struct {
	limit rate.Limit
	burst int
	most  int

	mu     sync.Mutex
	recent *list.List // of *caller, the latest in front
	byKey  map[string]*list.Element
}

type caller struct {
	key    string
	bucket *rate.Limiter
	at     time.Time // latest now
}

// NewLimiter allows each caller perSecond on average and burst at once. It
// remembers most callers, at least one.
func NewLimiter(perSecond float64, burst, most int) *Limiter {
	return &Limiter{
		limit: rate.Limit(perSecond), burst: burst, most: max(most, 1),
		recent: list.New(), byKey: make(map[string]*list.Element),
	}
}

// Failures limits bad signatures by address. Fewer than 300 a minute become
// 300. Ask it after a signature proved bad only, so that a good one is never
// limited: false means 429 in place of 401.
func Failures(perMinute int) *Limiter {
	perMinute = max(perMinute, LeastFailures)
	return NewLimiter(float64(perMinute)/time.Minute.Seconds(), perMinute, callers)
}

// Requests limits API requests by token, 100 a second.
func Requests() *Limiter { return NewLimiter(TokenRate, TokenRate, callers) }

// Allow counts one more of key at now (real time) and reports whether it is
// within the limit. What was refused does not count.
func (l *Limiter) Allow(key string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.caller(key)
	if c.at.Sub(now) > clockStep {
		c.bucket, c.at = rate.NewLimiter(l.limit, l.burst), now
	}
	if now.After(c.at) {
		c.at = now
	}
	return c.bucket.AllowN(now, 1)
}

// Wait is how long key must wait at now before [Limiter.Allow] is true again,
// for Retry-After. It counts nothing.
func (l *Limiter) Wait(key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, known := l.byKey[key]
	if !known || l.limit <= 0 {
		return 0
	}
	missing := 1 - e.Value.(*caller).bucket.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.limit) * float64(time.Second))
}

// Len is the number of callers remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.recent.Len()
}

// caller finds or makes the entry of key and puts it in front.
func (l *Limiter) caller(key string) *caller {
	if e, known := l.byKey[key]; known {
		l.recent.MoveToFront(e)
		return e.Value.(*caller)
	}
	if l.recent.Len() >= l.most {
		oldest := l.recent.Back()
		delete(l.byKey, oldest.Value.(*caller).key)
		l.recent.Remove(oldest)
	}
	c := &caller{key: key, bucket: rate.NewLimiter(l.limit, l.burst)}
	l.byKey[key] = l.recent.PushFront(c)
	return c
}
