package mapping

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// guard looks at the syntax tree before it is compiled. It refuses what is not
// bounded by the length of the source (loops, variables that double a text,
// patterns), and notes what the expression reads. Nodes come to it from the
// inside out.
type guard struct {
	found   *file.Error
	paths   map[ast.Node]path // by the outermost node so far
	order   []ast.Node
	headers map[string]bool
	bare    map[ast.Node]bool // header or query without a name behind it
	idle    map[ast.Node]bool // functions that are not called
	item    bool
}

func newGuard() *guard {
	return &guard{paths: map[ast.Node]path{}, headers: map[string]bool{}, bare: map[ast.Node]bool{}, idle: map[ast.Node]bool{}}
}

// path is a place in what an expression sees, such as body, order, total.
type path []any

// Visit is called for every node.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		g.identifier(n)
	case *ast.MemberNode:
		g.member(n)
	case *ast.ChainNode:
		g.move(n.Node, n)
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		if !ok || !slices.Contains(Functions(), name.Value) {
			g.refuse(n, "calls something that is no function: use "+strings.Join(Functions(), ", "))
		}
		delete(g.idle, n.Callee)
	case *ast.BuiltinNode:
		if !slices.Contains(builtins, n.Name) {
			g.refuse(n, "unknown name "+n.Name)
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "matches":
			g.refuse(n, "uses matches: write contains, startsWith or endsWith")
		case "..":
			g.refuse(n, "uses a range: write >= and <=")
		}
	case *ast.PredicateNode, *ast.PointerNode, *ast.VariableDeclaratorNode, *ast.SequenceNode, *ast.SliceNode, *ast.BytesNode:
		g.found = nil // the names in it are not the mistake
		g.refuse(n, "must be one plain expression, without let, semicolons, loops and slices")
	}
}

func (g *guard) identifier(n *ast.IdentifierNode) {
	switch {
	case slices.Contains(names, n.Value):
		g.keep(n, path{n.Value})
		g.item = g.item || n.Value == "item"
		if n.Value == "header" || n.Value == "query" {
			g.bare[n] = true
		}
	case slices.Contains(Functions(), n.Value):
		g.idle[n] = true
	default:
		g.refuse(n, "unknown name "+n.Value)
	}
}

// member notes a step into a value. A header's name must be written out: what
// is kept of a delivery for later hangs on it.
func (g *guard) member(n *ast.MemberNode) {
	root, ok := n.Node.(*ast.IdentifierNode)
	if ok && g.bare[root] {
		name, ok := n.Property.(*ast.StringNode)
		if !ok || name.Value == "" {
			g.refuse(n, root.Value+` needs a name written out, such as `+root.Value+`["X-Event"]`)
			return
		}
		delete(g.bare, root)
		if root.Value == "header" {
			g.headers[textproto.CanonicalMIMEHeaderKey(name.Value)] = true
			name.Value = strings.ToLower(name.Value)
		}
	}
	at, ok := g.paths[n.Node]
	if !ok {
		return
	}
	switch p := n.Property.(type) {
	case *ast.StringNode:
		g.move(n.Node, n)
		g.paths[n] = append(slices.Clone(at), p.Value)
	case *ast.IntegerNode:
		g.move(n.Node, n)
		g.paths[n] = append(slices.Clone(at), p.Value)
	}
}

func (g *guard) keep(n ast.Node, p path) {
	g.paths[n] = p
	g.order = append(g.order, n)
}

// move hangs a path on the node around it.
func (g *guard) move(inner, outer ast.Node) {
	if p, ok := g.paths[inner]; ok {
		delete(g.paths, inner)
		g.keep(outer, p)
	}
}

// kept are the paths, in the order of the source.
func (g *guard) kept() []path {
	var out []path
	for _, n := range g.order {
		if p, ok := g.paths[n]; ok {
			out = append(out, p)
		}
	}
	return out
}

func (g *guard) refuse(n ast.Node, text string) {
	if g.found == nil {
		g.found = &file.Error{Location: n.Location(), Message: text}
	}
}

func (g *guard) problem() error {
	for n := range g.bare {
		g.refuse(n, `names no field of it: write header["X-Event"] or query.topic`)
	}
	for n := range g.idle {
		g.refuse(n, "unknown name "+n.(*ast.IdentifierNode).Value)
	}
	if g.found == nil {
		return nil
	}
	return g.found
}

// safely makes a step into a value that is not there give nothing, and not a
// failure: bodies leave fields out.
type safely struct{}

// Visit is called for every node.
func (safely) Visit(node *ast.Node) {
	if n, ok := (*node).(*ast.MemberNode); ok {
		ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: memberName}, Arguments: []ast.Node{n.Node, n.Property}})
	}
}

// memberName cannot be typed: it is no identifier.
const memberName = "·member"

// member is a field of an object, or an entry of a list counted from 0.
func member(args ...any) (any, error) {
	switch from := args[0].(type) {
	case map[string]any:
		if key, ok := scalar(args[1]); ok {
			return from[key], nil
		}
	case []any:
		if i, ok := args[1].(int); ok && i >= 0 && i < len(from) {
			return from[i], nil
		}
	}
	return nil, nil
}
