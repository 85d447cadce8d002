package reply

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxRead is how much of a reply is looked at, in bytes. The longest SMS has
// 1,600 characters.
const maxRead = 8 << 10

// words are the letters and digits of a text in lower case, without
// diacritics and invisible characters. Letters that stand alone ("S.T.O.P")
// are put together.
func words(body string) []string {
	if len(body) > maxRead {
		body = body[:maxRead]
	}
	folded := strings.Map(fold, norm.NFKD.String(sharp.Replace(strings.ToValidUTF8(body, " "))))
	return spelled(strings.Fields(folded))
}

// sharp spells out the one letter of our languages that no decomposition does.
var sharp = strings.NewReplacer("ß", "ss", "ẞ", "ss")

func fold(r rune) rune {
	switch {
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return unicode.ToLower(r)
	}
	return ' '
}

// spelled joins a reply that consists of single letters.
func spelled(ws []string) []string {
	if len(ws) < 2 {
		return ws
	}
	for _, w := range ws {
		if len(w) > 1 {
			return ws
		}
	}
	return []string{strings.Join(ws, "")}
}

func join(ws []string) string { return strings.Join(ws, " ") }

// hasContent says whether there is anything at all, an emoji included.
func hasContent(body string) bool {
	return strings.ContainsFunc(body, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}
