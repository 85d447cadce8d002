package transport

import (
	"net/http"
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
)

// Classify judges a send by its evidence alone, before the provider's own
// codes are looked at: neither the type nor the text of an error tells whether
// the provider worked. A sender may only make the judgement of a complete
// answer finer: which of the rejected ones it is, or that its code means "not
// taken".
func Classify(ev Evidence) lifecycle.Outcome {
	switch s := ev.Status; {
	case s == 0 && !ev.Wrote:
		return lifecycle.NotSent
	case s == 0:
		return lifecycle.Ambiguous
	case s >= 200 && s <= 299:
		return lifecycle.Accepted
	case s == http.StatusTooManyRequests:
		return lifecycle.NotSent
	case s == http.StatusRequestTimeout || s == 499:
		return lifecycle.Ambiguous // a gateway's word about its wait, not the provider's about our message
	case s >= 400 && s <= 499:
		return rejected(s)
	}
	return lifecycle.Ambiguous
}

// rejected sorts the refusals whose body says nothing we know. What would hit
// every message alike must not burn anybody's step.
func rejected(status int) lifecycle.Outcome {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return lifecycle.RejectedContent
	}
	return lifecycle.RejectedAccount
}

// ReasonOf names an outcome whose cause the provider did not tell more
// precisely. It is empty for an accepted message.
func ReasonOf(o lifecycle.Outcome) lifecycle.Reason {
	switch o {
	case lifecycle.Accepted:
		return ""
	case lifecycle.NotSent:
		return lifecycle.ReasonProvider
	case lifecycle.RejectedContact:
		return lifecycle.ReasonBlocked
	case lifecycle.RejectedContent:
		return lifecycle.ReasonContent
	case lifecycle.RejectedAccount:
		return lifecycle.ReasonAccount
	}
	return lifecycle.ReasonUncertain
}

// maxWait bounds what a provider may wish for: a day.
const maxWait = 24 * time.Hour

// RetryAfter reads the provider's wish to wait, in seconds or as a date;
// X-RateLimit-Reset (Unix seconds) is the second choice. 0: no wish. Never
// more than a day.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	if d, ok := wish(h.Get("Retry-After"), now); ok {
		return d
	}
	if n, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil && n > 0 {
		return bounded(time.Unix(min(n, 1<<40), 0).Sub(now))
	}
	return 0
}

func wish(v string, now time.Time) (time.Duration, bool) {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return bounded(time.Duration(min(max(n, 0), 1<<20)) * time.Second), true
	}
	if at, err := http.ParseTime(v); err == nil {
		return bounded(at.Sub(now)), true
	}
	return 0, false
}

func bounded(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }
