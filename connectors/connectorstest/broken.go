package connectorstest

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// line is one way in which a connection breaks.
type line struct {
	name string
	tls  bool
	// play acts on an accepted connection; gone is closed when the row is over.
	play func(c net.Conn, answer string, gone <-chan struct{})
	want []lifecycle.Outcome
	// limit ends a send that the peer would let hang; 0: it ends by itself.
	limit time.Duration
}

// A send to a silent peer must end; the longer limit leaves time for what
// comes before the silence, on a busy machine too.
const (
	shortly = 150 * time.Millisecond
	later   = time.Second
)

var (
	unknown = []lifecycle.Outcome{lifecycle.Ambiguous}
	notSent = []lifecycle.Outcome{lifecycle.NotSent}
	sent    = []lifecycle.Outcome{lifecycle.Accepted}
)

// lines are the rows of the fault table that a plain peer can act out.
var lines = []line{
	{
		name: "accepted and closed: nobody read, or nothing was written", want: append(unknown, notSent...),
		play: func(c net.Conn, _ string, _ <-chan struct{}) {},
	},
	{
		name: "closed after ten bytes", want: unknown,
		play: func(c net.Conn, _ string, _ <-chan struct{}) { _, _ = io.ReadFull(c, make([]byte, 10)) },
	},
	{
		name: "closed after the whole request", want: unknown,
		play: func(c net.Conn, _ string, _ <-chan struct{}) { readRequest(c) },
	},
	{
		name: "reset after the whole request", want: unknown,
		play: func(c net.Conn, _ string, _ <-chan struct{}) { readRequest(c); linger(c) },
	},
	{
		name: "read, then silence", want: unknown, limit: shortly,
		play: func(c net.Conn, _ string, gone <-chan struct{}) { readRequest(c); <-gone },
	},
	{
		name: "never read", want: unknown, limit: shortly,
		play: func(_ net.Conn, _ string, gone <-chan struct{}) { <-gone },
	},
	{name: "half a status line", want: unknown, play: cut(func(a string) string { return a[:len("HTTP/1.1 20")] })},
	{name: "half the head", want: unknown, play: cut(func(a string) string { return a[:strings.Index(a, "\r\n")+6] })},
	{name: "half the body", want: sent, play: cut(halfBody)},
	{
		name: "the head, then silence", want: sent, limit: later,
		play: func(c net.Conn, a string, gone <-chan struct{}) {
			readRequest(c)
			_, _ = io.WriteString(c, halfBody(a))
			<-gone
		},
	},
	{name: "the whole answer, then closed", want: sent, play: cut(func(a string) string { return a })},
	{
		name: "an answer that switches protocols", want: unknown,
		play: cut(func(string) string {
			return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
		}),
	},
	{name: "not HTTP at all", want: unknown, play: cut(func(string) string { return "220 smtp ready\r\n" })},
	{
		name: "closed during the TLS handshake", tls: true, want: notSent,
		play: func(c net.Conn, _ string, _ <-chan struct{}) { _, _ = io.ReadFull(c, make([]byte, 10)) },
	},
	{
		name: "silent during the TLS handshake", tls: true, want: notSent, limit: shortly,
		play: func(_ net.Conn, _ string, gone <-chan struct{}) { <-gone },
	},
}

func cut(part func(answer string) string) func(net.Conn, string, <-chan struct{}) {
	return func(c net.Conn, answer string, _ <-chan struct{}) {
		readRequest(c)
		_, _ = io.WriteString(c, part(answer))
	}
}

// halfBody announces one byte more than comes.
func halfBody(answer string) string {
	head, body, _ := strings.Cut(answer, "\r\n\r\n")
	head = strings.Replace(head, "Content-Length: ", "X-Was: ", 1)
	return head + "\r\nContent-Length: 4000\r\n\r\n" + body[:len(body)/2]
}

func readRequest(c net.Conn) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

func linger(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
}

func brokenLines(t *testing.T, c SenderCase, leaks *leaks) {
	answer := wholeAnswer(t, c)
	for _, l := range lines {
		t.Run(l.name, func(t *testing.T) {
			p := newPeer(t, func(conn net.Conn, gone <-chan struct{}) { l.play(conn, answer, gone) })
			ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(l.limit, time.Minute))
			defer cancel()
			r := c.New(p.url(l.tls)).Send(ctx, c.Outgoing)
			p.close()
			leaks.inResult(t, r)
			if !among(r.Outcome, l.want) {
				t.Errorf("outcome %v, want one of %v", r.Outcome, l.want)
			}
			if n := p.connections.Load(); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
	notReached(t, c, leaks)
}

// notReached are the rows in which no byte of the request can have left.
func notReached(t *testing.T, c SenderCase, leaks *leaks) {
	none := func(t *testing.T, ctx context.Context, url string, deadline time.Time) {
		m := c.Outgoing
		m.Deadline = deadline
		r := c.New(url).Send(ctx, m)
		leaks.inResult(t, r)
		if r.Outcome != lifecycle.NotSent || r.Reason != lifecycle.ReasonProvider {
			t.Errorf("outcome %v, reason %q; want not_sent and provider_unavailable", r.Outcome, r.Reason)
		}
	}
	t.Run("nothing listens", func(t *testing.T) {
		p := newPeer(t, func(net.Conn, <-chan struct{}) {})
		p.close()
		none(t, t.Context(), p.url(false), time.Time{})
	})
	t.Run("a certificate nobody vouches for", func(t *testing.T) {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Error("the request arrived")
		}))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		defer s.Close()
		none(t, t.Context(), s.URL, time.Time{})
	})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request arrived") }))
	defer s.Close()
	t.Run("the deadline has passed", func(t *testing.T) { none(t, t.Context(), s.URL, time.Now().Add(-time.Second)) })
	t.Run("the caller has given up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		none(t, ctx, s.URL, time.Time{})
	})
}

// wholeAnswer is the provider's success as it stands on the wire.
func wholeAnswer(t *testing.T, c SenderCase) string {
	t.Helper()
	w := httptest.NewRecorder()
	c.Accepted(w)
	resp := w.Result()
	defer func() { _ = resp.Body.Close() }()
	resp.ContentLength = int64(w.Body.Len())
	resp.Proto, resp.ProtoMajor, resp.ProtoMinor = "HTTP/1.1", 1, 1
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatalf("write the provider's answer: %v", err)
	}
	return b.String()
}

// peer is a listener that plays one row with everybody who connects.
type peer struct {
	l           net.Listener
	connections atomic.Int64
	gone        chan struct{}
	once        sync.Once
	wg          sync.WaitGroup
}

func newPeer(t *testing.T, play func(net.Conn, <-chan struct{})) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	p := &peer{l: l, gone: make(chan struct{})}
	t.Cleanup(p.close)
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.connections.Add(1)
			p.wg.Go(func() {
				defer func() { _ = c.Close() }()
				play(c, p.gone)
			})
		}
	})
	return p
}

func (p *peer) url(tls bool) string {
	if tls {
		return "https://" + p.l.Addr().String()
	}
	return "http://" + p.l.Addr().String()
}

func (p *peer) close() {
	p.once.Do(func() {
		_ = p.l.Close()
		close(p.gone)
	})
	p.wg.Wait()
}
