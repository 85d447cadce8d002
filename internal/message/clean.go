package message

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Longest values in runes: what comes from shops and customers, and the shop's
// own name in an e-mail, where there is room.
const (
	maxValue     = 40
	maxShopEmail = 80
	maxSubject   = 200
	maxAddress   = 200
	maxRaw       = 400 // what is looked at of a raw value
)

// dots are characters that browsers and phones read as the dot of a domain.
var dots = strings.NewReplacer("．", ".", "。", ".", "｡", ".", "․", ".", "﹒", ".", "·", " ")

// lookalikes in names, folded before they are judged.
var nameFold = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'", "`", "'", "´", "'", "‐", "-", "‑", "-", "–", "-", "—", "-")

// brackets keep a value from being read as Liquid, as a link of the body or,
// wherever it is copied to later, as a tag.
var brackets = strings.NewReplacer("{", "", "}", "", "[", "(", "]", ")", "<", "", ">", "")

var (
	// codeShape is a whole tag or Liquid expression, which no product is called.
	codeShape = regexp.MustCompile(`\{\{.*?\}\}|\{%.*?%\}|<[/!a-zA-Z][^>]*>`)
	linkShape = regexp.MustCompile(`(?i)\S*(?:[a-z][a-z0-9+.-]*:/|//|www\.|@)\S*|\b(?:mailto|tel|javascript|data|sms):\S*|\S*[\pL\d]\.\pL{2,}[/:?#]\S*`)
	ipShape   = regexp.MustCompile(`\S*\d+\.\d+\.\d+\.\d+\S*`)
)

// cleanName applies the rule for names: letters, marks, digits, space, ', - and
// . stay. Invisible and pictorial characters are dropped; a name that would
// lose anything else, or has no letter, is left out ("").
func cleanName(raw string) string {
	s := dots.Replace(nameFold.Replace(norm.NFKC.String(visible(start(raw)))))
	var b strings.Builder
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters++
			b.WriteRune(r)
		case isMark(r), unicode.IsDigit(r), strings.ContainsRune(" '-.", r):
			b.WriteRune(r)
		case isPicture(r):
			b.WriteByte(' ')
		default:
			return ""
		}
	}
	if letters == 0 {
		return ""
	}
	name := norm.NFC.String(b.String())
	return clip(strings.Trim(words(breakDomains(name)), "-. "), maxValue)
}

// cleanValue makes other text from shops and customers safe for every channel:
// no control or invisible characters, no line breaks, no URL, nothing a phone
// would make clickable, at most 40 characters.
func cleanValue(raw string) string {
	return clip(cleanLong(raw), maxValue)
}

func cleanLong(raw string) string {
	s := dots.Replace(norm.NFC.String(visible(start(raw))))
	if strings.ContainsAny(s, "{<") {
		s = codeShape.ReplaceAllString(s, " ")
	}
	if strings.ContainsAny(s, ":/@.") {
		s = ipShape.ReplaceAllString(linkShape.ReplaceAllString(s, " "), " ")
	}
	s = words(breakDomains(brackets.Replace(s)))
	if strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || isPicture(r) }) < 0 {
		return "" // only signs are left: nothing to show
	}
	return s
}

// cleanOwn is for the shop's own name, which its owner wrote and which may be
// a domain.
func cleanOwn(raw string, limit int) string {
	return clip(words(brackets.Replace(norm.NFC.String(visible(raw)))), limit)
}

// cleanLine makes one safe line for a header such as the subject.
func cleanLine(raw string, limit int) string {
	return clip(words(visible(raw)), limit)
}

// start bounds the work on a raw value; what is shown is far shorter.
func start(raw string) string {
	if len(raw) <= maxRaw {
		return raw
	}
	return raw[:maxRaw]
}

// visible turns line breaks and other white space into spaces and removes what
// cannot be seen: control, format (zero width, bidi), private and unassigned
// characters, and broken bytes.
func visible(raw string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Z, r):
			return ' '
		case r == unicode.ReplacementChar, unicode.Is(unicode.C, r), invisible(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(raw, ""))
}

// invisible are characters outside category C that show nothing.
func invisible(r rune) bool {
	return r == '\u034f' || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' ||
		r == '\u2800' || r == '\u17b4' || r == '\u17b5' || unicode.Is(unicode.Variation_Selector, r)
}

// words joins what is left with single spaces.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

func isMark(r rune) bool { return unicode.Is(unicode.M, r) }

// isPicture are symbols people decorate names with: emoji, hearts, stars.
func isPicture(r rune) bool { return unicode.In(r, unicode.So, unicode.Sk) }

// breakDomains puts a space for each dot that stands between a letter or digit
// and two or more letters ("evil.example", "t.me"): phones make a link of it.
// No list of top-level domains is consulted, new ones appear every year.
func breakDomains(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		if r == '.' && i > 0 && joins(runes[i-1]) && letterRun(runes[i+1:]) >= 2 {
			runes[i] = ' '
		}
	}
	return string(runes)
}

func joins(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || isMark(r) || r == '-' || r == '_'
}

func letterRun(runes []rune) int {
	for i, r := range runes {
		if !unicode.IsLetter(r) && !isMark(r) {
			return i
		}
	}
	return len(runes)
}

// urlMarks would end the address in link markup or in a list of a header.
var urlMarks = strings.NewReplacer("(", "%28", ")", "%29", ",", "%2C")

// cleanURL returns an absolute http(s) URL that is safe in a header, in an
// attribute and in the body's link markup, or "".
func cleanURL(raw string) string {
	if raw != visible(raw) || strings.ContainsAny(raw, " <>\"'`\\{}") || len(raw) > 2000 {
		return ""
	}
	safe := urlMarks.Replace(raw)
	u, err := url.Parse(safe)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return ""
	}
	return safe
}
