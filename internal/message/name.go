package message

// Name is a person's name as messages and pages may show it: letters, marks,
// digits, space, apostrophe, hyphen and point. A name that loses more than
// that is left out: the result is empty.
func Name(raw string) string { return cleanName(raw) }
