package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/transport"
)

// pageSize is how many messages a list is asked for. Asking for more than one
// page is never needed: what does not fit makes "not found" unbelievable.
const pageSize = 50

// maxList bounds the answer: fifty messages with 1,600 escaped characters each
// are below a megabyte.
const maxList = 4 << 20

const lookup = "look a message up in Twilio's list (twilio:)"

// record is one message in Twilio's list. Absent and null fields are empty.
type record struct {
	SID       string `json:"sid"`
	Status    string `json:"status"`
	Direction string `json:"direction"`
	Body      string `json:"body"`
	To        string `json:"to"`
	From      string `json:"from"`
	Service   string `json:"messaging_service_sid"`
	Created   string `json:"date_created"`
	ErrorCode any    `json:"error_code"`
}

// created is when Twilio made the record, in whole seconds. False: unreadable.
func (r record) created() (time.Time, bool) {
	t, err := netmail.ParseDate(r.Created)
	return t, err == nil
}

// code is the error code as callbacks write it; empty: none.
func (r record) code() string {
	switch v := r.ErrorCode.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		return v
	}
	return ""
}

// bears says whether the text holds the code as a word of its own.
func (r record) bears(code string) bool {
	for from := 0; code != ""; {
		i := strings.Index(r.Body[from:], code)
		if i < 0 {
			return false
		}
		begin := from + i
		end := begin + len(code)
		if (begin == 0 || !inWord(r.Body[begin-1])) && (end == len(r.Body) || !inWord(r.Body[end])) {
			return true
		}
		from = begin + 1
	}
	return false
}

// inWord: what a code is made of.
func inWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// masked says that a number is not shown in full.
func masked(number string) bool {
	rest, ok := strings.CutPrefix(number, "+")
	return !ok || rest == "" || strings.ContainsFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
}

// page is one answer of the list.
type page struct {
	records []record
	more    bool // Twilio says that there is another page
}

// readPage reads an answer as a whole or not at all: what is half understood
// must not count as "not found".
func readPage(body []byte) (page, error) {
	var answer struct {
		Messages *[]record `json:"messages"`
		Next     *string   `json:"next_page_uri"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(body), &answer); err != nil || answer.Messages == nil {
		return page{}, errors.New("the answer is not a list of messages; look at twilio.base_url")
	}
	return page{*answer.Messages, answer.Next != nil && *answer.Next != ""}, nil
}

// list fetches the newest messages, those to one number where to is not empty.
// There is no filter by date: Twilio knows only that of sending, which a
// message in its queue does not have.
func (s *Sender) list(ctx context.Context, to string) (page, error) {
	q := url.Values{"PageSize": {strconv.Itoa(pageSize)}}
	if to != "" {
		q.Set("To", to)
	}
	target := "https://api.twilio.com/2010-04-01/Accounts/" + s.o.AccountSID + "/Messages.json?" + q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return page{}, &connectors.LookupError{Lookup: lookup, Err: errors.New("the address of the API is not understood; look at twilio.account_sid and twilio.base_url")}
	}
	resp, err := transport.Reader(s.transport()).Do(r)
	if err != nil {
		return page{}, &connectors.LookupError{Lookup: lookup, Err: noAnswer(err)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxList+1))
	err = errors.Join(err, resp.Body.Close())
	return s.read(resp, body, err)
}

// read judges a complete answer head, body and how the body ended.
func (s *Sender) read(resp *http.Response, body []byte, broke error) (page, error) {
	fail := &connectors.LookupError{Lookup: lookup, Status: resp.StatusCode}
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		fail.Err = fmt.Errorf("status %d: %w; copy twilio.account_sid and twilio.auth_token again from Twilio's console", status, connectors.ErrCredentials)
	case status == http.StatusTooManyRequests, status >= 500:
		fail.Wait = transport.RetryAfter(resp.Header, time.Now())
		fail.Err = fmt.Errorf("status %d: Twilio does not answer now; it is asked again later", status)
	case status != http.StatusOK:
		fail.Err = fmt.Errorf("status %d; look at twilio.account_sid and twilio.base_url", status)
	case broke != nil:
		fail.Err = fmt.Errorf("the answer broke off: %w", broke)
	case len(body) > maxList:
		fail.Err = errors.New("the answer is longer than 4 MiB; look at twilio.base_url")
	default:
		p, err := readPage(body)
		if err == nil {
			return p, nil
		}
		fail.Err = err
	}
	return page{}, fail
}

// noAnswer takes the request's address, which holds the contact's number, out
// of an error.
func noAnswer(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("no answer; look at twilio.base_url and at the network: %w", err)
}
