package identity

import "strings"

// nobody are local parts that tills, marketplaces and call centres type in
// when a buyer gives no address. Digits, dots and dashes are dropped before
// the look-up, so "guest-17" and "no.reply" are found too.
var nobody = map[string]bool{
	"anonymous": true, "caisse": true, "caja": true, "cassa": true, "donotreply": true, "dontreply": true, "fake": true,
	"guest": true, "instore": true, "kasse": true, "noaddress": true, "noemail": true, "nomail": true,
	"none": true, "noone": true, "noreply": true, "notavailable": true,
	"notprovided": true, "null": true, "placeholder": true, "pointofsale": true, "pos": true, "undefined": true,
	"unknown": true, "walkin": true,
}

// nowhere are domains that exist for filling in forms only. example.com is
// not among them: tests and manuals use it for people.
var nowhere = map[string]bool{
	"noemail.com": true, "no-email.com": true, "nomail.com": true,
	"noreply.com": true, "none.com": true, "email.invalid": true,
}

// relays are where marketplaces forward from: what stands before is of one
// order or one buyer, who agreed to nothing there, and whoever writes to it may
// lose the marketplace's account.
var relays = []string{"marketplace.amazon.", "members.ebay."}

// samples are the addresses that forms show as an example.
var samples = map[string]bool{
	"email@example.com": true, "example@example.com": true, "you@example.com": true,
	"your@email.com": true, "youremail@example.com": true, "name@domain.com": true,
	"email@domain.com": true, "example@domain.com": true,
}

// Placeholder reports whether an address stands for nobody in particular:
// many buyers share it, so it must neither match two people nor be written to.
// It takes any spelling of the address.
func Placeholder(email string) bool {
	email = strings.ToLower(strings.TrimSpace(email))
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return false
	}
	host := email[at+1:]
	if samples[email] || nowhere[host] || strings.HasSuffix(host, ".invalid") || strings.HasSuffix(host, ".localhost") {
		return true
	}
	for _, relay := range relays {
		if strings.HasPrefix(host, relay) {
			return true
		}
	}
	return nobody[strings.Map(letters, email[:at])]
}

// Fits reports whether an address in its normal form is one of those that a
// pattern means: a whole address, every one of a domain ("@till.example"), or
// every one of a name ("pos@").
func Fits(pattern, key string) bool {
	switch {
	case strings.HasPrefix(pattern, "@"):
		return strings.HasSuffix(key, pattern)
	case strings.HasSuffix(pattern, "@"):
		return strings.HasPrefix(key, pattern)
	}
	return pattern == key
}

// letters drops what people put between and behind the words.
func letters(r rune) rune {
	if r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
		return -1
	}
	return r
}
