package message

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"
)

// Bounds of what a template may do, so that rendering one stays short whatever
// it says. A list holds at most maxList elements.
const (
	maxLoops     = 10
	maxLoopDepth = 2
	maxDepth     = 20
	maxList      = 50
)

// The tags of a template. include would read files, raw would print braces, and
// capture can double a text in each round of a loop without reaching the
// output's limit.
var (
	openers = map[string]string{"if": "endif", "unless": "endunless", "case": "endcase", "for": "endfor"}
	clauses = map[string]string{"elsif": "if", "when": "case", "else": "if unless case for"}
	plain   = map[string]bool{"assign": true, "break": true, "continue": true}
)

// operators are words of an expression that are no variables.
var operators = map[string]bool{
	"and": true, "or": true, "contains": true, "true": true, "false": true,
	"nil": true, "null": true, "empty": true, "blank": true, "in": true, "reversed": true,
}

// expression splits what stands inside braces. Strings come first, so nothing
// inside quotes is taken for a name.
var expression = regexp.MustCompile(`"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|\.\.|[A-Za-z_][\w-]*\??(?:\.[A-Za-z_][\w-]*\??)*|\||\S`)

// linter checks the tokens of a template before the library sees them, because
// the library finds an unknown filter or name only while rendering, on the
// branch that happens to run.
type linter struct {
	locals   map[string]bool
	stack    []token
	loops    int
	depth    int // of for
	problems []Problem
}

func lint(tokens []token) []Problem {
	l := &linter{locals: map[string]bool{"forloop": true}}
	for _, t := range tokens {
		l.declare(t)
	}
	for _, t := range tokens {
		l.token(t)
	}
	for _, t := range l.stack {
		l.report(t, fmt.Sprintf("{%% %s %%} is not closed: {%% %s %%} is missing", t.tag, openers[t.tag]))
	}
	return l.problems
}

// declare notes the names a template makes itself.
func (l *linter) declare(t token) {
	if t.tag != "assign" && t.tag != "for" {
		return
	}
	name := expression.FindString(t.args)
	root, _, dotted := strings.Cut(name, ".")
	switch {
	case name == "" || dotted || !isName(name):
		l.report(t, fmt.Sprintf("{%% %s %%} must name its variable first", t.tag))
	case knownRoot(root):
		l.report(t, fmt.Sprintf("%s is a value of the program and cannot be set: choose another name", root))
	default:
		l.locals[root] = true
	}
}

func (l *linter) token(t token) {
	switch {
	case t.tag == "":
		l.expression(t)
	case openers[t.tag] != "":
		l.open(t)
	case clauses[t.tag] != "":
		l.clause(t)
	case plain[t.tag]:
		if t.tag == "assign" {
			l.expression(t)
		}
	case strings.HasPrefix(t.tag, "end") && openers[t.tag[3:]] != "":
		l.close(t)
	default:
		l.report(t, fmt.Sprintf("tag %q is not known here: use if, unless, case, for, assign or comment", t.tag))
	}
}

func (l *linter) open(t token) {
	l.stack = append(l.stack, t)
	if len(l.stack) > maxDepth {
		l.report(t, fmt.Sprintf("blocks stand more than %d deep", maxDepth))
	}
	if t.tag == "for" {
		l.loops++
		l.depth++
		if l.depth > maxLoopDepth {
			l.report(t, fmt.Sprintf("loops stand more than %d deep", maxLoopDepth))
		}
		if l.loops == maxLoops+1 {
			l.report(t, fmt.Sprintf("more than %d loops in one template", maxLoops))
		}
	}
	l.expression(t)
}

func (l *linter) clause(t token) {
	if len(l.stack) == 0 || !contains(strings.Fields(clauses[t.tag]), l.stack[len(l.stack)-1].tag) {
		l.report(t, fmt.Sprintf("{%% %s %%} stands outside of its block", t.tag))
		return
	}
	l.expression(t)
}

func (l *linter) close(t token) {
	last := len(l.stack) - 1
	if last < 0 || openers[l.stack[last].tag] != t.tag {
		l.report(t, fmt.Sprintf("{%% %s %%} closes nothing that is open here", t.tag))
		return
	}
	if t.tag == "endfor" {
		l.depth--
	}
	l.stack = l.stack[:last]
}

// expression checks names and filters.
func (l *linter) expression(t token) {
	parts := expression.FindAllStringIndex(t.args, -1)
	afterPipe := false
	for i, at := range parts {
		part := t.args[at[0]:at[1]]
		place := t
		place.column = t.argsColumn + utf8.RuneCountInString(t.args[:at[0]])
		switch {
		case part == "..":
			l.report(place, "ranges (a..b) are not allowed")
		case part == "|":
			afterPipe = true
			continue
		case afterPipe:
			l.filter(place, part)
		case (t.tag == "assign" || t.tag == "for") && i == 0, operators[part], !isName(part):
		case at[1] < len(t.args) && t.args[at[1]] == ':':
			// limit: and offset: of a loop; the library refuses others.
		default:
			l.name(place, part)
		}
		afterPipe = false
	}
}

func (l *linter) filter(t token, name string) {
	if !filterNames[name] {
		l.report(t, fmt.Sprintf("unknown filter %q%s", name, nearest(name, keys(filterNames))))
	}
}

func (l *linter) name(t token, name string) {
	root, rest, _ := strings.Cut(name, ".")
	field, _, _ := strings.Cut(rest, ".")
	switch {
	case l.locals[root], root == "extra", variables[name] != 0, variables[root+"."+field] != 0:
	case variables[root] != 0 && (field == "size" || (root == "coupon" || root == "offer") && field == ""):
	default:
		l.report(t, fmt.Sprintf("unknown name %q%s", name, nearest(name, keys(variables))))
	}
}

func (l *linter) report(t token, text string) {
	l.problems = append(l.problems, Problem{"", t.line, t.column, text})
}

func isName(part string) bool {
	c := part[0]
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func keys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

// nearest proposes the known word that was probably meant, or lists them all.
func nearest(word string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	return ": known are " + strings.Join(known, ", ")
}

// editDistance is Levenshtein's, in bytes: template words are ASCII.
func editDistance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
