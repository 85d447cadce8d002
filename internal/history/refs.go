package history

import (
	"net/url"
	"strings"

	"ritorno/internal/lifecycle"
)

// Refs writes the customer ids of a contact into one cell: source:id, separated
// by blanks, with odd characters written as in the query of a URL.
func Refs(refs []lifecycle.Ref) string {
	all := make([]string, len(refs))
	for i, r := range refs {
		all[i] = url.QueryEscape(r.Source) + ":" + url.QueryEscape(r.ID)
	}
	return strings.Join(all, " ")
}

func unescape(source, id string, ok bool) (string, string, bool) {
	source, err := url.QueryUnescape(source)
	id, err2 := url.QueryUnescape(id)
	return source, id, ok && err == nil && err2 == nil
}
