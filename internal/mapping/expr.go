// Package mapping turns the body of a system that has a form of its own into
// the body of docs/webhook.md: which rule fits, and what each field is taken
// from. It owns the vocabulary of the expressions and the bounds that keep
// them harmless, whatever an owner types and a stranger posts.
package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"ritorno/internal/when"
)

// Bounds of an expression.
const (
	maxSource = 2048  // bytes of source text
	maxNodes  = 200   // nodes of the syntax tree
	memory    = 10000 // cells that one evaluation may allocate
)

// env is what an expression sees.
type env struct {
	Body   any            `expr:"body"`   // the whole body
	Event  any            `expr:"event"`  // one entry of the list of events; the body, where there is no list
	Item   any            `expr:"item"`   // one entry of the list of items, within items only
	Header map[string]any `expr:"header"` // by lower-case name
	Query  map[string]any `expr:"query"`  // of the URL
}

// names are the variables of env.
var names = []string{"body", "event", "item", "header", "query"}

// builtins are the library's functions that an expression may call. All others
// are switched off: they loop, read the clock or make long texts of short ones.
var builtins = []string{"abs", "round", "floor", "ceil", "min", "max"}

// Expr is a compiled expression. It is safe for concurrent use.
type Expr struct {
	src     string
	program *vm.Program
	paths   []path
	headers []string // that it reads, in canonical form
	item    bool     // whether it reads item
}

// Compile checks the source against the vocabulary and prepares it. Every
// error is a *[when.Error].
func Compile(src string) (*Expr, error) {
	switch {
	case len(src) > maxSource:
		return nil, &when.Error{Column: 1, Text: fmt.Sprintf("is longer than %d bytes: make it shorter", maxSource)}
	case !utf8.ValidString(src):
		return nil, &when.Error{Column: 1, Text: "is not valid UTF-8: write it again"}
	case strings.TrimSpace(src) == "":
		return nil, &when.Error{Column: 1, Text: "is empty: write where the value stands, such as body.order.total, or leave it out"}
	}
	e := &Expr{src: src}
	if err := e.compile(); err != nil {
		return nil, explain(src, err)
	}
	return e, nil
}

// compile turns a panic of the library into an error.
func (e *Expr) compile() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("cannot be understood")
		}
	}()
	g := newGuard()
	options := []expr.Option{expr.Env(&env{}), expr.MaxNodes(maxNodes), expr.Patch(g), expr.Patch(safely{}), expr.DisableAllBuiltins()}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	options = append(options, expr.Function(memberName, member))
	for _, f := range functions {
		options = append(options, expr.Function(f.name, f.call, f.form))
	}
	e.program, err = expr.Compile(e.src, options...)
	if found := g.problem(); found != nil {
		return found
	}
	e.paths, e.item = g.kept(), g.item
	for name := range g.headers {
		e.headers = append(e.headers, name)
	}
	slices.Sort(e.headers)
	return err
}

// String is the source text.
func (e *Expr) String() string {
	if e == nil {
		return ""
	}
	return e.src
}

// ReadsItem reports whether the expression uses item, which is known within
// items only.
func (e *Expr) ReadsItem() bool { return e != nil && e.item }

// eval is the expression's value. The error says what made it impossible,
// without a value of the body.
func (e *Expr) eval(in *env) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = nil, errValues
		}
	}()
	machine := vm.VM{MemoryBudget: memory}
	value, err = machine.Run(e.program, in)
	if err == nil {
		return value, nil
	}
	var own fault
	switch {
	case errors.As(err, &own):
		return nil, own
	case strings.Contains(err.Error(), "memory budget"):
		return nil, fault("needs too much memory")
	}
	return nil, errValues
}

// fault is the reason of a failure in constant words: no value of a body
// stands in it.
type fault string

func (f fault) Error() string { return string(f) }

const errValues = fault("cannot be worked out with the values in this body")

// holds evaluates a condition. What is not there does not hold.
func (e *Expr) holds(in *env) (bool, error) {
	if e == nil {
		return true, nil
	}
	v, err := e.eval(in)
	if err != nil || v == nil {
		return false, err
	}
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return false, fault("is neither true nor false: compare the value with something, or write yes(...)")
}

// explain turns the library's message into ours, with the mend.
func explain(src string, err error) *when.Error {
	var at *file.Error
	if !errors.As(err, &at) {
		return &when.Error{Column: 1, Text: plain(err.Error())}
	}
	from := min(max(0, at.From), utf8.RuneCountInString(src))
	text := plain(at.Message)
	if name, ok := strings.CutPrefix(text, "unknown name "); ok {
		text = unknown(name)
	}
	return &when.Error{Column: from + 1, Text: text}
}

// plain is the first line of the library's message, bounded and without what
// it quotes of the source.
func plain(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut(text, `("`)
	if strings.Contains(text, "exceeds maximum allowed nodes") {
		return fmt.Sprintf("has more than %d parts: make it shorter", maxNodes)
	}
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200])
	}
	return text
}

// unknown does not repeat the name: it may be a secret in the wrong place.
func unknown(name string) string {
	if slices.Contains(Functions(), name) {
		return fmt.Sprintf("%s is a function: write %s(...)", name, name)
	}
	return fmt.Sprintf("an unknown name: what stands in the body is written with body. before it, as in body.total; known are %s and the functions %s",
		strings.Join(names, ", "), strings.Join(Functions(), ", "))
}
