package fake

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// createSMS is POST Messages.json.
func (p *Provider) createSMS(w http.ResponseWriter, r *http.Request) {
	if !p.twilioUser(w, r) {
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		twilioError(w, http.StatusBadRequest, 21602, "form not understood")
		return
	}
	n, f := p.request(r.PostForm.Get("To"))
	if p.before(w, r, f, func() { twilioError(w, f.status(), f.code(), "refused on purpose") }) {
		return
	}
	if code, what := wrongSMS(r.PostForm); code != 0 {
		twilioError(w, http.StatusBadRequest, code, what)
		return
	}
	s := p.sms(n, r)
	p.take(s)
	body := twilioJSON(s)
	if f.Kind == NoID {
		body = []byte("{}")
	}
	p.answer(w, r, f, s, answer{status: http.StatusCreated, body: body})
}

// twilioUser checks HTTP Basic credentials.
func (p *Provider) twilioUser(w http.ResponseWriter, r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	ok = ok && same(user, p.o.AccountSID) && same(password, p.o.AuthToken)
	if !ok {
		twilioError(w, http.StatusUnauthorized, 20003, "Authenticate")
	}
	return ok
}

// same compares with what was configured; nothing configured takes anything.
func same(got, want string) bool {
	return want == "" && got != "" || want != "" && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

// wrongSMS is what the real one refuses at once.
func wrongSMS(f url.Values) (code int, what string) {
	validity := f.Get("ValidityPeriod")
	seconds, err := strconv.Atoi(validity)
	switch {
	case f.Get("To") == "":
		return 21604, "A 'To' phone number is required."
	case !e164.MatchString(f.Get("To")):
		return 21211, "The 'To' number is not a valid phone number."
	case f.Get("From") == "" && f.Get("MessagingServiceSid") == "":
		return 21603, "A 'From' phone number is required."
	case f.Get("Body") == "":
		return 21602, "Message body is required."
	case utf8.RuneCountInString(f.Get("Body")) > 1600:
		return 21617, "The concatenated message body exceeds the 1600 character limit."
	case validity != "" && (err != nil || seconds < 1 || seconds > 36000):
		return 21622, "The 'ValidityPeriod' is not between 1 and 36000."
	}
	return 0, ""
}

func (p *Provider) sms(n int, r *http.Request) *Sent {
	f := r.PostForm
	parts, _, _, _ := message.Segments(f.Get("Body"))
	s := &Sent{
		Channel:  lifecycle.SMS,
		ID:       p.sid(n),
		From:     f.Get("From"),
		To:       f.Get("To"),
		Body:     f.Get("Body"),
		Status:   "queued",
		At:       p.o.Now().UTC(),
		account:  r.PathValue("account"),
		service:  f.Get("MessagingServiceSid"),
		callback: f.Get("StatusCallback"),
		segments: parts,
	}
	if u, err := url.Parse(s.callback); err == nil {
		s.AttemptID = u.Query().Get("a")
	}
	if s.service != "" {
		s.Status = "accepted"
	}
	return s
}

// sid is unlike any other, also those given before a restart.
func (p *Provider) sid(n int) string { return fmt.Sprintf("SM%016x%016x", p.salt, n) }

// fetchAccount is GET Accounts/{sid}.json, which shows that credentials work.
func (p *Provider) fetchAccount(w http.ResponseWriter, r *http.Request) {
	if p.twilioUser(w, r) {
		account := strings.TrimSuffix(r.PathValue("file"), ".json")
		writeJSON(w, http.StatusOK, map[string]any{"sid": account, "friendly_name": "fake", "status": "active", "type": "Full"})
	}
}

// twilioJSON is the message resource as documented.
func twilioJSON(s *Sent) []byte {
	uri := "/2010-04-01/Accounts/" + s.account + "/Messages/" + s.ID
	date := s.At.Format(time.RFC1123Z)
	v := map[string]any{
		"account_sid": s.account, "api_version": "2010-04-01", "body": s.Body,
		"date_created": date, "date_sent": nil, "date_updated": date,
		"direction": "outbound-api", "error_code": nil, "error_message": nil,
		"from": null(s.From), "messaging_service_sid": null(s.service), "num_media": "0",
		"num_segments": strconv.Itoa(s.segments), "price": nil, "price_unit": nil,
		"sid": s.ID, "status": s.Status, "to": s.To, "uri": uri + ".json",
		"subresource_uris": map[string]string{"media": uri + "/Media.json"},
	}
	if code, err := strconv.Atoi(s.why); err == nil {
		v["error_code"], v["error_message"] = code, "not delivered"
	}
	if s.Status != "queued" && s.Status != "accepted" {
		v["date_sent"] = date
	}
	if s.service != "" && s.Status == "accepted" {
		v["num_segments"] = "0" // no sender assigned yet
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // text and numbers only
	}
	return b
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func twilioError(w http.ResponseWriter, status, code int, text string) {
	writeJSON(w, status, map[string]any{
		"code": code, "message": text, "more_info": fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), "status": status,
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client left: nothing to do
}
