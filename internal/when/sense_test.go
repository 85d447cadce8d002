package when

import "testing"

func TestVerdict(t *testing.T) {
	for src, want := range map[string]Verdict{
		"true": Always, "false": Never, "not false": Always, "1 > 2": Never, "2 == 2": Always, "1 != 1": Never,
		"orders > 3": Depends, "orders < 0": Never, "orders >= 0": Always, "0 <= orders": Always, "3 < orders": Depends,
		"orders > 5 and orders < 3": Never, "orders > 5 and orders < 7": Depends, "orders > 5 and orders <= 5": Never,
		"orders > 5 and spent > 1 and 5 >= orders": Never,
		"orders > 5 or orders < 7":                 Always, "orders > 5 or orders < 3": Depends,
		"p_buy_90 > 5": Never, "p_buy_90 <= 1": Always, "p_buy_90 > 0.5": Depends, "p_buy_90 > 1": Never,
		"spent < 0": Depends, "spent > -1": Depends, "step < 1": Never, "step == 1": Depends,
		`state == "active" and state == "dormant"`: Never, `state != "active" or state != "dormant"`: Always,
		`state == "active" or state == "dormant"`: Depends, `state == "active" and country == "IT"`: Depends,
		"opened or true": Always, "opened and false": Never, "opened": Depends, "opened and not opened": Depends,
		"orders in 2..5": Depends, "len(plan) > 0": Depends, "not (orders < 0)": Always, "orders != 3": Depends,
		"orders == 3 and orders != 3": Never,
	} {
		e, err := Compile(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if got := e.Verdict(); got != want {
			t.Errorf("%s: verdict %d, want %d", src, got, want)
		}
	}
	if got := (*Expr)(nil).Verdict(); got != Always {
		t.Errorf("no expression: verdict %d", got)
	}
}

func TestMisspelt(t *testing.T) {
	check := map[string]func(string) string{"state": func(s string) string {
		if s == "active" || s == "dormant" {
			return ""
		}
		return "no such state: " + s
	}}
	for src, column := range map[string]int{
		`state == "active"`: 0, `state == "activ"`: 10, `orders > 1 and "activ" != state`: 16,
		`state in ["active", "dorment"]`: 21, `not (state in ["active"])`: 0, `plan == "x"`: 0, `state == plan`: 0,
		`lower(state) == "x"`: 0, `state in ["è", "x"]`: 11,
	} {
		e, err := Compile(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		got := 0
		if wrong := e.Misspelt(check); wrong != nil {
			got = wrong.Column
		}
		if got != column {
			t.Errorf("%s: column %d, want %d", src, got, column)
		}
	}
}

// What is told before any contact is looked at must hold for each of them.
func FuzzVerdict(f *testing.F) {
	f.Add("orders > 5 and orders < 3", 4, 2.5, 0.2)
	f.Add("not (orders >= 0) or p_buy_90 > 1", 0, -3.0, 1.0)
	f.Add("spent > -1 and 3 != orders", 3, 9.5, 0.0)
	f.Fuzz(func(t *testing.T, src string, orders int, spent, p float64) {
		e, err := Compile(src)
		if err != nil || orders < 0 || !(p >= 0 && p <= 1) || spent != spent {
			return
		}
		holds, err := e.Eval(Env{Orders: orders, Spent: spent, PBuy90: p, Step: 1})
		if v := e.Verdict(); err == nil && (holds && v == Never || !holds && v == Always) {
			t.Errorf("%q: verdict %d, but it came out as %v", src, v, holds)
		}
	})
}
