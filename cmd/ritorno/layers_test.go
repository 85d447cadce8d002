package main_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "ritorno"

// pure packages see no clock, no network, no disk, no chance: all of these come
// in as arguments, so that a table of ten lines tests 90 days.
var pure = []string{
	"internal/when", "internal/identity", "internal/lifecycle", "internal/message",
	"internal/segment", "internal/link", "internal/guard", "internal/history", "internal/rehearse", "internal/reply", "internal/generate", "internal/mapping",
	"internal/colour",
}

// layers says which of our packages each package may import, outside of tests.
// A row ending in /* stands for the packages below that have no row of their own.
// Changing it is a commit of its own, with the reason.
var layers = map[string][]string{
	"internal/when":     {},
	"internal/identity": {},
	"internal/colour":   {}, // of brands: pages and the configuration reckon with them
	"internal/lifecycle": {
		"internal/when", "internal/identity",
	},
	"internal/message": {"internal/lifecycle", "internal/when", "internal/identity"},
	"internal/segment": {"internal/lifecycle", "internal/when", "internal/identity"},
	"internal/link":    {"internal/lifecycle", "internal/when", "internal/identity"},
	"internal/history": {"internal/lifecycle", "internal/when", "internal/identity"},
	"internal/reply":   {"internal/lifecycle", "internal/when", "internal/identity"},
	"internal/guard":   {"internal/lifecycle", "internal/when", "internal/identity"}, // holidays, channels and kinds of tally
	// Expressions of owners, with the mistakes of when and the wall clocks of lifecycle.
	"internal/mapping":  {"internal/lifecycle", "internal/when", "internal/identity"},
	"internal/rehearse": pure,
	"internal/generate": pure,

	"internal/embedded":       {},
	"internal/point":          {}, // places at which fault tests kill the process; nothing in a normal build
	"internal/defect":         {}, // rules that tests switch off; nothing in a normal build
	"internal/redistest":      {"internal/embedded"},
	"internal/clock":          {},
	"internal/spool":          {},                                         // bytes on disk; what they are, handlers knows
	"internal/parts":          {"internal/history", "internal/lifecycle"}, // entries on disk
	"internal/store/recordpb": {},
	"internal/store":          {"internal/lifecycle", "internal/store/recordpb", "internal/defect"},
	"internal/auth":           with(pure, "internal/store"),
	"internal/engine":         with(pure, "internal/store", "connectors", "internal/point", "internal/defect"),

	"connectors":   {"internal/lifecycle", "internal/message"},
	"connectors/*": with(pure, "connectors", "connectors/transport", "connectors/outbound"),
	// Guarded calls to addresses of the configuration, whoever makes them.
	"connectors/outbound": {},
	// The HTTP transport that every sender sends through knows none of them.
	"connectors/transport": {"connectors", "internal/lifecycle", "internal/defect"},
	// What tests hold against the providers' official descriptions.
	"connectors/connectorstest/apicheck": {},
	"config":                             pure,
	"handlers":                           forHandlers,
	"handlers/*":                         with(forHandlers, "handlers"), // one place turns an error into a status
	"cmd/ritorno":                        {everything},
	"examples":                           {},
}

const everything = "*"

var forHandlers = with(pure, "internal/engine", "internal/store", "internal/auth", "internal/clock", "internal/point", "internal/spool", "connectors")

// reserved modules of others, and who alone may import them.
var reserved = map[string][]string{
	"github.com/redis/go-redis":   {"internal/store", "cmd/ritorno"},
	"github.com/labstack/echo":    {"handlers", "handlers/*", "cmd/ritorno"},
	"github.com/twilio/twilio-go": {"connectors/twilio"},
	"github.com/sendgrid":         {"connectors/sendgrid"},
}

// impure standard packages; a name stands for everything below it, too.
var impure = []string{
	"context", "net", "os", "log", "database/sql", "math/rand", "crypto/rand", "syscall", "runtime",
}

// parsers are below an impure name and yet only read strings.
var parsers = []string{"net/mail", "net/netip", "net/textproto", "net/url"}

// ticking functions of package time look at the machine's clock.
var ticking = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer",
}

func with(list []string, more ...string) []string { return slices.Concat(list, more) }

