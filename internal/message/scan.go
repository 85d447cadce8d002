package message

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// token is one {{ … }} or {% … %} of a template, with its place in the file.
type token struct {
	tag          string // name of a tag; "" for {{ … }}
	args         string
	line, column int // of the opening braces
	argsColumn   int // of args, when they stand on the same line
}

var tagInside = regexp.MustCompile(`^-?\s*(\w+)(?:\s+|\s*$|-$)`)

// scanner walks a template the way the Liquid library does: {{ … }} ends at
// the first }} of its line, {% … %} at the first %}.
type scanner struct {
	src          string
	line, column int
	tokens       []token
	problems     []Problem
	comment      *token // set while inside {% comment %}
}

// scan finds all tokens, and what the library would print as it stands because
// it is not closed.
func scan(src string, line, column int) ([]token, []Problem) {
	s := &scanner{src: src, line: line, column: column}
	for s.src != "" {
		i := nextBrace(s.src)
		if i < 0 {
			break
		}
		s.skip(i)
		s.brace()
	}
	if s.comment != nil {
		s.problems = append(s.problems, Problem{"", s.comment.line, s.comment.column, "comment is not closed: {% endcomment %} is missing"})
	}
	return s.tokens, s.problems
}

// nextBrace is the index of the next two characters that mean something.
func nextBrace(s string) int {
	best := -1
	for _, mark := range []string{"{{", "{%", "}}", "%}"} {
		if i := strings.Index(s, mark); i >= 0 && (best < 0 || i < best) {
			best = i
		}
	}
	return best
}

// skip moves n bytes on.
func (s *scanner) skip(n int) {
	part := s.src[:n]
	if i := strings.LastIndexByte(part, '\n'); i >= 0 {
		s.line += strings.Count(part, "\n")
		s.column = 1
		part = part[i+1:]
	}
	s.column += utf8.RuneCountInString(part)
	s.src = s.src[n:]
}

func (s *scanner) brace() {
	switch s.src[:2] {
	case "{{":
		s.object()
	case "{%":
		s.tag()
	default:
		s.report(s.src[:2] + " without an opening before it")
		s.skip(2)
	}
}

func (s *scanner) object() {
	rest := s.src[2:]
	end := strings.Index(rest, "}}")
	if nl := strings.IndexByte(rest, '\n'); end < 0 || (nl >= 0 && nl < end) {
		s.report("{{ is not closed: }} must follow on the same line")
		s.skip(2)
		return
	}
	inside := rest[:end]
	args := strings.TrimSpace(trimDashes(inside))
	if args == "" {
		s.report("{{ }} is empty: name what to show")
	} else if s.comment == nil {
		s.add("", inside, args)
	}
	s.skip(end + 4)
}

func (s *scanner) tag() {
	end := strings.Index(s.src[2:], "%}")
	if end < 0 {
		s.report("{% is not closed: %} is missing")
		s.skip(2)
		return
	}
	inside := s.src[2 : 2+end]
	m := tagInside.FindStringSubmatch(inside)
	if m == nil {
		s.report("{% must be followed by the name of a tag, such as if")
		s.skip(2)
		return
	}
	name := m[1]
	switch {
	case s.comment != nil:
		if name == "endcomment" {
			s.comment = nil
		}
	case name == "comment":
		s.comment = &token{line: s.line, column: s.column}
	default:
		args := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(trimDashes(inside)), name))
		s.add(name, inside, args)
	}
	s.skip(end + 4)
}

func (s *scanner) add(tag, inside, args string) {
	column := s.column + 2
	if i := strings.LastIndex(inside, args); args != "" && i >= 0 && !strings.Contains(inside[:i], "\n") {
		column += utf8.RuneCountInString(inside[:i])
	}
	s.tokens = append(s.tokens, token{tag: tag, args: args, line: s.line, column: s.column, argsColumn: column})
}

func (s *scanner) report(text string) {
	if s.comment == nil {
		s.problems = append(s.problems, Problem{"", s.line, s.column, text})
	}
}

func trimDashes(inside string) string {
	return strings.TrimSuffix(strings.TrimPrefix(inside, "-"), "-")
}
