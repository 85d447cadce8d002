// Package reply owns the reading of SMS replies: what a contact who wrote back
// wants. It is pure.
package reply

// Kind says what a reply is.
type Kind uint8

// The kinds of reply. Answer, Unclear and Other come from a person who reacted.
const (
	Other   Kind = iota // text that asks nothing of us, or nothing at all
	OptOut              // no more SMS
	OptIn               // SMS again
	Help                // who are you, what is this
	Answer              // reaction to an open survey
	Unclear             // an opt-out word inside a sentence: no opt-out, but a person must read it
)

// String names the kind for logs and metrics.
func (k Kind) String() string {
	return [...]string{"other", "opt_out", "opt_in", "help", "answer", "unclear"}[k]
}

// Classify reads a reply. A keyword counts alone or with courtesy words only
// ("Basta, grazie"), and so does a request of the list in requests.go ("Non
// scrivetemi più"); inside a sentence either makes the reply Unclear. A plain no
// is an opt-out only where no survey is open, because it may answer one; the
// same holds for a plain yes, which providers take as an opt-in. Case,
// punctuation and diacritics do not matter.
func Classify(body string, surveyOpen bool) Kind {
	seen := scan(words(body))
	switch {
	case seen[stray] || seen[mark]:
		if seen[mark] || seen[out] || seen[whole] {
			return Unclear
		}
	case contradicts(seen):
		return Unclear
	case seen[out] || seen[bare] || seen[whole]:
		return OptOut
	case seen[in]:
		return OptIn
	case seen[help]:
		return Help
	case !surveyOpen && (seen[no] || seen[not]) && !seen[yes]:
		return OptOut
	case !surveyOpen && seen[yes] && !seen[no] && !seen[not]:
		return OptIn
	}
	if surveyOpen && hasContent(body) {
		return Answer
	}
	return Other
}

// contradicts finds replies whose words turn each other round: "non
// cancellarmi", "stop start", "no start".
func contradicts(seen [classes]bool) bool {
	leave := seen[out] || seen[bare] || seen[whole]
	return leave && (seen[not] || seen[in]) || seen[in] && (seen[no] || seen[not])
}

// scan notes which classes of phrase a reply is made of. Courtesy may stand
// inside a request ("schreiben Sie mir bitte nicht mehr"), so what makes no
// sense with it is read without.
func scan(ws []string) [classes]bool {
	seen, plain := classesOf(ws)
	if seen[stray] && seen[courtesy] {
		if again, _ := classesOf(plain); !again[stray] {
			return again
		}
	}
	return seen
}

// classesOf cuts a reply into phrases, the longest that fits at each word, and
// also returns it without courtesy.
func classesOf(ws []string) (seen [classes]bool, plain []string) {
	for len(ws) > 0 {
		n, c := longest(ws)
		if seen[c] = true; c != courtesy {
			plain = append(plain, ws[:n]...)
		}
		ws = ws[n:]
	}
	return seen, plain
}

func longest(ws []string) (int, class) {
	for n := min(len(ws), max(maxPhrase, longestWhole)); n > 0; n-- {
		text := join(ws[:n])
		if wholes[text] {
			return n, whole
		}
		if c, ok := phrases[text]; ok {
			return n, c
		}
	}
	return 1, stray
}
