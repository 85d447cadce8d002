package transport

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// maxPause is the longest wait between two tries of a harmless request; a
// provider that asks for more is asked again later by the schedule.
const maxPause = 30 * time.Second

// Reader returns a client for requests that may be repeated without harm:
// looking messages up, checking credentials. It tries four times at most,
// follows no redirect and refuses to carry anything but GET and HEAD. One
// client serves many requests and goroutines.
func Reader(o Options) *http.Client {
	o.DialTimeout = orDefault(o.DialTimeout, DefaultDial)
	o.TLSTimeout = orDefault(o.TLSTimeout, DefaultTLS)
	rc := &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport:     &reader{o: o, base: roundTripper(o, plain)},
			CheckRedirect: refuseRedirect,
			Timeout:       orDefault(o.SendTimeout, DefaultSend),
		},
		RetryMax:     3,
		RetryWaitMin: 200 * time.Millisecond,
		RetryWaitMax: 5 * time.Second,
		CheckRetry:   again,
		Backoff:      pause,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	c := rc.StandardClient()
	c.CheckRedirect = refuseRedirect
	return c
}

// again is the library's policy, except that a provider who asks for a long
// pause gets it from the schedule and not from a waiting goroutine.
func again(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if resp != nil && RetryAfter(resp.Header, time.Now()) > maxPause {
		return false, nil
	}
	repeat, _ := retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	return repeat, nil
}

func pause(shortest, longest time.Duration, try int, resp *http.Response) time.Duration {
	return min(retryablehttp.DefaultBackoff(shortest, longest, try, resp), maxPause)
}

func plain(_ context.Context, c net.Conn) (net.Conn, error) { return c, nil }

type reader struct {
	o    Options
	base http.RoundTripper
}

func (t *reader) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		closeBody(r)
		return nil, ErrSecond
	}
	q := r.Clone(r.Context())
	q.URL = t.o.address(q.URL)
	q.Host = ""
	if t.o.Authorize != nil {
		t.o.Authorize(q.Header)
	}
	return t.base.RoundTrip(q)
}
