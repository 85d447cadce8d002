package lifecycle

import (
	"strings"

	"ritorno/internal/identity"
)

// RegionOf is the region of an address: the code of ISO 3166-2 without its
// country, such as FL or SCT. It comes from what the source calls state or
// province, else from the postcode. Regions are told apart only where the time
// zone, a holiday or the law hangs on them, empty elsewhere and where neither
// tells.
func RegionOf(country, region, postcode string) string {
	region = strings.ToUpper(strings.TrimSpace(region))
	region = strings.TrimPrefix(region, country+"-")
	if codes, ok := regions[country]; ok {
		if _, ok := codes[region]; ok {
			return region
		}
		for code, name := range codes {
			if strings.EqualFold(name, region) {
				return code
			}
		}
	}
	return regionOfPostcode(country, strings.ToUpper(strings.ReplaceAll(postcode, " ", "")))
}

func regionOfPostcode(country, code string) string {
	switch country {
	case "US":
		return within(zipStates, code, 3)
	case "ES":
		return within(spainPostcodes, code, 2)
	case "PT":
		return within(portugalPostcodes, code, 2)
	case "FR":
		return within(francePostcodes, code, 2)
	case "GB":
		letters := strings.IndexFunc(code, func(r rune) bool { return r < 'A' || r > 'Z' })
		if letters <= 0 {
			return ""
		}
		for nation, areas := range britishAreas {
			if containsWord(areas, code[:letters]) {
				return nation
			}
		}
		return "ENG"
	}
	return ""
}

// within finds the first digits of a postcode in a table of "from-to region".
func within(table, code string, digits int) string {
	if len(code) < digits {
		return ""
	}
	code = code[:digits]
	for line := range strings.Lines(table) {
		w := strings.Fields(line)
		if len(w) != 2 {
			continue
		}
		from, to, _ := strings.Cut(w[0], "-")
		if to == "" {
			to = from
		}
		if code >= from && code <= to {
			return w[1]
		}
	}
	return ""
}

// phonePlace is the country of an E.164 number and, in the United States, the
// state of its area code; empty where the number tells none.
func phonePlace(e164 string) (country, region string) {
	for _, p := range [...]struct{ prefix, country string }{
		{"+39", "IT"}, {"+33", "FR"}, {"+49", "DE"}, {"+34", "ES"}, {"+44", "GB"},
	} {
		if strings.HasPrefix(e164, p.prefix) {
			return p.country, ""
		}
	}
	if strings.HasPrefix(e164, "+1") && len(e164) > 5 {
		for state, codes := range areaCodes {
			if containsWord(codes, e164[2:5]) {
				return "US", state
			}
		}
	}
	if e164 == "" {
		return "", ""
	}
	return identity.PhoneCountry(e164), ""
}

func containsWord(list, word string) bool {
	return strings.Contains(" "+list+" ", " "+word+" ")
}
