package message

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// calendar holds the names of a language, January and Sunday first.
type calendar struct {
	months   [12]string
	weekdays [7]string
	short    int // runes of an abbreviated name
}

var calendars = map[string]calendar{
	"it": {
		months: [12]string{
			"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
			"luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
		},
		weekdays: [7]string{"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"},
		short:    3,
	},
	"en": {
		months: [12]string{
			"January", "February", "March", "April", "May", "June",
			"July", "August", "September", "October", "November", "December",
		},
		weekdays: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		short:    3,
	},
}

func calendarOf(lang string) calendar {
	if c, ok := calendars[lang]; ok {
		return c
	}
	return calendars["en"]
}

// moment is a date as a template sees it, in the contact's zone.
type moment struct {
	at   time.Time
	now  time.Time
	lang string
}

// String is the day as people say it: "3 settembre", with the year only where
// it is not this one.
func (m moment) String() string {
	if m.at.Year() == m.now.Year() {
		return m.format("%-d %B")
	}
	return m.format("%-d %B %Y")
}

// format understands the strftime signs that Shopify's date filter has; an
// unknown sign stays as it is.
func (m moment) format(layout string) string {
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' || i+1 == len(layout) {
			b.WriteByte(layout[i])
			continue
		}
		i++
		flag := byte(0)
		if (layout[i] == '-' || layout[i] == '^') && i+1 < len(layout) {
			flag = layout[i]
			i++
		}
		b.WriteString(m.sign(layout[i], flag))
	}
	return b.String()
}

func (m moment) sign(c, flag byte) string {
	if text, ok := m.name(c); ok {
		if flag == '^' {
			return strings.ToUpper(text)
		}
		return text
	}
	if n, width, ok := m.number(c); ok {
		if flag == '-' {
			return strconv.Itoa(n)
		}
		return fmt.Sprintf("%0*d", width, n)
	}
	switch c {
	case 'e':
		return fmt.Sprintf("%2d", m.at.Day())
	case 'F':
		return m.format("%Y-%m-%d")
	case 'T':
		return m.format("%H:%M:%S")
	case 'R':
		return m.format("%H:%M")
	case 'x':
		return m.format("%d/%m/%Y")
	case 's':
		return strconv.FormatInt(m.at.Unix(), 10)
	case 'z':
		return m.at.Format("-0700")
	case '%':
		return "%"
	}
	return "%" + strings.TrimLeft(string(flag), "\x00") + string(rune(c))
}

func (m moment) name(c byte) (string, bool) {
	cal := calendarOf(m.lang)
	switch c {
	case 'B':
		return cal.months[m.at.Month()-1], true
	case 'b', 'h':
		return abbreviate(cal.months[m.at.Month()-1], cal.short), true
	case 'A':
		return cal.weekdays[m.at.Weekday()], true
	case 'a':
		return abbreviate(cal.weekdays[m.at.Weekday()], cal.short), true
	case 'p':
		return m.at.Format("PM"), true
	case 'P':
		return m.at.Format("pm"), true
	case 'Z':
		return m.at.Format("MST"), true
	}
	return "", false
}

func (m moment) number(c byte) (n, width int, ok bool) {
	switch c {
	case 'd':
		return m.at.Day(), 2, true
	case 'm':
		return int(m.at.Month()), 2, true
	case 'Y':
		return m.at.Year(), 4, true
	case 'y':
		return m.at.Year() % 100, 2, true
	case 'H':
		return m.at.Hour(), 2, true
	case 'I', 'l':
		return (m.at.Hour()+11)%12 + 1, 2, true
	case 'M':
		return m.at.Minute(), 2, true
	case 'S':
		return m.at.Second(), 2, true
	case 'j':
		return m.at.YearDay(), 3, true
	}
	return 0, 0, false
}

func abbreviate(name string, n int) string {
	runes := []rune(name)
	return string(runes[:min(n, len(runes))])
}
