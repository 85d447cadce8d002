package identity

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Lengths of RFC 5321, in bytes.
const (
	maxEmail = 254
	maxLocal = 64
)

// Email is the normal form of an address, for matching only: messages go to
// the address as the person wrote it. Blanks around it are dropped, letters
// are lower-cased, an international domain becomes its ASCII form. ok is false
// for whatever no mail provider would deliver to: quoted or non-ASCII local
// parts, control characters, IP literals, single-label domains, bare public
// suffixes such as "co.uk".
func Email(s string) (key string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) > 4*maxEmail || !utf8.ValidString(s) {
		return "", false
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return "", false
	}
	local := strings.ToLower(s[:at])
	if !dotAtom(local) {
		return "", false
	}
	host, ok := domain(s[at+1:])
	if !ok || len(local)+1+len(host) > maxEmail {
		return "", false
	}
	return local + "@" + host, true
}

// dotAtom reports whether s is an unquoted local part of RFC 5322.
func dotAtom(s string) bool {
	if s == "" || len(s) > maxLocal || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '.' && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
			return false
		}
	}
	return true
}

// domain is the ASCII form of a mail domain that has a registrable part.
func domain(s string) (string, bool) {
	if !strings.Contains(s, ".") || strings.HasSuffix(s, ".") {
		return "", false
	}
	host, err := idna.Lookup.ToASCII(s)
	if err != nil || len(host) > 253 {
		return "", false
	}
	host = strings.ToLower(host)
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return "", false
		}
	}
	if !topLevel(labels[len(labels)-1]) {
		return "", false
	}
	// Names under an unlisted top level, such as .example, are fine; private
	// entries of the list are mail domains of their own.
	suffix, icann := publicsuffix.PublicSuffix(host)
	return host, suffix != host || !icann
}

// topLevel reports whether l can be a top-level domain: two letters or more,
// or the ASCII form of an international one.
func topLevel(l string) bool {
	if strings.HasPrefix(l, "xn--") {
		return true
	}
	for i := range len(l) {
		if l[i] < 'a' || l[i] > 'z' {
			return false
		}
	}
	return len(l) >= 2
}
