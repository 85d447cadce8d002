package identity_test

import (
	"slices"
	"testing"

	"ritorno/internal/identity"
)

func TestPhone(t *testing.T) {
	tests := map[string]struct{ in, country, want string }{
		"E.164 needs no country":                        {"+491713920012", "", "+491713920012"},
		"E.164 wins over the country":                   {"+49 171 3920012", "IT", "+491713920012"},
		"a national number is read in its country":      {"0171 3920012", "DE", "+491713920012"},
		"lower-case country":                            {"0171 3920012", "de", "+491713920012"},
		"an Italian landline keeps its zero":            {"02 1234567", "IT", "+39021234567"},
		"00 leads abroad from a country that dials so":  {"00491713920012", "IT", "+491713920012"},
		"00 leads abroad without a country":             {"00491713920012", "", "+491713920012"},
		"00 leads abroad from one that dials otherwise": {"00491713920012", "US", "+491713920012"},
		"brackets and dashes":                           {"(212) 555-0134", "US", "+12125550134"},
		"a national number without a country":           {"2125550134", "", ""},
		"a country name is no country":                  {"2125550134", "United States", ""},
		"the wrong country":                             {"0171 3920012", "US", ""},
		"film numbers are in no plan":                   {"+33639980102", "FR", ""},
		"letters are not guessed":                       {"555-555-SHIP", "US", ""},
		"the area code 555 does not exist":              {"555-555-5555", "US", ""},
		"zeros":                                         {"0000000000", "IT", ""},
		"too short":                                     {"123", "IT", ""},
		"a dash":                                        {"-", "IT", ""},
		"nothing":                                       {"", "IT", ""},
		"control characters":                            {"\x00\x00\x00", "IT", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := identity.Phone(tt.in, tt.country)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Phone(%q, %q) = %q, %v, want %q", tt.in, tt.country, got, ok, tt.want)
			}
		})
	}
}

func TestPhoneFacts(t *testing.T) {
	tests := map[string]struct {
		e164    string
		mobile  bool
		country string
		zone    string // one of them; empty: none at all
	}{
		"a German mobile":                       {"+491713920012", true, "DE", "Europe/Berlin"},
		"a US number counts as mobile":          {"+12125550134", true, "US", "America/New_York"},
		"an Italian landline":                   {"+39021234567", false, "IT", "Europe/Rome"},
		"a network without a country":           {"+80012345678", false, "", ""},
		"not E.164":                             {"0171 3920012", false, "", ""},
		"nothing":                               {"", false, "", ""},
		"a plus alone":                          {"+", false, "", ""},
		"too long for any number on this earth": {"+123456789012345678", false, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := identity.Mobile(tt.e164); got != tt.mobile {
				t.Errorf("Mobile = %v, want %v", got, tt.mobile)
			}
			if got := identity.PhoneCountry(tt.e164); got != tt.country {
				t.Errorf("PhoneCountry = %q, want %q", got, tt.country)
			}
			zones := identity.PhoneZones(tt.e164)
			if tt.zone == "" && tt.country == "" && tt.e164 != "+80012345678" && zones != nil {
				t.Errorf("PhoneZones = %v, want none", zones)
			}
			if tt.zone != "" && !slices.Contains(zones, tt.zone) {
				t.Errorf("PhoneZones = %v, want %s among them", zones, tt.zone)
			}
		})
	}
}

func FuzzPhone(f *testing.F) {
	f.Add("+491713920012", "")
	f.Add("00491713920012", "US")
	f.Add("(212) 555-0134 x5", "US")
	f.Add("+", "ZZ")
	f.Fuzz(func(t *testing.T, s, country string) {
		e164, ok := identity.Phone(s, country)
		if !ok {
			return
		}
		if again, ok := identity.Phone(e164, ""); !ok || again != e164 {
			t.Fatalf("E.164 form of %q in %q is not stable: %q, then %q", s, country, e164, again)
		}
		identity.Mobile(e164)
		identity.PhoneCountry(e164)
		identity.PhoneZones(e164)
	})
}
