package lifecycle

import (
	"fmt"
	"time"
)

// Length is a span of time in the words of the configuration: 30d, 36h, 15m, 90s.
func Length(d time.Duration) string {
	for _, u := range []struct {
		length time.Duration
		sign   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d != 0 && d%u.length == 0 {
			return fmt.Sprintf("%d%s", d/u.length, u.sign)
		}
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
