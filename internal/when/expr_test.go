package when_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"ritorno/internal/when"
)

func TestEval(t *testing.T) {
	anna := when.Env{Orders: 3, Spent: 149.7, State: "dormant", Country: "IT", FirstName: "Anna", HasSMS: true, Answer: "price", CancelReason: "Too Expensive"}
	for src, want := range map[string]bool{
		"orders_since_return == 0":                          true,
		"orders > 3":                                        false,
		"orders >= 3 and spent > 149":                       true,
		"spent > 149.7":                                     false,
		`state == "dormant" && not opened`:                  true,
		`country in ["IT", "FR"]`:                           true,
		`answer == "quality" or answer == "price"`:          true,
		`lower(cancel_reason) contains "expensive"`:         true,
		`cancel_reason matches "^Too"`:                      true,
		`first_name != ""`:                                  true,
		`len(first_name) > 10`:                              false,
		`has_sms ? orders == 3 : false`:                     true,
		`p_buy_90 < 0.2 and segment == "" and not returned`: true,
		`orders in 1..5`:                                    true,
		`max(orders, step) == 3`:                            true,
	} {
		t.Run(src, func(t *testing.T) {
			e, err := when.Compile(src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Eval(anna)
			if err != nil || got != want {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
			if e.String() != src {
				t.Errorf("String() = %q", e.String())
			}
		})
	}
}

func TestANilExpressionAlwaysHolds(t *testing.T) {
	var e *when.Expr
	if got, err := e.Eval(when.Env{}); !got || err != nil || e.String() != "" {
		t.Errorf("got %v, %v, %q", got, err, e.String())
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		src    string
		column int
		says   string
	}{
		"nothing":                        {"  ", 1, "is empty"},
		"a name with a slip":             {"ordrs > 1", 1, "did you mean orders? Known names: orders, spent,"},
		"a name in the middle":           {"orders > 1 and city == 'Roma'", 16, `unknown name "city"`},
		"after letters with accents":     {`first_name == "Nicolò" and xyz`, 28, `unknown name "xyz"`},
		"a name nobody knows":            {"favourite_colour == 'red'", 1, "use one of orders, spent"},
		"a number where true is needed":  {"orders", 1, "must be true or false"},
		"a text compared with a number":  {`orders == "3"`, 8, "== stands between a number and a text: write a number without quotes"},
		"half an expression":             {"orders >", 8, "breaks off here"},
		"a function that reads a clock":  {"now().Year() > 2000", 1, "unknown name"},
		"one equals sign":                {"orders = 3", 8, "write =="},
		"a text that is not closed":      {`plan == "x`, 11, "not closed"},
		"a function without its bracket": {`lower == "x"`, 7, "mismatched types"},
		"a loop":                         {"all(1..9, # > 0)", 1, "unknown name"},
		"more than 200 parts":            {strings.Repeat("orders == 1 or ", 99) + "true", 763, "more than 200 parts"},
		"more than 2 KB":                 {strings.Repeat(" ", 2048) + "true", 1, "longer than 2048 bytes"},
		"broken UTF-8":                   {"state == '\xff'", 1, "UTF-8"},
		"a pattern that is none":         {`state matches "("`, 7, "missing closing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := when.Compile(tt.src)
			var e *when.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *when.Error", err)
			}
			if e.Column != tt.column || !strings.Contains(e.Text, tt.says) {
				t.Errorf("column %d: %s; want column %d and %q", e.Column, e.Text, tt.column, tt.says)
			}
			if strings.Contains(e.Error(), "\n") {
				t.Errorf("more than one line: %q", e.Error())
			}
		})
	}
}

func TestEvalFailsWithoutAPanicAndWithoutValues(t *testing.T) {
	for name, src := range map[string]string{
		"a remainder of nothing":          "10 % step == 1",
		"a value that is no pattern":      "state matches answer",
		"a range that outgrows its space": "5 in orders..90000000",
	} {
		t.Run(name, func(t *testing.T) {
			e, err := when.Compile(src)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Eval(when.Env{Answer: "secret(", State: "dormant", Orders: 7})
			if got || err == nil || strings.Contains(err.Error(), "secret(") {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestEvalIsSafeForConcurrentUse(t *testing.T) {
	e, err := when.Compile(`orders > 5 and lower(first_name) contains "an"`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			got, err := e.Eval(when.Env{Orders: i, FirstName: "Anna"})
			if err != nil || got != (i > 5) {
				t.Errorf("%d orders: %v, %v", i, got, err)
			}
		})
	}
	wg.Wait()
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"orders > 1", `state in ["a"]`, "1..9", "let x = 1; x > 0", "{a: 1}.a == 1", "orders ?? 1", "if true {true} else {false}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		e, err := when.Compile(src)
		if err != nil {
			var w *when.Error
			if !errors.As(err, &w) || w.Column < 1 || w.Text == "" {
				t.Fatalf("error without a place or text: %v", err)
			}
			return
		}
		_, first := e.Eval(when.Env{Orders: 1})
		_, second := e.Eval(when.Env{Orders: 1})
		if (first == nil) != (second == nil) {
			t.Fatalf("two evaluations differ: %v, %v", first, second)
		}
	})
}
