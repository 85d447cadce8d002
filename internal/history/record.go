package history

import "strings"

// split cuts a record into its fields. open means that it ends inside a quoted
// field. A quote in the middle of an unquoted field is text, as in 12" vinyl.
func split(record string, sep byte, into []string) (fields []string, open bool, fault string) {
	fields = into[:0]
	for {
		if !strings.HasPrefix(record, `"`) {
			field, rest, more := strings.Cut(record, string(sep))
			fields = append(fields, field)
			if !more {
				return fields, false, ""
			}
			record = rest
			continue
		}
		field, rest, closed := quoted(record[1:])
		switch {
		case !closed:
			return fields, true, ""
		case rest == "":
			return append(fields, field), false, ""
		case rest[0] != sep:
			return fields, false, "has text behind a closing quote: double the quotes inside a field"
		}
		fields, record = append(fields, field), rest[1:]
	}
}

// quoted reads up to the closing quote; two quotes are one that is meant.
func quoted(s string) (field, rest string, closed bool) {
	at := strings.IndexByte(s, '"')
	if at >= 0 && !strings.HasPrefix(s[at+1:], `"`) { // the usual case needs no copy
		return s[:at], s[at+1:], true
	}
	var b strings.Builder
	for at >= 0 {
		b.WriteString(s[:at])
		s = s[at+1:]
		if !strings.HasPrefix(s, `"`) {
			return b.String(), s, true
		}
		b.WriteByte('"')
		s = s[1:]
		at = strings.IndexByte(s, '"')
	}
	return "", "", false
}

// record joins lines until all quotes are closed. What cannot be closed within
// maxRecord is one bad line: those behind it are read again on their own.
func (r *table) record() (first line, fields []string, fault string, err error) {
	first, err = r.lines.next()
	if err != nil {
		return first, nil, "", err
	}
	r.raw = first.text
	if first.long {
		return first, nil, "is longer than 64 KiB", nil
	}
	fields, open, fault := split(first.text, r.sep, r.fields)
	var more []line
	for open {
		next, err := r.lines.next()
		if err == nil {
			more = append(more, next)
		}
		if err != nil || next.long || len(r.raw)+1+len(next.text) > maxRecord {
			r.lines.giveBack(more)
			r.raw = first.text
			return first, nil, "opens a quote that is never closed", nil
		}
		r.raw += "\n" + next.text
		// Only a line with a quote can close it.
		if strings.IndexByte(next.text, '"') >= 0 {
			fields, open, fault = split(r.raw, r.sep, r.fields)
		}
	}
	r.fields = fields
	return first, fields, fault, nil
}
