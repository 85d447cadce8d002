package sendgrid

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/transport"
)

const lookup = "look a message up in SendGrid's e-mail logs (sendgrid:)"

const api = "https://api.sendgrid.com"

// maxLog bounds an answer; a message has at most a hundred events.
const maxLog = 4 << 20

// How often a search is made at most, and the longest wait in between. They
// are those of transport.Reader, which carries no POST.
const (
	tries    = 4
	maxPause = 30 * time.Second
)

var errGone = errors.New("the log of a message is not there yet")

// row is one message in the answer to a search.
type row struct {
	ID      string `json:"sg_message_id"`
	From    string `json:"from_email"`
	Created string `json:"sg_message_id_created_at"`
}

// entry is the log of one message.
type entry struct {
	ID     string           `json:"sg_message_id"`
	Status string           `json:"status"`
	Args   map[string]any   `json:"custom_args"`
	Events []map[string]any `json:"events"`
}

// search finds messages. It is a POST so that addresses stay out of the logs
// of proxies, and changes nothing.
func (s *Sender) search(ctx context.Context, query string, limit int) ([]row, error) {
	body, err := json.Marshal(map[string]any{"query": query, "limit": limit})
	if err != nil {
		return nil, &connectors.LookupError{Lookup: lookup, Err: err}
	}
	for try := 1; ; try++ {
		ev, err := s.ask(ctx, body)
		wait := transport.RetryAfter(ev.Header, time.Now())
		if again := err != nil || ev.Status == http.StatusTooManyRequests || ev.Status >= 500; !again || try == tries || wait > maxPause || ctx.Err() != nil {
			return s.rows(ev, err)
		}
		sleep(ctx, max(wait, 100*time.Millisecond<<try))
	}
}

// ask makes one search.
func (s *Sender) ask(ctx context.Context, body []byte) (transport.Evidence, error) {
	send := s.t.Begin(ctx, time.Time{})
	defer send.Close()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/v3/logs", bytes.NewReader(body))
	if err != nil {
		return transport.Evidence{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := send.Client().Do(r)
	if err == nil {
		err = resp.Body.Close()
	}
	ev := send.Evidence()
	if ev.Status != 0 {
		err = ev.BodyErr
	}
	return ev, err
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (s *Sender) rows(ev transport.Evidence, err error) ([]row, error) {
	if err := unread(ev.Status, ev.Header, err); err != nil {
		return nil, err
	}
	rows, err := readRows(ev.Body)
	if err != nil {
		return nil, &connectors.LookupError{Lookup: lookup, Status: ev.Status, Err: err}
	}
	return rows, nil
}

// readRows reads an answer as a whole or not at all: what is half understood
// must not count as "not found".
func readRows(body []byte) ([]row, error) {
	var answer struct {
		Messages *[]row `json:"messages"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Messages == nil {
		return nil, errors.New("the answer is not a list of messages; look at sendgrid.base_url")
	}
	return *answer.Messages, nil
}

// entry fetches the log of one message. The error is errGone where the search
// knew a message that the log does not.
func (s *Sender) entry(ctx context.Context, id string) (entry, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/v3/logs/"+url.PathEscape(id), nil)
	if err != nil {
		return entry{}, &connectors.LookupError{Lookup: lookup, Err: errors.New("the address of the API is not understood; look at sendgrid.base_url")}
	}
	resp, err := transport.Reader(s.transport()).Do(r)
	if err != nil {
		return entry{}, unread(0, nil, err)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxLog+1))
	err = errors.Join(err, resp.Body.Close())
	if err == nil && len(body) > maxLog {
		err = errors.New("longer than 4 MiB")
	}
	if resp.StatusCode == http.StatusNotFound {
		return entry{}, errGone
	}
	if err := unread(resp.StatusCode, resp.Header, err); err != nil {
		return entry{}, err
	}
	e, err := readEntry(body)
	if err != nil {
		return entry{}, &connectors.LookupError{Lookup: lookup, Status: resp.StatusCode, Err: err}
	}
	return e, nil
}

func readEntry(body []byte) (entry, error) {
	var e entry
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		return entry{}, errors.New("the answer is not the log of a message; look at sendgrid.base_url")
	}
	return e, nil
}

// unread says why an answer cannot be used, nil if it can. broke is the error
// of the request, or of its answer's body.
func unread(status int, h http.Header, broke error) error {
	fail := &connectors.LookupError{Lookup: lookup, Status: status}
	switch {
	case status == 0:
		fail.Err = fmt.Errorf("no answer; look at sendgrid.base_url and at the network: %w", noAddress(broke))
	case status == http.StatusUnauthorized:
		fail.Err = fmt.Errorf("status %d: %w; make a new key under Settings, API Keys and set sendgrid.api_key", status, connectors.ErrCredentials)
	case status == http.StatusForbidden, status == http.StatusNotFound:
		fail.Err = fmt.Errorf("status %d: %w; if the account has Email Logs, give sendgrid.api_key the right to read them", status, connectors.ErrNoRecords)
	case status == http.StatusTooManyRequests, status >= 500:
		fail.Wait = transport.RetryAfter(h, time.Now())
		fail.Err = fmt.Errorf("status %d: SendGrid does not answer now; it is asked again later", status)
	case status != http.StatusOK:
		fail.Err = fmt.Errorf("status %d; look at sendgrid.base_url", status)
	case broke != nil:
		fail.Err = fmt.Errorf("the answer broke off: %w", broke)
	default:
		return nil
	}
	return fail
}

// noAddress takes the address of the request out of an error.
func noAddress(err error) error {
	if err == nil {
		return errors.New("the line broke")
	}
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// quoted writes a value into a query. False: it cannot be written without
// changing the query's meaning.
func quoted(v string) (string, bool) {
	return `"` + v + `"`, v != "" && !strings.ContainsAny(v, "\"\\") && !strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func timestamp(t time.Time) string {
	return `TIMESTAMP "` + t.UTC().Format("2006-01-02T15:04:05Z") + `"`
}
