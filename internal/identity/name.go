package identity

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Clash reports whether two names, first and last each, are plainly those of two
// people: both have a first name, or both a last name, and neither's occurs in
// the other's whole name. An initial, another order, a second name, other letters
// of the same sort ("José", "jose") do not clash; nor does a name that is missing.
func Clash(first1, last1, first2, last2 string) bool {
	f1, l1, f2, l2 := words(first1), words(last1), words(first2), words(last2)
	whole1, whole2 := slices.Concat(f1, l1), slices.Concat(f2, l2)
	apart := func(a, b []string) bool {
		return len(a) > 0 && len(b) > 0 && !meets(a, whole2) && !meets(b, whole1)
	}
	return apart(f1, f2) || apart(l1, l2)
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
