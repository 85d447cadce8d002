package when

import (
	"math"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// Verdict is what can be told of an expression before any contact is looked at.
type Verdict uint8

// The verdicts. Depends is also said of what is too clever to be seen through.
const (
	Depends Verdict = iota
	Never           // holds for nobody
	Always          // holds for everybody
)

// Verdict says whether the expression can come out both ways. It follows and,
// or, not and comparisons of a name with a constant. A nil expression always
// holds.
func (e *Expr) Verdict() Verdict {
	if e == nil {
		return Always
	}
	root := tree(e.src)
	switch {
	case root == nil:
		return Depends
	case excluded(root, true):
		return Never
	case excluded(root, false):
		return Always
	}
	return Depends
}

// Misspelt finds the first text that a name can never be equal to. check has a
// function for each such name, which says what is wrong with a text and the
// mend, or nothing.
func (e *Expr) Misspelt(check map[string]func(text string) string) *Error {
	root := tree(e.src)
	if root == nil {
		return nil
	}
	w := words{check: check}
	ast.Walk(&root, &w)
	return w.found
}

// tree is the syntax tree as it was written, before anything is folded.
func tree(src string) ast.Node {
	t, err := parser.Parse(src)
	if err != nil {
		return nil // compiled before, so this does not happen
	}
	return t.Node
}

type words struct {
	check map[string]func(string) string
	found *Error
}

// Visit is called for every node of the syntax tree.
func (w *words) Visit(node *ast.Node) {
	b, ok := (*node).(*ast.BinaryNode)
	if !ok || b.Operator != "==" && b.Operator != "!=" && b.Operator != "in" {
		return
	}
	name, texts := b.Left, []ast.Node{b.Right}
	if _, swapped := name.(*ast.StringNode); swapped {
		name, texts = b.Right, []ast.Node{b.Left}
	}
	if list, ok := b.Right.(*ast.ArrayNode); ok {
		texts = list.Nodes
	}
	id, ok := name.(*ast.IdentifierNode)
	if !ok || w.check[id.Value] == nil {
		return
	}
	for _, n := range texts {
		text, ok := n.(*ast.StringNode)
		if !ok || w.found != nil {
			continue
		}
		if why := w.check[id.Value](text.Value); why != "" {
			w.found = &Error{n.Location().From + 1, why}
		}
	}
}

// excluded reports whether a node can be seen never to come out as value.
func excluded(n ast.Node, value bool) bool {
	switch x := n.(type) {
	case *ast.BoolNode:
		return x.Value != value
	case *ast.UnaryNode:
		return (x.Operator == "not" || x.Operator == "!") && excluded(x.Node, !value)
	case *ast.BinaryNode:
		and, or := x.Operator == "and" || x.Operator == "&&", x.Operator == "or" || x.Operator == "||"
		switch {
		case and && value || or && !value: // both parts must come out so
			return excluded(x.Left, value) || excluded(x.Right, value) || clash(parts(x, x.Operator), value)
		case and || or:
			return excluded(x.Left, value) && excluded(x.Right, value)
		}
		return clash([]ast.Node{x}, value)
	}
	return false
}

// parts are the operands of a chain of one operator.
func parts(n ast.Node, operator string) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && b.Operator == operator {
		return append(parts(b.Left, operator), parts(b.Right, operator)...)
	}
	return []ast.Node{n}
}

// clash reports whether comparisons cannot all come out as value.
func clash(list []ast.Node, value bool) bool {
	ranges, texts := map[string]*stretch{}, map[string]string{}
	for _, n := range list {
		c, ok := comparisonOf(n)
		if !ok {
			continue
		}
		if !value {
			c.operator = opposite[c.operator]
		}
		if c.text != nil {
			was, seen := texts[c.name]
			if c.operator == "==" && seen && was != *c.text {
				return true
			}
			if c.operator == "==" {
				texts[c.name] = *c.text
			}
			continue
		}
		if ranges[c.name] == nil {
			ranges[c.name] = whole(c.name)
		}
		if ranges[c.name].narrow(c.operator, c.number); ranges[c.name].empty() {
			return true
		}
	}
	return false
}

// comparison is a name compared with a constant. An empty name stands for the
// number 0, from which the difference of two constants is told.
type comparison struct {
	name, operator string
	number         float64
	text           *string
}

var (
	opposite = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
	mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
)

func comparisonOf(n ast.Node) (c comparison, ok bool) {
	b, ok := n.(*ast.BinaryNode)
	if !ok || opposite[b.Operator] == "" {
		return c, false
	}
	c.operator = b.Operator
	left, right := b.Left, b.Right
	if x, constant := number(left); constant {
		if y, both := number(right); both {
			c.number = y - x
			return c, true
		}
	}
	if _, named := right.(*ast.IdentifierNode); named {
		left, right, c.operator = right, left, mirrored[b.Operator]
	}
	id, ok := left.(*ast.IdentifierNode)
	if !ok {
		return c, false
	}
	c.name = id.Value
	if s, text := right.(*ast.StringNode); text {
		c.text = &s.Value
		return c, true
	}
	c.number, ok = number(right)
	return c, ok
}

// number is the value of a constant, with its sign.
func number(n ast.Node) (float64, bool) {
	switch x := n.(type) {
	case *ast.IntegerNode:
		return float64(x.Value), true
	case *ast.FloatNode:
		return x.Value, true
	case *ast.UnaryNode:
		v, ok := number(x.Node)
		return -v, ok && x.Operator == "-"
	}
	return 0, false
}

// stretch is what a number can be, its ends included unless they are open.
type stretch struct {
	from, to         float64
	fromOpen, toOpen bool
}

// whole is what a name can be at all. Money may be anything: what was paid back
// counts against it.
func whole(name string) *stretch {
	switch name {
	case "": // the number 0
		return &stretch{}
	case "step":
		return &stretch{from: 1, to: math.Inf(1)}
	case "p_buy_90":
		return &stretch{to: 1}
	case "orders", "orders_since_return", "renewals", "messages", "days_since_order", "days_in_journey", "mean_gap_days":
		return &stretch{to: math.Inf(1)}
	}
	return &stretch{from: math.Inf(-1), to: math.Inf(1)}
}

func (s *stretch) narrow(operator string, x float64) {
	switch operator {
	case "<", "<=":
		s.below(x, operator == "<")
	case ">", ">=":
		s.above(x, operator == ">")
	case "==":
		s.below(x, false)
		s.above(x, false)
	case "!=":
		if s.from == x && s.to == x {
			s.fromOpen = true
		}
	}
}

func (s *stretch) below(x float64, open bool) {
	if x < s.to || x == s.to && open {
		s.to, s.toOpen = x, open
	}
}

func (s *stretch) above(x float64, open bool) {
	if x > s.from || x == s.from && open {
		s.from, s.fromOpen = x, open
	}
}

func (s *stretch) empty() bool {
	return s.from > s.to || s.from == s.to && (s.fromOpen || s.toOpen)
}
