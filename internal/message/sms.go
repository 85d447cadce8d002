package message

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// typography maps what word processors and phones write to what GSM-7 has; one
// such character would double the price of the whole SMS.
var typography = strings.NewReplacer(
	"’", "'", "‘", "'", "‚", "'", "‛", "'", "′", "'", "ʼ", "'", "´", "'", "`", "'",
	"“", "\"", "”", "\"", "„", "\"", "‟", "\"", "″", "\"", "«", "\"", "»", "\"",
	"…", "...", "–", "-", "—", "-", "‐", "-", "‑", "-", "‒", "-", "―", "-", "−", "-", "•", "-",
	"º", "o", "ª", "a", "°", "o", "×", "x", "®", "", "™", "", "©", "",
	"À", "A'", "È", "E'", "Ì", "I'", "Ò", "O'", "Ù", "U'",
)

// letters without a decomposition, for the last try of an SMS.
var strokes = strings.NewReplacer("Ł", "L", "ł", "l", "Đ", "D", "đ", "d", "ı", "i", "Œ", "OE", "œ", "oe", "Þ", "Th", "þ", "th", "ð", "d", "Ð", "D")

var (
	spaces      = regexp.MustCompile(`[^\S\n]+`)
	aroundBreak = regexp.MustCompile(` *\n *`)
	breaks      = regexp.MustCompile(`\n{3,}`)
	beforeComma = regexp.MustCompile(` +([,;])`)
)

// hints name the way out, by language: for a sender with a number, and for one
// that cannot receive.
var hints = map[string][2]string{
	"it": {"STOP per uscire", "Stop: "},
	"en": {"Reply STOP to opt out", "Stop: "},
}

func optOutMode(in Input) string {
	if in.SMSOptOut == OptOutLink {
		return OptOutLink
	}
	return OptOutStop
}

func (t *template) optOutHint(in Input) string {
	hint, ok := hints[language(t.lang)]
	if !ok {
		hint = hints["en"]
	}
	if t.channel == SMS && optOutMode(in) == OptOutStop {
		return hint[0]
	}
	if out := cleanURL(in.UnsubscribeURL); out != "" {
		return hint[1] + out
	}
	return ""
}

func (t *template) composeSMS(in Input) (Message, error) {
	if optOutMode(in) == OptOutLink && cleanURL(in.UnsubscribeURL) == "" {
		return Message{}, fmt.Errorf("template %s.sms.%s: %w", t.name, t.lang, ErrNoWayOut)
	}
	var m Message
	for s := whole; s <= plainLetters; s++ {
		text, err := t.body.render(t.values(in, s))
		if err != nil {
			return Message{}, fmt.Errorf("template %s: %w", t.file, err)
		}
		m = t.sms(t.wayOut(plainSMS(text), in), s)
		if m.Segments <= t.limit {
			return m, nil
		}
	}
	return Message{}, &TooLongError{Template: t.name, Locale: t.lang, Segments: m.Segments, Limit: t.limit, Encoding: m.Encoding}
}

func (t *template) sms(text string, s squeeze) Message {
	if s == plainLetters {
		text = unaccent(text)
	}
	m := Message{Channel: SMS, Template: t.name, Locale: t.lang, Text: text}
	m.Segments, m.Units, m.Encoding, m.Culprits = Segments(text)
	return m
}

// wayOut adds the hint where the template does not show it itself: no SMS
// leaves without a way out.
func (t *template) wayOut(text string, in Input) string {
	if optOutMode(in) == OptOutLink {
		if strings.Contains(text, cleanURL(in.UnsubscribeURL)) {
			return text
		}
	} else if stopWord.MatchString(text) {
		return text
	}
	return strings.TrimSpace(text + " " + t.optOutHint(in))
}

var stopWord = regexp.MustCompile(`\bSTOP\b`)

// plainSMS normalises to what a phone shows and GSM-7 can carry.
func plainSMS(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return tidy(typography.Replace(norm.NFC.String(strings.Join(lines, "\n"))))
}

// tidy removes the gaps that left-out values and Liquid tags leave behind.
func tidy(text string) string {
	text = spaces.ReplaceAllString(text, " ")
	text = aroundBreak.ReplaceAllString(text, "\n")
	text = breaks.ReplaceAllString(text, "\n\n")
	return strings.TrimSpace(beforeComma.ReplaceAllString(text, "$1"))
}

// unaccent writes letters that GSM-7 lacks without their marks; other foreign
// characters stay, and cost what they cost.
func unaccent(text string) string {
	var b strings.Builder
	for _, r := range strokes.Replace(text) {
		if fitsGSM(r) {
			b.WriteRune(r)
			continue
		}
		for _, part := range norm.NFD.String(string(r)) {
			if !unicode.Is(unicode.Mn, part) {
				b.WriteRune(part)
			}
		}
	}
	return b.String()
}
