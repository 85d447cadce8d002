package message

import (
	"errors"
	"fmt"
	"strings"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/render"
)

// Bounds of what rendering may produce, in bytes.
const (
	maxOutput = 64 << 10
	maxText   = 8 << 10 // one value inside a template, after filters
)

var errOutput = fmt.Errorf("prints more than %d KiB", maxOutput>>10)

// engine is the Liquid library behind the rules of this package. It has no
// sandbox of its own, so every template goes through here. One engine serves
// one language, because filters format numbers and dates.
type engine struct{ lib *liquid.Engine }

func newEngine(lang string) *engine {
	lib := liquid.NewEngine()
	lib.StrictVariables()
	registerFilters(lib, lang)
	// The library's own include reads files from disk.
	lib.RegisterTag("include", func(render.Context) (string, error) {
		return "", errors.New("include is not allowed")
	})
	return &engine{lib}
}

// program is a compiled piece of a template.
type program struct {
	tpl    *liquid.Template
	tokens []token
	line   int // of its file, where it starts
}

// compile checks src, which starts at the given place of its file. Problems
// come without file name.
func (e *engine) compile(src string, line, column int) (p *program, problems []Problem) {
	tokens, problems := scan(src, line, column)
	problems = append(problems, lint(tokens)...)
	if len(problems) > 0 {
		return nil, problems
	}
	defer func() {
		if r := recover(); r != nil {
			p, problems = nil, []Problem{{"", line, column, "cannot be parsed"}}
		}
	}()
	// A path keeps the library from replacing an inner line by an outer one.
	tpl, err := e.lib.ParseTemplateLocation([]byte(src), "template", line)
	if err != nil {
		place := placeOf(tokens, err.LineNumber(), line, column)
		return nil, []Problem{{"", place.line, place.column, parseText(err)}}
	}
	return &program{tpl, tokens, line}, nil
}

func parseText(err liquid.SourceError) string {
	text := err.Error()
	if cause := err.Cause(); cause != nil {
		text = cause.Error()
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "Liquid error"), " in template")
	text = strings.TrimPrefix(strings.TrimSpace(text), ": ")
	if strings.HasPrefix(text, "syntax error") {
		text += ": look at its braces, quotes and filters; a value stands as {{ name }} or {{ name | filter }}"
	}
	return text
}

// placeOf finds the first token of a line; the library knows no columns.
func placeOf(tokens []token, errLine, line, column int) token {
	for _, t := range tokens {
		if t.line == errLine {
			return t
		}
	}
	if errLine > 0 {
		return token{line: errLine, column: 1}
	}
	return token{line: line, column: column}
}

// renderError says where a template fails. Its text never holds a value.
type renderError struct {
	line, column int
	text         string
}

func (e *renderError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.line, e.column, e.text)
}

// render runs the program on values, which it may change.
func (p *program) render(values map[string]any) (out string, err error) {
	w := &limitedText{limit: maxOutput}
	defer func() {
		if r := recover(); r != nil {
			out, err = "", p.broken(r)
		}
	}()
	if e := p.tpl.FRender(w, values); e != nil {
		return "", p.failed(e, values)
	}
	out = w.String()
	if strings.Contains(out, "{{") || strings.Contains(out, "{%") {
		return "", &renderError{p.line, 1, "the text still holds {{ or {%"}
	}
	return out, nil
}

// broken turns a panic of the library into an error.
func (p *program) broken(r any) error {
	if e, ok := r.(error); ok && errors.Is(e, errOutput) {
		return &renderError{p.line, 1, errOutput.Error()}
	}
	place := placeOf(p.tokens, 0, p.line, 1)
	return &renderError{place.line, place.column, "cannot be rendered: a filter or loop got a value it cannot use"}
}

func (p *program) failed(e liquid.SourceError, values map[string]any) error {
	place := placeOf(p.tokens, e.LineNumber(), e.LineNumber(), 1)
	text := "cannot be rendered: a filter or comparison got a value it cannot use"
	var filter expressions.FilterError
	var unknown expressions.UndefinedFilter
	switch cause := e.Cause(); {
	case errors.Is(cause, errOutput):
		text = errOutput.Error()
	case errors.As(cause, &unknown):
		text = fmt.Sprintf("unknown filter %q", string(unknown))
	case errors.As(cause, &filter):
		place = p.using(filter.FilterName, place)
		text = fmt.Sprintf("filter %q got a value it cannot use", filter.FilterName)
	case cause != nil && cause.Error() == "undefined variable":
		var name string
		place, name = p.missing(place, values)
		text = fmt.Sprintf("%s is not known for every contact: put it inside {%% if %s %%} … {%% endif %%} or add | default: \"…\"", name, name)
	}
	return &renderError{place.line, place.column, text}
}

// using finds the token of the line that has the filter.
func (p *program) using(filter string, place token) token {
	for _, t := range p.tokens {
		if t.line == place.line && strings.Contains(strings.ReplaceAll(t.args, " ", ""), "|"+filter) {
			return t
		}
	}
	return place
}

// missing names the value that a line could not show.
func (p *program) missing(place token, values map[string]any) (token, string) {
	for _, t := range p.tokens {
		if t.tag != "" || t.line != place.line {
			continue
		}
		if name := expression.FindString(t.args); name != "" && isName(name) && !present(values, name) {
			return t, name
		}
	}
	return place, "a value"
}

// present reports whether the dotted name has a value.
func present(values map[string]any, name string) bool {
	root, field, dotted := strings.Cut(name, ".")
	v := values[root]
	if inner, ok := v.(map[string]any); ok && dotted {
		v = inner[field]
	}
	return v != nil
}

// limitedText collects output and fails past its limit.
type limitedText struct {
	strings.Builder
	limit int
}

func (w *limitedText) Write(b []byte) (int, error) {
	if w.Len()+len(b) > w.limit {
		return 0, errOutput
	}
	return w.Builder.Write(b)
}

func (w *limitedText) WriteString(s string) (int, error) { return w.Write([]byte(s)) }
