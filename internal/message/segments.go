package message

import (
	"strings"
	"unicode/utf8"
)

// The encodings an SMS can travel in.
const (
	GSM7 = "GSM-7"
	UCS2 = "UCS-2"
)

// Capacity of an SMS in septets (GSM-7) or UTF-16 units (UCS-2): alone, and of
// each part when there are several, because each then carries a header.
const (
	gsmAlone, gsmPart = 160, 153
	ucsAlone, ucsPart = 70, 67
)

// gsmBasic are the 127 characters of one septet, gsmExtended the ten that need
// an escape before them (3GPP TS 23.038, default alphabet).
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

var septets = func() map[rune]int {
	m := make(map[rune]int, 137)
	for _, r := range gsmBasic {
		m[r] = 1
	}
	for _, r := range gsmExtended {
		m[r] = 2
	}
	return m
}()

// Segments counts what an SMS costs: the parts it is sent in, its length in
// septets or UTF-16 units, the encoding, and, where that is UCS-2, each
// character that forced it, once, in order. It counts text as it stands; an
// empty text is one part of length 0. Invalid bytes count as U+FFFD.
func Segments(text string) (n, units int, encoding string, culprits []string) {
	culprits = foreign(text)
	if len(culprits) > 0 {
		n, units = pack(text, ucsAlone, ucsPart, utf16Units)
		return n, units, UCS2, culprits
	}
	n, units = pack(text, gsmAlone, gsmPart, func(r rune) int { return septets[r] })
	return n, units, GSM7, nil
}

// foreign lists the characters that GSM-7 lacks.
func foreign(text string) []string {
	var out []string
	seen := map[rune]bool{}
	for _, r := range text {
		if septets[r] == 0 && !seen[r] {
			seen[r] = true
			out = append(out, string(r))
		}
	}
	return out
}

func utf16Units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// pack fills parts greedily: an escape pair or a surrogate pair that does not
// fit moves whole into the next part, so the count can exceed units/part.
func pack(text string, alone, part int, width func(rune) int) (n, units int) {
	n, used := 1, 0
	for _, r := range text {
		w := width(r)
		units += w
		if used+w > part {
			n++
			used = 0
		}
		used += w
	}
	if units <= alone {
		n = 1
	}
	return n, units
}

// fitsGSM reports whether r can travel without UCS-2.
func fitsGSM(r rune) bool { return septets[r] > 0 }

// clip cuts text to at most n runes, at a word's end where one is near.
func clip(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	end := n
	for i := n; i > n/2; i-- {
		if runes[i] == ' ' {
			end = i
			break
		}
	}
	// A mark belongs to the letter before it: never keep half of a pair.
	for end < len(runes) && end > 0 && isMark(runes[end]) {
		end--
	}
	return strings.TrimRight(string(runes[:end]), " ,;:-–—'")
}
