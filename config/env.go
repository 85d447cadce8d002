package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// reference is ${NAME} or ${NAME:-default}.
var reference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}\n]*))?\}`)

// veil is where the punctuation of references goes while YAML is parsed: YAML
// would read the braces of [${A}] as its own. One character becomes one
// character, so columns stay. The private plane 16 has no other use here.
const veil = 0x10FF00

// veilReferences hides the punctuation of all references in the source.
func veilReferences(src string) string {
	return reference.ReplaceAllStringFunc(src, func(ref string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("{}[],#:&*!|>%@` ", r) {
				return veil + r
			}
			return r
		}, ref)
	})
}

// unveil takes veilReferences back.
func unveil(text string) string {
	return strings.Map(func(r rune) rune {
		if r > veil && r < veil+0x80 {
			return r - veil
		}
		return r
	}, text)
}

// expand replaces the references of a text. The error names variables only,
// never a value.
func expand(text string, env func(string) (string, bool)) (string, error) {
	if strings.Count(text, "${") != len(reference.FindAllStringIndex(text, -1)) {
		return "", errors.New("holds an incomplete reference: write ${NAME} or ${NAME:-default}")
	}
	var unset []string
	out := reference.ReplaceAllStringFunc(text, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		value, ok := env(m[1])
		switch {
		case m[2] != "" && value == "":
			return m[3]
		case !ok:
			unset = append(unset, m[1])
		}
		return value
	})
	if len(unset) > 0 {
		return "", fmt.Errorf("needs the environment variable %s, which is not set: set it, or give a default with ${%s:-value}", unset[0], unset[0])
	}
	return out, nil
}
