package connectors

import (
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// place is a JSON pointer that is safe to show: a name that is no plain field
// name could be somebody's address, and becomes "?".
func place(p jsontext.Pointer) string {
	if p == "" {
		return "/"
	}
	segments := strings.Split(strings.TrimPrefix(string(p), "/"), "/")
	for i, s := range segments {
		if !plainName(s) {
			segments[i] = "?"
		}
	}
	return "/" + strings.Join(segments, "/")
}

// plainName reports whether s reads like a field name or an array index.
func plainName(s string) bool {
	if s == "" || len(s) > 48 {
		return false
	}
	digits := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		default:
			return false
		}
	}
	return digits <= 5 // longer ones are phone numbers and ids
}

// wanted names a Go kind in the words of JSON.
func wanted(k reflect.Kind) string {
	switch k {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	}
	return "a number"
}

// kindName names what stands in the body.
func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "text"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "something else"
}
