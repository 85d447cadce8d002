package identity

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// unknownRegion is the library's word for "no country".
const unknownRegion = "ZZ"

// Phone is the E.164 form of a phone number written in a country (ISO 3166
// alpha-2, may be empty). ok is false for whatever the numbering plan does not
// know, so that fillers such as 0000000000 never match two people. Numbers
// with letters in them are refused.
func Phone(s, country string) (e164 string, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 || strings.ContainsFunc(s, unicode.IsLetter) {
		return "", false
	}
	country = strings.ToUpper(strings.TrimSpace(country))
	if len(country) != 2 {
		country = unknownRegion
	}
	if e164, ok = parsePhone(s, country); ok {
		return e164, true
	}
	// 00 leads abroad in most of the world, whatever the buyer's own country
	// dials.
	if abroad, found := strings.CutPrefix(s, "00"); found {
		return parsePhone("+"+abroad, unknownRegion)
	}
	return "", false
}

func parsePhone(s, country string) (string, bool) {
	n, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}

// Mobile reports whether an E.164 number can receive SMS by its numbering
// plan. Where the plan does not tell mobile from fixed lines (United States,
// Canada), every number counts as mobile.
func Mobile(e164 string) bool {
	n, ok := international(e164)
	if !ok {
		return false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return true
	}
	return false
}

// PhoneCountry is the country (ISO 3166 alpha-2) of an E.164 number, empty if
// it belongs to none.
func PhoneCountry(e164 string) string {
	n, ok := international(e164)
	if !ok {
		return ""
	}
	country := phonenumbers.GetRegionCodeForNumber(n)
	if len(country) != 2 || country == unknownRegion {
		return "" // satellite and other networks without a country
	}
	return country
}

// PhoneZones are the IANA time zones in which an E.164 number may be, nil if
// the prefix tells none. One zone is a fact, several are a range.
func PhoneZones(e164 string) []string {
	n, ok := international(e164)
	if !ok {
		return nil
	}
	zones, err := phonenumbers.GetTimezonesForNumber(n)
	if err != nil || len(zones) == 1 && zones[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return nil
	}
	return zones
}

// international reads a number that is in E.164 already.
func international(e164 string) (*phonenumbers.PhoneNumber, bool) {
	if !strings.HasPrefix(e164, "+") || len(e164) > 16 {
		return nil, false
	}
	n, err := phonenumbers.Parse(e164, unknownRegion)
	return n, err == nil
}
