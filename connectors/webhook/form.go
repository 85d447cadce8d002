package webhook

import (
	"net/url"
	"strings"

	"ritorno/connectors"
)

// readForm reads name=value&…, with percent codes. Names with brackets, as PHP
// writes them, nest: contact[email] is the field email of the object contact,
// tags[] is an entry of a list.
func readForm(body string) (any, error) {
	root := map[string]any{}
	rest, parts := body, 0
	for rest != "" {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		if parts++; parts > maxParts {
			return nil, connectors.Malformed("", "more than 20000 values")
		}
		name, value, err := unescape(pair)
		if err != nil {
			return nil, err
		}
		if err := putForm(root, name, value); err != nil {
			return nil, err
		}
	}
	return plain(root), nil
}

func unescape(pair string) (name, value string, err error) {
	name, value, _ = strings.Cut(pair, "=")
	if name, err = url.QueryUnescape(name); err == nil {
		value, err = url.QueryUnescape(value)
	}
	switch {
	case err != nil:
		return "", "", connectors.Malformed("", "a form with a broken percent code")
	case len(value) > maxValue || len(name) > 1024:
		return "", "", connectors.Malformed("", "a name over 1 KiB or a value over 64 KiB")
	case strings.ToValidUTF8(name+value, "") != name+value:
		return "", "", connectors.Malformed("", "is not valid UTF-8")
	}
	return name, value, nil
}

// putForm sets one value at the place that its name describes.
func putForm(root map[string]any, name, value string) error {
	steps := stepsOf(name)
	if len(steps) > maxDepth {
		return connectors.Malformed("", "nested deeper than 32 levels")
	}
	at := root
	for _, step := range steps[:len(steps)-1] {
		next, ok := at[step].(map[string]any)
		if !ok {
			if _, taken := at[step]; taken {
				return connectors.Malformed("/"+step, "is a value and an object at once")
			}
			next = map[string]any{}
			at[step] = next
		}
		at = next
	}
	last := steps[len(steps)-1]
	if _, object := at[last].(map[string]any); object {
		return connectors.Malformed("/"+last, "is a value and an object at once")
	}
	put(at, last, value)
	return nil
}

// stepsOf takes a[b][c] apart. Empty brackets at the end say that there may be
// more of the same name, which is allowed anyway. Brackets that do not close
// are part of the name.
func stepsOf(name string) []string {
	head, rest, nested := strings.Cut(name, "[")
	if !nested || head == "" || !strings.HasSuffix(rest, "]") {
		return []string{name}
	}
	steps := []string{head}
	for _, step := range strings.Split(strings.TrimSuffix(rest, "]"), "][") {
		if step != "" {
			steps = append(steps, step)
		}
	}
	return steps
}
