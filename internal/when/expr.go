// Package when evaluates the "when" expressions of journey steps. It owns the
// vocabulary ([Env]) and the bounds that keep an expression harmless.
package when

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// Bounds of an expression.
const (
	maxSource = 2048  // bytes of source text
	maxNodes  = 200   // nodes of the syntax tree
	memory    = 10000 // cells that one evaluation may allocate
)

// functions are the built-in functions that an expression may call. All others
// are switched off: they read the clock, loop or format, and a condition on a
// contact needs none of that.
var functions = []string{"lower", "upper", "trim", "len", "abs", "round", "floor", "ceil", "min", "max"}

// Expr is a compiled expression. It is safe for concurrent use.
type Expr struct {
	src     string
	program *vm.Program
}

// Error says what is wrong with an expression's source.
type Error struct {
	Column int    // in characters of the source, counted from 1
	Text   string // what and the mend
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Text) }

// Compile checks the source against the vocabulary and prepares it. Every
// error is an *[Error].
func Compile(src string) (*Expr, error) {
	switch {
	case len(src) > maxSource:
		return nil, &Error{1, fmt.Sprintf("is longer than %d bytes: make it shorter", maxSource)}
	case !utf8.ValidString(src):
		return nil, &Error{1, "is not valid UTF-8: write it again"}
	case strings.TrimSpace(src) == "":
		return nil, &Error{1, `is empty: write a condition such as "orders > 1", or leave it out`}
	}
	program, err := compile(src)
	if err != nil {
		return nil, explain(src, err)
	}
	return &Expr{src, program}, nil
}

// compile turns a panic of the library into an error: the source is whatever
// an owner typed.
func compile(src string) (p *vm.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("cannot be understood")
		}
	}()
	var g guard
	options := []expr.Option{expr.Env(&Env{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.Patch(&g), expr.DisableAllBuiltins()}
	for _, f := range functions {
		options = append(options, expr.EnableBuiltin(f))
	}
	p, err = expr.Compile(src, options...)
	if g.found != nil {
		return nil, g.found
	}
	return p, err
}

// guard finds what DisableAllBuiltins leaves on: the functions that loop over
// a predicate. A loop over a constant range is not bounded by the memory
// budget, so there are none.
type guard struct{ found *file.Error }

// Visit is called for every node of the syntax tree.
func (g *guard) Visit(node *ast.Node) {
	b, ok := (*node).(*ast.BuiltinNode)
	if ok && g.found == nil && !slices.Contains(functions, b.Name) {
		g.found = &file.Error{Location: b.Location(), Message: "unknown name " + b.Name}
	}
}

// String is the source text. A nil expression has none.
func (e *Expr) String() string {
	if e == nil {
		return ""
	}
	return e.src
}

// Eval reports whether the expression holds. A nil expression always does. The
// error says that the values made it impossible to tell, for instance a text
// used as pattern that is none; it carries no value of the contact.
func (e *Expr) Eval(env Env) (holds bool, err error) {
	if e == nil {
		return true, nil
	}
	defer func() {
		if r := recover(); r != nil {
			holds, err = false, fmt.Errorf("evaluate %q: not possible with these values", e.src)
		}
	}()
	machine := vm.VM{MemoryBudget: memory}
	out, err := machine.Run(e.program, &env)
	if err != nil {
		return false, fmt.Errorf("evaluate %q: %s", e.src, reason(err))
	}
	holds, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("evaluate %q: the result is neither true nor false", e.src)
	}
	return holds, nil
}

// reason names a run-time failure without the values that led to it.
func reason(err error) string {
	if strings.Contains(err.Error(), "memory budget") {
		return "needs too much memory"
	}
	return "not possible with these values"
}

// explain turns the library's message into ours, with the mend.
func explain(src string, err error) *Error {
	text := plain(err.Error())
	var at *file.Error
	if !errors.As(err, &at) {
		return &Error{1, text}
	}
	text = plain(at.Message)
	from := min(max(0, at.From), utf8.RuneCountInString(src))
	if name, ok := strings.CutPrefix(text, "unknown name "); ok {
		text = unknown(name)
	}
	return &Error{from + 1, text}
}

func unknown(name string) string {
	known := strings.Join(Names(), ", ")
	if near := nearest(name); near != "" {
		return fmt.Sprintf("unknown name %q: did you mean %s? Known names: %s", name, near, known)
	}
	return fmt.Sprintf("unknown name %q: use one of %s", name, known)
}
