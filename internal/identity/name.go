package identity

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Clash reports whether two names, first and last each, are plainly those of two
// people: both have a first name, and neither's occurs in the other. An initial,
// another order, a second name, other letters of the same sort ("José", "jose")
// do not clash; nor does a name that is missing.
func Clash(first1, last1, first2, last2 string) bool {
	a, b := words(first1), words(first2)
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	return !meets(a, append(b, words(last2)...)) && !meets(b, append(a, words(last1)...))
}

func meets(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return strings.HasPrefix(x, y) || strings.HasPrefix(y, x) })
	})
}

// words are the parts of a name in lower case, without accents.
func words(s string) []string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
	return strings.FieldsFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) })
}
