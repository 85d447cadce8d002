package when

import (
	"fmt"
	"regexp"
	"strings"
)

// kinds are the library's names of what a value can be, in our words.
var kinds = map[string]string{"int": "a number", "float64": "a number", "string": "a text", "bool": "a yes or no"}

var mismatch = regexp.MustCompile(`^invalid operation: (\S+) \(mismatched types (\S+) and (\S+)\)$`)

// mends are beginnings of the library's messages and what we say instead.
var mends = []struct{ message, text string }{
	{"expected bool, but got", `must be true or false, as "orders > 1" is: compare the value with something`},
	{`unexpected token Operator("=")`, "a single = compares nothing: write =="},
	{"unexpected token EOF", "breaks off here: close the bracket, or write the value that is missing"},
	{"literal not terminated", "a text is not closed: put the same quote at its end"},
}

// plain is the first line of the library's message in words of ours, with the
// mend where we know one, bounded.
func plain(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if strings.Contains(text, "exceeds maximum allowed nodes") {
		return fmt.Sprintf("has more than %d parts: make it shorter", maxNodes)
	}
	for _, m := range mends {
		if strings.HasPrefix(text, m.message) {
			return m.text
		}
	}
	if m := mismatch.FindStringSubmatch(text); m != nil && kinds[m[2]] != "" && kinds[m[3]] != "" {
		return fmt.Sprintf("%s stands between %s and %s: write a number without quotes, a text in quotes, and a yes or no alone or after not", m[1], kinds[m[2]], kinds[m[3]])
	}
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200])
	}
	return text
}
