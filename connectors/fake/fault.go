package fake

import (
	"net"
	"net/http"
	"strconv"
	"time"
)

// FaultKind says how a request to send goes wrong.
type FaultKind uint8

// The faults. "After" means that the message was taken first.
const (
	None        FaultKind = iota
	TooMany               // 429 with Retry-After, not taken
	Refuse                // 400 with Code, not taken
	Unavailable           // 503, not taken
	ErrorAfter            // 500 after the message was taken
	ResetAfter            // connection reset after the message was taken
	HangAfter             // no answer after the message was taken, until the client leaves
	HangBefore            // no answer, not taken
	HalfBody              // the success answer breaks off
	NoID                  // success without an id
	Redirect              // 307 to the same place, not taken
	Slow                  // success after Wait
)

// Fault is what happens to one request.
type Fault struct {
	Kind FaultKind
	Code int           // of Refuse: Twilio's error code; 0 is 21211
	Wait time.Duration // of TooMany (whole seconds) and Slow
}

func (f Fault) status() int {
	switch f.Kind {
	case TooMany:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

func (f Fault) code() int {
	switch {
	case f.Kind == TooMany:
		return 20429
	case f.Kind == Unavailable:
		return 20503
	case f.Code != 0:
		return f.Code
	}
	return 21211
}

// before acts out the faults in which the message is not taken. True: it did.
func (p *Provider) before(w http.ResponseWriter, r *http.Request, f Fault, refuse func()) bool {
	switch f.Kind {
	case TooMany:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		refuse()
	case Refuse, Unavailable:
		refuse()
	case Redirect:
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusTemporaryRedirect)
	case HangBefore:
		p.hang(r)
		reset(w)
	default:
		return false
	}
	return true
}

// answer is what is said when a message was taken.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// answer gives it, or acts out the faults that come after taking. Reports about
// the message wait for Flush from before the answer; those that go by
// themselves follow it, or go ahead of one that goes wrong.
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, f Fault, s *Sent, a answer) {
	p.report(s)
	if f.Kind == None {
		defer p.start()
	} else {
		p.start()
	}
	switch f.Kind {
	case ErrorAfter:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case ResetAfter:
		reset(w)
		return
	case HangAfter:
		p.hang(r)
		reset(w)
		return
	case Slow:
		p.wait(r, f.Wait)
	}
	for name, v := range a.header {
		w.Header()[name] = v
	}
	body := a.body
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if f.Kind == HalfBody {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		body = body[:len(body)/2]
	}
	if len(a.body) > 0 {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the client left: nothing to do
	_ = http.NewResponseController(w).Flush()
	if f.Kind == HalfBody {
		reset(w)
	}
}

// hang waits until the client leaves or the provider is closed.
func (p *Provider) hang(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.ctx.Done():
	}
}

func (p *Provider) wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	case <-p.ctx.Done():
	}
}

// reset ends the connection the hard way.
func reset(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the server then closes the connection
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}
