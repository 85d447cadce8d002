// Package outbound is how calls leave for addresses that an operator wrote into
// the configuration: APIs of shops, and webhooks of theirs. They go to public
// addresses only, unless the operator opens a network; over HTTPS, without
// redirects, with limits of time and size. Nothing is repeated: callers know
// what may be.
package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// Limits of a call.
const (
	dialLimit = 5 * time.Second
	callLimit = 10 * time.Second
	maxAnswer = 1 << 20
	maxPause  = time.Hour
)

// Options configure a client. The zero value reaches every public address.
type Options struct {
	Allow   []netip.Prefix // internal networks that may be called all the same
	Timeout time.Duration  // of a whole call; 0 is ten seconds
	TLS     *tls.Config    // nil is Go's default
	Rate    float64        // calls a second, of all who share the client; 0: no limit
}

// ErrBusy: the call's turn would come after its context ends. Nothing was sent.
var ErrBusy = errors.New("more calls than the rate allows")

// Client makes guarded calls. It is safe for concurrent use.
type Client struct {
	http *http.Client
	pace *rate.Limiter // nil: none
}

// New makes a client. The environment's proxies are not used: behind one the
// guard would see the proxy's address and not the one that is called.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = callLimit
	}
	dialer := &net.Dialer{Timeout: dialLimit, Control: control(o.Allow)}
	c := &Client{http: &http.Client{
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSClientConfig: o.TLS.Clone(), TLSHandshakeTimeout: dialLimit,
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
		},
	}}
	if o.Rate > 0 {
		c.pace = rate.NewLimiter(rate.Limit(o.Rate), max(1, int(o.Rate)))
	}
	return c
}

// Answer is what came back, whatever its status.
type Answer struct {
	Status     int
	Header     http.Header
	Body       []byte
	RetryAfter time.Duration // the other side's wish, an hour at most; 0: none
}

// Post is Call with the method POST.
func (c *Client) Post(ctx context.Context, target string, header http.Header, body []byte) (Answer, error) {
	return c.call(ctx, http.MethodPost, target, header, body, maxAnswer)
}

// Get asks once, for an answer of at most most bytes; 0 is 1 MiB.
func (c *Client) Get(ctx context.Context, target string, header http.Header, most int64) (Answer, error) {
	if most <= 0 {
		most = maxAnswer
	}
	return c.call(ctx, http.MethodGet, target, header, nil, most)
}

// PostFor is Post for an answer of at most most bytes.
func (c *Client) PostFor(ctx context.Context, target string, header http.Header, body []byte, most int64) (Answer, error) {
	return c.call(ctx, http.MethodPost, target, header, body, most)
}

// Call sends one request once. Headers may hold credentials; errors never do,
// and hold no address either but one that was refused.
func (c *Client) Call(ctx context.Context, method, target string, header http.Header, body []byte) (Answer, error) {
	return c.call(ctx, method, target, header, body, maxAnswer)
}

func (c *Client) call(ctx context.Context, method, target string, header http.Header, body []byte, most int64) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return Answer{}, errors.New("the address is not understood")
	}
	if err := scheme(r.URL); err != nil {
		return Answer{}, err
	}
	if err := c.turn(ctx); err != nil {
		return Answer{}, err
	}
	r.Header = header.Clone()
	resp, err := c.http.Do(r)
	if err != nil {
		return Answer{}, bare(err)
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header, RetryAfter: pause(resp.Header)}
	a.Body, err = io.ReadAll(io.LimitReader(resp.Body, most+1))
	_ = resp.Body.Close()
	switch {
	case err != nil:
		return Answer{}, fmt.Errorf("the answer broke off: %w", bare(err))
	case int64(len(a.Body)) > most:
		return Answer{}, fmt.Errorf("the answer is longer than %d MiB", most>>20)
	}
	return a, nil
}

// turn waits until the rate allows a call.
func (c *Client) turn(ctx context.Context) error {
	if c.pace == nil {
		return nil
	}
	if err := c.pace.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrBusy // it says so before the time is over
	}
	return nil
}

// scheme lets plain HTTP go nowhere but to this machine, where tests are.
func scheme(u *url.URL) error {
	ip, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && ip.Unmap().IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && local {
		return nil
	}
	return errors.New("the address must begin with https://: the call carries credentials")
}

// bare takes the address out of an error of net/http.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// pause reads Retry-After in seconds; as a date it is a wish like none.
func pause(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n <= 0 {
		return 0
	}
	return min(time.Duration(min(n, int(maxPause/time.Second)))*time.Second, maxPause)
}
