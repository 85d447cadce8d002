package mapping_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/internal/mapping"
	"ritorno/internal/when"
)

// one maps a body by one field and gives the field back.
func one(t testing.TB, src string, body any) (any, string) {
	t.Helper()
	e, err := mapping.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	rules := mapping.Rules{Rules: []mapping.Rule{{Type: "contact.updated", Fields: []mapping.Field{{Path: []string{"id"}, From: e}}}}}
	out, err := rules.Map(mapping.Input{Body: body, Header: map[string]string{"x-event": "paid"}, Query: map[string]string{"topic": "order"}})
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Err != nil {
		return nil, out[0].Err.Error()
	}
	return out[0].Body["data"].(map[string]any)["id"], ""
}

// anna is a body with a value of each kind.
func anna() map[string]any {
	return map[string]any{
		"id": 17, "total": 49.9, "paid": true, "name": " Anna Bianchi ", "empty": "", "null": nil, "yes": "yes", "no": "0",
		"list": []any{"a", "b"}, "deep": map[string]any{"er": map[string]any{"x": "y"}}, "line items": "here",
		"seconds": 1788249605, "ms": "1788249605123", "rome": "2026-09-01 10:00:00", "day": "01/09/2026", "big": "820982911946154508",
	}
}

func TestExpressions(t *testing.T) {
	for src, want := range map[string]any{
		`body.id`:                                      17,
		`body.total`:                                   49.9,
		`body.deep.er.x`:                               "y",
		`body["line items"]`:                           "here",
		`body.list[1]`:                                 "b",
		`body.list[9]`:                                 nil,
		`body.nobody.knows.it`:                         nil,
		`body.name.first`:                              nil,
		`body?.deep?.er?.x`:                            "y",
		`event.id`:                                     17,
		`header["X-Event"]`:                            "paid",
		`header["x-event"] == "paid"`:                  true,
		`header["X-Other"]`:                            nil,
		`query.topic`:                                  "order",
		`text(body.id) + "-" + body.list[0]`:           "17-a",
		`number("49.90") > 49`:                         true,
		`number(body.empty)`:                           nil,
		`yes(body.yes) and not yes(body.no)`:           true,
		`yes(body.nothing)`:                            false,
		`first(body.null, body.empty, body.id)`:        17,
		`before(body.name, " ")`:                       "Anna",
		`after(body.name, " ")`:                        "Bianchi",
		`after("Anna", " ")`:                           nil,
		`upper(body.nothing)`:                          nil,
		`trim(lower(body.name))`:                       "anna bianchi",
		`opted_in(body.paid)`:                          "subscribed",
		`opted_in(body.no)`:                            "unsubscribed",
		`opted_in(body.empty)`:                         nil,
		`opted_out(body.yes)`:                          "unsubscribed",
		`opted_out(body.no)`:                           nil,
		`unix(body.seconds)`:                           "2026-09-01T08:00:05Z",
		`unix_ms(body.ms)`:                             "2026-09-01T08:00:05.123Z",
		`unix(body.empty)`:                             nil,
		`local(body.rome, "Europe/Rome")`:              "2026-09-01T10:00:00+02:00",
		`local("2026-09-01T10:00:00Z", "Europe/Rome")`: "2026-09-01T10:00:00Z",
		`local("2026-03-29 02:30", "Europe/Rome")`:     "2026-03-29T03:00:00+02:00",
		`local("2026-10-25 02:30", "Europe/Rome")`:     "2026-10-25T02:30:00+02:00",
		`date(body.day, "DD/MM/YYYY")`:                 "2026-09-01T00:00:00",
		`date(body.nothing, "DD/MM/YYYY")`:             nil,
		`{"17": "seventeen"}[body.id]`:                 "seventeen",
		`{"1": "open"}[body.id]`:                       nil,
		`body.paid ? "paid" : "open"`:                  "paid",
		`body.big`:                                     "820982911946154508",
		`max(body.id, 20)`:                             20,
		`body.name contains "Anna" or body.nothing contains "x"`: true,
	} {
		t.Run(src, func(t *testing.T) {
			got, problem := one(t, src, anna())
			if got != want || problem != "" {
				t.Errorf("got %#v %s, want %#v", got, problem, want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		src    string
		column int
		says   string
	}{
		"nothing":                     {" ", 1, "is empty"},
		"more than 2 KB":              {strings.Repeat(" ", 2048) + "body", 1, "longer than 2048 bytes"},
		"more than 200 parts":         {strings.Repeat("body.a == 1 or ", 60) + "true", 1, "more than 200 parts"},
		"broken UTF-8":                {"body.a == '\xff'", 1, "UTF-8"},
		"a name of the body alone":    {"total", 1, "written with body. before it"},
		"a name in the middle":        {"body.a == 1 and totale > 1", 17, "written with body. before it"},
		"half an expression":          {"body.a ==", 9, "unexpected token"},
		"an argument too many":        {"trim(body.a, 1)", 1, "too many arguments"},
		"an argument too few":         {"before(body.a)", 1, "not enough arguments"},
		"a function without brackets": {"trim == 1", 1, "is a function"},
		"a loop":                      {"all(body.a, # > 0)", 1, "one plain expression"},
		"a function of the library":   {`repeat(body.a, 100)`, 1, "unknown name"},
		"a clock":                     {"now()", 1, "unknown name"},
		"a variable":                  {"let x = body.a; x + x", 1, "one plain expression"},
		"two expressions":             {"body.a; body.b", 1, "one plain expression"},
		"a pattern":                   {`body.a matches "(a+)+"`, 8, "contains"},
		"a range":                     {"1..9000000", 2, "a range"},
		"a slice":                     {"body.a[1:2]", 7, "one plain expression"},
		"a method":                    {"body.a()", 1, "no function"},
		"all that there is":           {"$env", 1, "unknown name"},
		"a header without a name":     {"header == 1", 1, "names no field"},
		"a header by a computed name": {"header[body.a]", 7, "written out"},
		"a secret in the wrong place": {`whsec_planted "x"`, 15, "unexpected token"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mapping.Compile(tt.src)
			var e *when.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *when.Error", err)
			}
			if e.Column < 1 || !strings.Contains(e.Text, tt.says) || strings.Contains(e.Text, "\n") {
				t.Errorf("column %d: %s; want %q", e.Column, e.Text, tt.says)
			}
			if strings.Contains(e.Text, "planted") {
				t.Errorf("repeats the source: %s", e.Text)
			}
		})
	}
}

func TestFailuresNameNoValue(t *testing.T) {
	planted := map[string]any{"a": "planted person", "o": map[string]any{"x": "planted"}, "n": nil, "long": strings.Repeat("planted", 2000)}
	for src, says := range map[string]string{
		`body.a > 1`:                 "cannot be worked out",
		`body.n > 1`:                 "cannot be worked out",
		`number(body.a)`:             "is no number such as 49.90",
		`opted_in(body.a)`:           "is neither yes nor no",
		`text(body.o)`:               "is an object or a list",
		`body.o`:                     "gives an object or a list: name one of its fields",
		`body.long`:                  "over 8 KiB",
		`1 / 0`:                      "gives no number",
		`unix("planted")`:            "is no time counted since 1970",
		`unix(1788249605123)`:        "is no time counted since 1970",
		`date(body.a, "DD/MM/YYYY")`: "in the form that is given",
		`date(body.a, "planted")`:    "needs a form such as",
		`local(body.a, "Rome")`:      "needs a time zone",
		`before(body.a, "")`:         "needs a text to cut at",
		`{"a": body.a}`:              "gives an object",
		`not body.a`:                 "cannot be worked out",
		`abs(body.a)`:                "cannot be worked out",
	} {
		t.Run(src, func(t *testing.T) {
			got, problem := one(t, src, planted)
			if got != nil || !strings.Contains(problem, says) || strings.Contains(problem, "planted") {
				t.Errorf("got %v, %q; want %q", got, problem, says)
			}
			if !strings.HasPrefix(problem, "mapping rule 1: id: ") {
				t.Errorf("%q does not name rule and field", problem)
			}
		})
	}
}

func TestFunctionsAreListedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range mapping.Functions() {
		if seen[name] {
			t.Errorf("%s twice", name)
		}
		seen[name] = true
	}
	if len(seen) != 21 {
		t.Errorf("%d functions: %v", len(seen), mapping.Functions())
	}
}

func TestExpressionsAreSafeForConcurrentUse(t *testing.T) {
	e, err := mapping.Compile(`before(body.name, " ") + text(body.n)`)
	if err != nil {
		t.Fatal(err)
	}
	rules := mapping.Rules{Rules: []mapping.Rule{{Type: "contact.updated", Fields: []mapping.Field{{Path: []string{"id"}, From: e}}}}}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			out, err := rules.Map(mapping.Input{Body: map[string]any{"name": "Anna B", "n": i}})
			if err != nil || out[0].Err != nil || !strings.HasPrefix(out[0].Body["data"].(map[string]any)["id"].(string), "Anna") {
				t.Errorf("%d: %+v, %v", i, out, err)
			}
		})
	}
	wg.Wait()
}