func TestImportsPointInward(t *testing.T) {
	root := moduleRoot(t)
	seen := map[string]bool{}
	for _, name := range sources(t, root) {
		src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		faults, err := inspect(name, src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, fault := range faults {
			t.Error(fault)
		}
		seen[path.Dir(name)] = true
	}
	if len(seen) == 0 {
		t.Fatalf("no package found under %s", root)
	}
}

// inspect names what one source file does against the table. name is its path
// from the module root, with slashes.
func inspect(name string, src []byte) ([]string, error) {
	pkg := path.Dir(name)
	row, ok := rowOf(pkg)
	if !ok {
		return []string{fmt.Sprintf("%s: package %s has no row in layers: say there what it may import, "+
			"and in the house's table what it owns", name, pkg)}, nil
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if why := refuse(pkg, row, imported); why != "" {
			faults = append(faults, fmt.Sprintf("%s: imports %s: %s", set.Position(spec.Pos()), imported, why))
		}
	}
	if slices.Contains(pure, pkg) {
		faults = append(faults, clockReads(set, file)...)
	}
	return faults, nil
}

// rowOf finds the row of a package, or the /* row of the folder above.
func rowOf(pkg string) (row string, ok bool) {
	for _, row := range []string{pkg, path.Dir(pkg) + "/*"} {
		if _, ok := layers[row]; ok {
			return row, true
		}
	}
	return "", false
}

// refuse says why pkg may not import a package; "" when it may.
func refuse(pkg, row, imported string) string {
	if ours, ok := strings.CutPrefix(imported, modulePath+"/"); ok {
		if allowed := layers[row]; !slices.Contains(allowed, ours) && !slices.Contains(allowed, everything) {
			return pkg + " may not; the table allows " + listed(allowed)
		}
		return ""
	}
	for prefix, owners := range reserved {
		if within(imported, prefix) && !slices.Contains(owners, pkg) && !slices.Contains(owners, row) {
			return "only " + listed(owners) + " may"
		}
	}
	if !slices.Contains(pure, pkg) || slices.Contains(parsers, imported) {
		return ""
	}
	for _, prefix := range impure {
		if within(imported, prefix) {
			return pkg + " is pure: take the value as an argument"
		}
	}
	return ""
}

func within(imported, prefix string) bool {
	return imported == prefix || strings.HasPrefix(imported, prefix+"/")
}

func listed(packages []string) string {
	if len(packages) == 0 {
		return "nothing of ours"
	}
	return strings.Join(packages, ", ")
}

// clockReads finds the uses of ticking functions, under any name of the import.
func clockReads(set *token.FileSet, file *ast.File) []string {
	clock := ""
	for _, spec := range file.Imports {
		if spec.Path.Value != `"time"` {
			continue
		}
		clock = "time"
		if spec.Name != nil {
			clock = spec.Name.Name
		}
	}
	if clock == "." {
		return []string{fmt.Sprintf("%s: imports time with a dot, which hides its calls", set.Position(file.Pos()))}
	}
	var faults []string
	ast.Inspect(file, func(n ast.Node) bool {
		use, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if of, ok := use.X.(*ast.Ident); ok && clock != "" && of.Name == clock && slices.Contains(ticking, use.Sel.Name) {
			faults = append(faults, fmt.Sprintf("%s: time.%s in a pure package: take now as an argument",
				set.Position(use.Pos()), use.Sel.Name))
		}
		return true
	})
	return faults
}

// sources lists the module's Go files except tests, from the root, with slashes.
func sources(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && foreign(name, d.Name()) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// foreign folders hold no packages of this module.
func foreign(dir, base string) bool {
	if base == "testdata" || base == "bin" || base == "data" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
}

func TestTableFindsWhatItForbids(t *testing.T) {
	for name, c := range map[string]struct {
		file, src string
		faults    int
	}{
		"a pure package may use time as a value": {
			"internal/when/a.go", `import "time"; var d time.Duration = time.Second`, 0,
		},
		"a pure package may not ask for the time": {
			"internal/when/a.go", `import "time"; var t = time.Now()`, 1,
		},
		"nor under another name, nor as a value": {
			"internal/link/a.go", `import w "time"; var f = w.Since`, 1,
		},
		"nor with a dot": {
			"internal/link/a.go", `import . "time"; var t = Now()`, 1,
		},
		"a field called Now is no clock": {
			"internal/when/a.go", `type s struct{ Now int }; var x = s{}.Now`, 0,
		},
		"a pure package does no I/O": {
			"internal/message/a.go", `import ("context"; "os"; "log/slog"; "net/http"; "math/rand/v2")`, 5,
		},
		"a parser of addresses is no I/O": {
			"internal/identity/a.go", `import ("net/mail"; "net/url")`, 0,
		},
		"an impure package may": {
			"internal/store/a.go", `import ("context"; "os"; "time"); var t = time.Now()`, 0,
		},
		"the identity package knows none of ours": {
			"internal/identity/a.go", `import "ritorno/internal/lifecycle"`, 1,
		},
		"the lifecycle imports inward": {
			"internal/lifecycle/a.go", `import ("ritorno/internal/when"; "ritorno/internal/identity")`, 0,
		},
		"only the store speaks Redis": {
			"internal/engine/a.go", `import "github.com/redis/go-redis/v9"`, 1,
		},
		"the store does": {
			"internal/store/a.go", `import "github.com/redis/go-redis/v9"`, 0,
		},
		"a connector knows no other connector and no store": {
			"connectors/shopify/a.go", `import ("ritorno/connectors"; "ritorno/connectors/twilio"; "ritorno/internal/store")`, 2,
		},
		"a connector does not speak Echo": {
			"connectors/shopify/a.go", `import "github.com/labstack/echo/v4"`, 1,
		},
		"a provider's SDK stays in its connector": {
			"handlers/api/a.go", `import ("github.com/labstack/echo/v4"; "github.com/twilio/twilio-go/client")`, 1,
		},
		"the configuration knows no connector": {
			"config/a.go", `import ("ritorno/internal/when"; "ritorno/connectors")`, 1,
		},
		"the command wires everything": {
			"cmd/ritorno/a.go", `import ("ritorno/internal/store"; "ritorno/connectors/twilio")`, 0,
		},
		"a package without a row is a question": {
			"internal/utils/a.go", ``, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			faults, err := inspect(c.file, []byte("package a\n"+c.src))
			if err != nil {
				t.Fatal(err)
			}
			if len(faults) != c.faults {
				t.Errorf("%d faults, want %d: %q", len(faults), c.faults, faults)
			}
		})
	}
}
