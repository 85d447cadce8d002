package handlers

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

const maxClockBody = 4 << 10

// maxAdvance keeps sums of times within what they can hold.
const maxAdvance = 100 * 365 * 24 * time.Hour

// lastYear is where the clock must not get: soon after it nanoseconds no longer
// fit into 64 bits.
const lastYear = 2250

var errClock = &Fault{Status: 400, Code: "clock_unreadable", Detail: `Send {"advance":"30d"} (s, m, h, d, w) or {"now":"2027-03-01T00:00:00Z"}, one of them.`}

// devClock moves the program's clock, visiting each due instant on the way. It
// answers when all of that is done.
func (s *Server) devClock(c echo.Context) error {
	ctx := c.Request().Context()
	body, err := readBody(c, maxClockBody)
	if err != nil {
		return err
	}
	now, err := s.now(ctx)
	if err != nil {
		return err
	}
	to, ok := clockTarget(body, now)
	if !ok {
		return errClock
	}
	if err := s.engine.Advance(ctx, to); err != nil {
		return err
	}
	if now, err = s.now(ctx); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]time.Time{"now": now.UTC()})
}

func clockTarget(body []byte, now time.Time) (to time.Time, ok bool) {
	var in struct {
		Advance *string    `json:"advance"`
		Now     *time.Time `json:"now"`
	}
	if json.Unmarshal(body, &in) != nil || (in.Advance == nil) == (in.Now == nil) {
		return time.Time{}, false
	}
	if in.Now != nil {
		to = in.Now.UTC()
		return to, to.Year() >= 1 && to.Year() < lastYear
	}
	d, ok := parseSpan(*in.Advance)
	to = now.Add(d)
	return to, ok && to.Year() < lastYear
}

// units are those of durations in the configuration.
var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

// parseSpan reads "90s", "15m", "36h", "30d", "6w" and sums of them, "1d12h".
func parseSpan(text string) (time.Duration, bool) {
	var sum time.Duration
	start := 0
	for i := range len(text) {
		unit, ends := units[text[i]]
		if !ends {
			continue
		}
		n, err := strconv.ParseUint(text[start:i], 10, 32)
		if err != nil || n > uint64(maxAdvance/unit) {
			return 0, false
		}
		if sum += time.Duration(n) * unit; sum > maxAdvance {
			return 0, false
		}
		start = i + 1
	}
	return sum, start == len(text) && text != ""
}
