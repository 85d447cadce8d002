package chaos_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/lifecycle"
)

const (
	account   = "AC00000000000000000000000000000000"
	authToken = "chaostoken"
	sender    = "+390600000000"
)

// taken is one message in the ledger.
type taken struct {
	sid, attempt, to, body, callback string
	at                               time.Time // when its request came in
}

// ledger is a provider that speaks Twilio's wire format and writes down what it
// took. It knows nothing of ours: two requests are two messages.
type ledger struct {
	*httptest.Server
	client *http.Client // for callbacks

	mu    sync.Mutex
	rng   *rand.Rand
	calm  bool
	all   []*taken            // oldest first
	byTo  map[string][]*taken // the same by number
	asked int                 // requests to send
	calls sync.WaitGroup
}

func newLedger(seed uint64) *ledger {
	l := &ledger{rng: rand.New(rand.NewPCG(seed, 77)), byTo: map[string][]*taken{}, client: &http.Client{Timeout: 5 * time.Second}}
	m := http.NewServeMux()
	m.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", l.create)
	m.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages.json", l.list)
	m.HandleFunc("POST /plain", l.plain)
	l.Server = httptest.NewServer(m)
	return l
}

func (l *ledger) end() {
	l.CloseClientConnections()
	l.Close()
	l.calls.Wait()
	l.client.CloseIdleConnections()
}

// quiet ends the faults.
func (l *ledger) quiet() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calm = true
}

// Fates of a request. Together the faults are about 7 %: accepted and then
// broken, refused, stalled, cut.
const (
	fine = iota
	busy429
	gone503        // refused, not taken
	cutBefore      // cut, not taken
	after500       // taken, then 500
	afterReset     // taken, then reset
	afterStall     // taken, then silence, then a cut line
	halfAnswer     // taken, and the answer breaks off
	late           // taken, and answered late
	stallBefore    // not taken: silence, then a cut line
	callbackBefore // taken; the callback comes before the answer
)

func (l *ledger) fate() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.calm {
		return fine
	}
	switch r := l.rng.IntN(1000); {
	case r < 8:
		return busy429
	case r < 16:
		return gone503
	case r < 24:
		return cutBefore
	case r < 34:
		return after500
	case r < 44:
		return afterReset
	case r < 48:
		return afterStall
	case r < 52:
		return halfAnswer
	case r < 60:
		return late
	case r < 62:
		return stallBefore
	case r < 92:
		return callbackBefore
	}
	return fine
}

// accept writes a message down.
func (l *ledger) accept(attempt, to, body, callback string, at time.Time) *taken {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &taken{sid: fmt.Sprintf("SM%032x", len(l.all)+1), attempt: attempt, to: to, body: body, callback: callback, at: at}
	l.all = append(l.all, m)
	l.byTo[to] = append(l.byTo[to], m)
	return m
}

func (l *ledger) create(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form", http.StatusBadRequest)
		return
	}
	callback := r.PostForm.Get("StatusCallback")
	attempt := ""
	if u, err := url.Parse(callback); err == nil {
		attempt = u.Query().Get("a")
	}
	l.serve(w, attempt, r.PostForm.Get("To"), r.PostForm.Get("Body"), callback, at)
}

// plain takes a message of one of the plain designs: id and nothing else.
func (l *ledger) plain(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	id, err := io.ReadAll(io.LimitReader(r.Body, 200))
	if err != nil {
		return
	}
	time.Sleep(100 * time.Millisecond) // as far away as a real one
	l.serve(w, string(id)+".1", "+390000000000", "", "", at)
}

func (l *ledger) serve(w http.ResponseWriter, attempt, to, body, callback string, at time.Time) {
	f := l.fate()
	switch f {
	case busy429:
		w.Header().Set("Retry-After", "0")
		http.Error(w, `{"code":20429,"message":"busy","status":429}`, http.StatusTooManyRequests)
		return
	case gone503:
		http.Error(w, `{"code":20503,"message":"away","status":503}`, http.StatusServiceUnavailable)
		return
	case stallBefore:
		time.Sleep(time.Second)
		cut(w)
		return
	case cutBefore:
		cut(w)
		return
	}
	m := l.accept(attempt, to, body, callback, at)
	l.report(m, f == callbackBefore)
	switch f {
	case after500:
		http.Error(w, "oops", http.StatusInternalServerError)
	case afterReset:
		cut(w)
	case afterStall:
		time.Sleep(time.Second)
		cut(w)
	case late:
		time.Sleep(700 * time.Millisecond)
		l.answer(w, m, false)
	case halfAnswer:
		l.answer(w, m, true)
	default:
		l.answer(w, m, false)
	}
}

func (l *ledger) answer(w http.ResponseWriter, m *taken, half bool) {
	b, err := json.Marshal(record(m))
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(http.StatusCreated)
	if half {
		_, _ = w.Write(b[:len(b)/2])
		_ = http.NewResponseController(w).Flush()
		cut(w)
		return
	}
	_, _ = w.Write(b)
}

func cut(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// record is a message as the list shows it.
func record(m *taken) map[string]any {
	return map[string]any{
		"sid": m.sid, "account_sid": account, "status": "delivered", "direction": "outbound-api", "to": m.to, "from": sender, "body": m.body,
		"date_created": m.at.UTC().Format(time.RFC1123Z), "num_segments": "1", "error_code": nil, "messaging_service_sid": nil,
	}
}

// list is GET Messages.json, newest first, at most 50.
func (l *ledger) list(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	from := l.all
	if to := r.URL.Query().Get("To"); to != "" {
		from = l.byTo[to]
	}
	rows := []map[string]any{}
	for i := len(from) - 1; i >= 0 && len(rows) < 50; i-- {
		rows = append(rows, record(from[i]))
	}
	l.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": rows, "next_page_uri": nil})
}

// report calls back: mostly once, sometimes twice, or never; before the answer
// where early is set.
func (l *ledger) report(m *taken, early bool) {
	if m.callback == "" {
		return
	}
	l.mu.Lock()
	times := 1
	if r := l.rng.IntN(100); r < 5 && !l.calm {
		times = 0
	} else if r < 10 {
		times = 2
	}
	l.mu.Unlock()
	if early {
		l.call(m)
		return
	}
	for range times {
		l.calls.Go(func() { l.call(m) })
	}
}

func (l *ledger) call(m *taken) {
	target, _, _ := strings.Cut(m.callback, "#")
	form := url.Values{"AccountSid": {account}, "MessageSid": {m.sid}, "SmsSid": {m.sid}, "MessageStatus": {"delivered"}, "SmsStatus": {"delivered"}, "From": {sender}, "To": {m.to}, "ApiVersion": {"2010-04-01"}}
	for try := range 3 {
		req, err := http.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Twilio-Signature", fake.SignTwilio(authToken, target, form))
		if resp, err := l.client.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode < 500 {
				return
			}
		}
		time.Sleep(time.Duration(100*(try+1)) * time.Millisecond)
	}
}

// counts tells how often each message was taken, and when first.
func (l *ledger) counts() (times map[string]int, arrived map[string]time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	times, arrived = map[string]int{}, map[string]time.Time{}
	for _, m := range l.all {
		id := lifecycle.MessageOf(m.attempt)
		if times[id]++; times[id] == 1 {
			arrived[id] = m.at
		}
	}
	return times, arrived
}
