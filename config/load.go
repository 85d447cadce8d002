package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a configuration file: the YAML parser needs time with the square
// of the nesting.
const (
	maxSize    = 4 << 20
	maxNesting = 64
)

// Load reads and checks the file at path. See Parse.
func Load(path string, env func(string) (string, bool)) (*Config, []Problem) {
	src, err := read(path)
	if err != nil {
		return empty(path), []Problem{{File: path, Text: err.Error()}}
	}
	return Parse(path, src, env)
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("does not exist: name another file with --config, or start from examples/ritorno.yaml")
	case err != nil:
		return nil, fmt.Errorf("cannot be opened: %w", errors.Unwrap(err))
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, errors.New("cannot be read: name a file, not a folder")
	}
	return src, nil
}

// Parse reads a configuration and reports everything that is wrong with it, in
// the order of the file; name is the file's name in the problems. env looks up
// environment variables (nil: none is set). The configuration is never nil,
// but fit for use only if no problem is more than a warning: see [Bad].
// Templates are checked apart, by [Config.Check].
func Parse(name string, src []byte, env func(string) (string, bool)) (*Config, []Problem) {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	c := empty(name)
	root, p := document(name, src)
	if p != nil {
		return c, []Problem{*p}
	}
	d := &decoder{report: c.report, env: env, anchors: map[string]ast.Node{}}
	d.root(root, c)
	c.complete()
	c.verify()
	return c, c.report.sorted()
}

func empty(name string) *Config { return &Config{report: newReport(name)} }

// document parses the YAML and returns the body of its only document, nil when
// there is nothing in it.
func document(name string, src []byte) (body ast.Node, p *Problem) {
	fail := func(at place, text string) (ast.Node, *Problem) {
		return nil, &Problem{File: name, Line: at.line, Column: at.column, Text: text}
	}
	text := strings.TrimPrefix(string(src), "\ufeff")
	switch {
	case len(text) > maxSize:
		return fail(place{1, 1}, fmt.Sprintf("is larger than %d MiB: split the shops over several installations", maxSize>>20))
	case !utf8.ValidString(text):
		return fail(place{1 + strings.Count(text[:firstInvalid(text)], "\n"), 1}, "is not UTF-8 on this line: save the file as UTF-8")
	}
	if line := nesting(text); line > 0 {
		return fail(place{line, 1}, fmt.Sprintf("has more than %d lists or mappings inside each other: close the brackets", maxNesting))
	}
	file, err := parse(veilReferences(text))
	var syntax interface {
		GetToken() *token.Token
		GetMessage() string
	}
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil && syntax.GetToken().Position != nil:
		at := syntax.GetToken().Position
		if strings.Contains(syntax.GetMessage(), "tab character") || strings.Contains(syntax.GetMessage(), "'\t'") {
			return fail(place{at.Line, at.Column}, "a tab stands here or right before: YAML takes only blanks to indent; put two blanks for each tab")
		}
		return fail(place{at.Line, at.Column}, "is no valid YAML here: "+syntax.GetMessage()+"; look at the quotes, brackets and indents around it")
	case err != nil:
		return fail(place{1, 1}, "is no valid YAML: look at its quotes, brackets and indents")
	case len(file.Docs) > 1:
		at := position(file.Docs[1])
		return fail(at, "begins a second document: keep one, without a line of ---")
	case len(file.Docs) == 0:
		return nil, nil
	}
	return file.Docs[0].Body, nil
}

// parse turns a panic of the library into an error: a mistake in a file must
// not end the program.
func parse(text string) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, errors.New("not understood")
		}
	}()
	return parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
}

func firstInvalid(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return i
		}
	}
	return len(text)
}

// nesting is the line in which the text nests deeper than allowed, or 0. It
// counts brackets without looking at quotes, so it is generous.
func nesting(text string) int {
	open, number := 0, 0
	for line := range strings.Lines(text) {
		number++
		dashes := strings.Count(line, "- ") + strings.Count(line, "? ")
		for _, r := range line {
			switch r {
			case '[', '{':
				open++
			case ']', '}':
				open = max(0, open-1)
			}
			if open > maxNesting {
				return number
			}
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if dashes > maxNesting && strings.HasPrefix(strings.TrimLeft(line, " "), "- -") || indent > 4*maxNesting {
			return number
		}
	}
	return 0
}