// hostile are bodies that cost memory or time if anything is unbounded.
func hostile() map[string]any {
	var deep any = "x"
	for range 32 {
		deep = map[string]any{"a": deep}
	}
	wide := make([]any, 50_000)
	for i := range wide {
		wide[i] = i
	}
	return map[string]any{"a": strings.Repeat("a", 64<<10), "b": deep, "c": wide, "d": map[string]any{}}
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"body.a", "event.b.a.a", `first(body.a, header["X-A"])`, `before(body.a, "a") + after(body.a, "b")`, "body.c[3] + 1", `{"a": body.b}[body.d]`,
		`body.a + body.a + body.a`, "1..9", "let x = 1; x", "body.c == body.c", "body.a in body.c", "unix_ms(body.c[9])", `date(body.a, "DD")`, "[body.a, body.b]", "item.x ?? 1", "2 ** 999", "body.b == body.b ? yes(body.d) : nil",
	} {
		f.Add(s)
	}
	body := hostile()
	f.Fuzz(func(t *testing.T, src string) {
		e, err := mapping.Compile(src)
		if err != nil {
			var w *when.Error
			if !errors.As(err, &w) || w.Column < 1 || w.Text == "" {
				t.Fatalf("error without a place or text: %v", err)
			}
			return
		}
		rules := mapping.Rules{Rules: []mapping.Rule{{When: e, Type: "contact.updated", Fields: []mapping.Field{{Path: []string{"codes"}, From: e}, {Path: []string{"customer", "id"}, From: e}}}}}
		started := time.Now()
		first, err1 := rules.Trace(mapping.Input{Body: body})
		second, err2 := rules.Map(mapping.Input{Body: body})
		if (err1 == nil) != (err2 == nil) || len(first) != len(second) || len(first) > 0 && (first[0].Err == nil) != (second[0].Err == nil) {
			t.Fatalf("two runs differ: %v, %v", err1, err2)
		}
		if took := time.Since(started); took > 20*time.Second {
			t.Fatalf("took %v", took)
		}
	})
}
