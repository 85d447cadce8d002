package activecampaign

import (
	"html"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Bounds of a form and of what is taken from it, in bytes.
const (
	maxKeys    = 2000
	maxName    = 100
	maxAddress = 320 // of e-mail; identity refuses what is longer anyway
	maxPhone   = 64
	maxWord    = 64
	maxReason  = 120
)

// form is one body with PHP's keys, such as contact[email].
type form url.Values

// parse reads a body. What two readers could understand differently is refused:
// a key that we use must not come twice, see get.
func parse(body []byte) (form, error) {
	switch {
	case len(body) > connectors.MaxBody:
		return nil, connectors.Malformed("", "larger than 1 MiB")
	case len(body) == 0:
		return nil, connectors.Malformed("", "the body is empty")
	case strings.Count(string(body), "&") >= maxKeys:
		return nil, connectors.Malformed("", "more than 2000 fields")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, connectors.Malformed("", "is no form: ActiveCampaign posts application/x-www-form-urlencoded")
	}
	f := form(values)
	if !f.has("type") && !f.has("contact[id]") && !f.has("contact[email]") {
		return nil, connectors.Malformed("", "names neither a type nor a contact")
	}
	return f, nil
}

func (f form) has(key string) bool { return len(f[key]) > 0 }

// get is one field as a clean line without HTML's entities; absent is empty.
func (f form) get(key string, limit int) (string, error) {
	values := f[key]
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", connectors.Malformed("/"+plain(key), "comes twice")
	case !utf8.ValidString(values[0]):
		return "", connectors.Malformed("/"+plain(key), "is not valid UTF-8")
	}
	return connectors.Text(html.UnescapeString(values[0])).Line(limit), nil
}

// plain is a key as errors show it: contact[email] as contact_email.
func plain(key string) string {
	return strings.TrimSuffix(strings.ReplaceAll(key, "[", "_"), "]")
}

// own is the first of some own fields of the contact that says something. Of
// several values (||a||b||) it is the first.
func (f form) own(names []string, limit int) (string, error) {
	for _, name := range names {
		text, err := f.get("contact[fields]["+name+"]", connectors.MaxBody)
		if err != nil {
			return "", err
		}
		for part := range strings.SplitSeq(text, "||") {
			if part = connectors.Text(part).Line(limit); part != "" {
				return part, nil
			}
		}
	}
	return "", nil
}

// time is when it happened; the zero time if the form does not say. A time
// without a zone is one of the account's.
func (f form) time(zone *time.Location) (time.Time, error) {
	text, err := f.get("date_time", maxWord)
	if err != nil || text == "" {
		return time.Time{}, err
	}
	for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05"} {
		if wall, err := time.Parse(layout, text); err == nil {
			return lifecycle.OnWall(wall, zone).UTC(), nil
		}
	}
	at, err := connectors.ParseTime(text)
	if err != nil {
		return time.Time{}, connectors.Malformed("/date_time", err.Error())
	}
	return at, nil
}
