package generate

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Person is one customer of the shop, invented: addresses end in example.com.
type Person struct {
	Number     int    // place in Life.People
	CustomerID string // digits, leading zeros never
	FirstName  string
	LastName   string
	Email      string // empty for the few who gave none
	Phone      string // E.164; may be empty
	Locale     string // "it" or "en"

	// What they agreed to when they first bought.
	EmailConsent, SMSConsent bool
	// Subscriber: gets the box every month until they cancel it.
	Subscriber bool

	gap     float64 // mean days between two orders
	shape   float64 // of the gaps: the higher, the more regular
	leaves  float64 // chance after each order that it was the last
	once    bool    // bought once and never again
	patient float64 // 0 to 1: how likely they are to put up with and react to messages
}

// Someone is the person with a number. Two numbers never share an address.
func Someone(seed uint64, number int) Person {
	c := about(seed, "person", int64(number))
	p := Person{
		Number: number, CustomerID: fmt.Sprint(6_100_000_000_000 + int64(number)),
		FirstName: pick(c, firstNames), LastName: pick(c, lastNames), Locale: "it",
		gap: min(max(30*math.Exp(0.5*c.normal()), 10), 120), shape: 1.5 + 3*c.share(),
		leaves: 0.04 + 0.14*c.share(), once: c.happens(0.34), patient: c.share(),
	}
	if c.happens(0.04) {
		p.Locale = "en"
	}
	p.Subscriber = !p.once && c.happens(0.08)
	hasPhone, hasEmail := c.happens(0.8), c.happens(0.96)
	if hasEmail || !hasPhone {
		p.Email = fmt.Sprintf("%s.%s%d@example.com", slug(p.FirstName), slug(p.LastName), number+1)
	}
	if hasPhone {
		p.Phone = fmt.Sprintf("+39%s%07d", mobile[number%len(mobile)], (number/len(mobile)*7919+1_234_567)%10_000_000)
	}
	p.EmailConsent = p.Email != "" && c.happens(0.82)
	p.SMSConsent = p.Phone != "" && c.happens(0.68)
	return p
}

// slug is a name as it stands in an address.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r
		case r == 'ò':
			return 'o'
		case r == 'ù', r == 'ü':
			return 'u'
		case r == 'ë':
			return 'e'
		}
		return -1
	}, strings.ToLower(name))
}

// season is how much is bought on a day, against an ordinary one: much before
// Christmas, little in August.
func season(day time.Time) float64 {
	switch day.Month() {
	case time.December:
		if day.Day() > 23 {
			return 0.5
		}
		return 2.1
	case time.November:
		return 1.25
	case time.August:
		return 0.55
	}
	return 1
}
