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
// ("Basta, grazie"); inside a sentence it makes the reply Unclear. A plain no
// is an opt-out only where no survey is open, because it may answer one; the
// same holds for a plain yes, which providers take as an opt-in. Case,
// punctuation and diacritics do not matter.
func Classify(body string, surveyOpen bool) Kind {
	ws := words(body)
	seen := scan(ws)
	switch {
	case seen[stray] || seen[mark]:
		if seen[mark] || seen[out] {
			return Unclear
		}
	case contradicts(seen):
		return Unclear
	case seen[out] || seen[bare]:
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
	leave := seen[out] || seen[bare]
	return leave && (seen[not] || seen[in]) || seen[in] && (seen[no] || seen[not])
}

// scan notes which classes of phrase a reply is made of; the longest phrase
// wins at each word.
func scan(ws []string) (seen [classes]bool) {
	for len(ws) > 0 {
		n, c := longest(ws)
		seen[c] = true
		ws = ws[n:]
	}
	return seen
}

func longest(ws []string) (int, class) {
	for n := min(len(ws), maxPhrase); n > 0; n-- {
		if c, ok := phrases[join(ws[:n])]; ok {
			return n, c
		}
	}
	return 1, stray
}
