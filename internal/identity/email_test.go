package identity_test

import (
	"strings"
	"testing"
	"unicode"

	"ritorno/internal/identity"
)

func TestEmail(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"blanks and capitals do not make another person": {" Ada.Lovelace@Example.COM\n", "ada.lovelace@example.com"},
		"a plus tag is part of the address":              {"ada+shop@example.com", "ada+shop@example.com"},
		"an international domain has one ASCII form":     {"ada@Bücher.example", "ada@xn--bcher-kva.example"},
		"its ASCII form is the same person":              {"ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		"a made-up top level is a name all the same":     {"ciao@bottega.example", "ciao@bottega.example"},
		"a private suffix can have a mailbox":            {"me@github.io", "me@github.io"},
		"odd but legal characters stay":                  {"o'brien/x=1@example.com", "o'brien/x=1@example.com"},
		"an international top level":                     {"ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"},
		"no at sign":                                     {"ada.example.com", ""},
		"nothing before the at sign":                     {"@example.com", ""},
		"nothing behind the at sign":                     {"ada@", ""},
		"two at signs":                                   {"ada@b@example.com", ""},
		"a single label is no mail domain":               {"ada@localhost", ""},
		"a bare public suffix is no mail domain":         {"ada@co.uk", ""},
		"an IP literal":                                  {"ada@[192.0.2.1]", ""},
		"an IP address as a domain":                      {"ada@192.0.2.1", ""},
		"a blank inside":                                 {"ada lovelace@example.com", ""},
		"a header injected":                              {"ada@example.com\r\nBcc: x@example.com", ""},
		"a NUL":                                          {"ada\x00@example.com", ""},
		"a quoted local part":                            {`"ada x"@example.com`, ""},
		"a non-ASCII local part":                         {"adà@example.com", ""},
		"a zero-width blank":                             {"ada\u200b@example.com", ""},
		"a display name":                                 {"Ada <ada@example.com>", ""},
		"two dots in a row":                              {"a..b@example.com", ""},
		"a leading dot":                                  {".a@example.com", ""},
		"an empty label":                                 {"ada@example..com", ""},
		"a trailing dot":                                 {"ada@example.com.", ""},
		"an underscore in the domain":                    {"ada@my_shop.com", ""},
		"a label that starts with a dash":                {"ada@-shop.com", ""},
		"a numeric top level":                            {"ada@shop.123", ""},
		"a local part over 64 bytes":                     {strings.Repeat("a", 65) + "@example.com", ""},
		"an address over 254 bytes":                      {"a@" + strings.Repeat("abcdefgh.", 30) + "com", ""},
		"invalid UTF-8":                                  {"ada@ex\xffample.com", ""},
		"nothing":                                        {"", ""},
		"a phone number":                                 {"+12125550134", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := identity.Email(tt.in)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("Email(%q) = %q, %v, want %q", tt.in, got, ok, tt.want)
			}
		})
	}
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"ada@example.com", "ADA@Bücher.example", "a@b", "x@xn--a.xn--b", "\"a\"@b.it", "a@1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key, ok := identity.Email(s)
		if !ok {
			if key != "" {
				t.Fatalf("refused with key %q", key)
			}
			return
		}
		if again, ok := identity.Email(key); !ok || again != key {
			t.Fatalf("normal form of %q is not stable: %q, then %q", s, key, again)
		}
		if len(key) > 254 || strings.Count(key, "@") != 1 || strings.ContainsFunc(key, func(r rune) bool {
			return r > 126 || unicode.IsControl(r) || unicode.IsSpace(r) || unicode.IsUpper(r)
		}) {
			t.Fatalf("bad normal form %q", key)
		}
	})
}

func TestPlaceholder(t *testing.T) {
	for _, s := range []string{
		"noreply@shop.it", "No-Reply@Shop.it", " none@none.com", "guest@shop.it", "guest-17@shop.it",
		"x@till.invalid", "you@example.com", "do.not.reply@shop.it", "no_email@shop.it",
		"pos@bottega.example", "POS-3@bottega.example", "cassa2@bottega.example", "a1b2c3@marketplace.amazon.it", "anna77@members.ebay.de",
	} {
		if !identity.Placeholder(s) {
			t.Errorf("Placeholder(%q) = false, want true", s)
		}
	}
	for _, s := range []string{
		"ada@example.com", "john@example.com", "guestini@shop.it", "anna.none@shop.it", "17@shop.it", "", "noreply", "till@bottega.example", "anna@amazon.it", "posner@shop.it",
	} {
		if identity.Placeholder(s) {
			t.Errorf("Placeholder(%q) = true, want false", s)
		}
	}
}
