package connectors_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

func TestAmount(t *testing.T) {
	tests := map[string]struct {
		json, currency string
		want           int64
		fails          bool
	}{
		"decimal text":                           {`"404.95"`, "EUR", 40495, false},
		"a number":                               {`44.1`, "EUR", 4410, false},
		"a whole number":                         {`20`, "EUR", 2000, false},
		"a currency without decimals":            {`"20"`, "JPY", 20, false},
		"decimals of a currency without any":     {`"20.00"`, "JPY", 20, false},
		"three decimals":                         {`"1.234"`, "KWD", 1234, false},
		"what a binary fraction leaves":          {`44.099999999999994`, "EUR", 4410, false},
		"half a cent goes to even":               {`"0.125"`, "EUR", 12, false},
		"and so up as well":                      {`"0.135"`, "EUR", 14, false},
		"negative, as refunds are written":       {`"-12.50"`, "EUR", -1250, false},
		"nothing to pay":                         {`"0.00"`, "EUR", 0, false},
		"an exponent":                            {`1.5e2`, "EUR", 15000, false},
		"blanks around it":                       {`" 1.00 "`, "EUR", 100, false},
		"no information":                         {`null`, "EUR", 0, false},
		"beyond what a shop takes":               {`"99999999999999.00"`, "EUR", 0, true},
		"beyond what can be counted":             {`1e300`, "EUR", 0, true},
		"a comma in a system that does not":      {`"1,5"`, "EUR", 0, true},
		"a hexadecimal number":                   {`"0x10"`, "EUR", 0, true},
		"infinity":                               {`"Infinity"`, "EUR", 0, true},
		"more digits than anyone has money":      {`"` + strings.Repeat("9", 70) + `"`, "EUR", 0, true},
		"the largest amount that is still taken": {`"10000000000000.00"`, "EUR", 1e15, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var body sampleBody
			err := connectors.Decode([]byte(`{"total":`+tt.json+`}`), &body)
			var got int64
			if err == nil {
				got, err = body.Total.Minor(tt.currency)
			}
			if got != tt.want || (err != nil) != tt.fails {
				t.Errorf("%s %s = %d, %v, want %d", tt.json, tt.currency, got, err, tt.want)
			}
		})
	}
}

func TestLooseAmount(t *testing.T) {
	tests := map[string]struct {
		in   string
		want string // decimal text; empty: refused
	}{
		"a plain decimal":                    {"44.10", "44.10"},
		"a decimal comma":                    {"44,10", "44.10"},
		"thousands as in Italy":              {"1.234,50", "1234.50"},
		"thousands as in England":            {"1,234.50", "1234.50"},
		"millions as in Italy":               {"1.234.567", "1234567.00"},
		"millions as in England":             {"1,234,567", "1234567.00"},
		"blanks between thousands":           {"1 234,50", "1234.50"},
		"apostrophes as in Switzerland":      {"1'234.50", "1234.50"},
		"a sign of the currency":             {"€ 44,10", "44.10"},
		"a name of the currency":             {"44.10 EUR", "44.10"},
		"negative":                           {"-1.234,50", "-1234.50"},
		"one dot is a decimal point":         {"1.234", "1.23"},
		"one comma and three digits":         {"1,234", ""},
		"groups of the wrong length":         {"1.23.4", ""},
		"a group of four":                    {"1234.567,00", ""},
		"two decimal commas":                 {"1.234,50,1", ""},
		"words":                              {"a lot", ""},
		"a number in words":                  {"one", ""},
		"words behind it":                    {"12 pieces", ""},
		"negative beside the currency":       {"-€ 1,50", "-1.50"},
		"the currency before the minus":      {"€ -1,50", "-1.50"},
		"crowns":                             {"120,00 kr", "120.00"},
		"two minus signs":                    {"--1", ""},
		"a hexadecimal number":               {"0x10", ""},
		"a minus behind is not read":         {"1.50-", ""},
		"a point in front":                   {".50", ""},
		"a comma alone":                      {",", ""},
		"two signs of two kinds, no numbers": {".,", ""},
		"dots alone":                         {"..", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var body sampleBody
			err := connectors.Decode(fmt.Appendf(nil, `{"loose":%q}`, tt.in), &body)
			var got int64
			if err == nil && body.Loose.Known() {
				got, err = body.Loose.Minor("EUR")
			}
			text := ""
			if err == nil && body.Loose.Known() {
				text = lifecycle.Money{Minor: got, Currency: "EUR"}.String()
			}
			if text != tt.want {
				t.Errorf("%q = %q, %v, want %q", tt.in, text, err, tt.want)
			}
		})
	}
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"44.10", "1.234,50", "1e15", "-0.005", "€ 1'234.50", "..", ",", "+.", "1.2.3,4"} {
		f.Add(s, "EUR")
		f.Add(s, "JPY")
	}
	f.Fuzz(func(t *testing.T, s, currency string) {
		var body sampleBody
		for _, field := range []string{"total", "loose"} {
			if err := connectors.Decode(fmt.Appendf(nil, `{%q:%q}`, field, s), &body); err != nil && !errors.Is(err, connectors.ErrMalformed) {
				t.Fatalf("err = %v, want ErrMalformed", err)
			}
		}
		for _, a := range []connectors.Amount{body.Total, body.Loose.Amount} {
			n, err := a.Minor(currency)
			if err != nil {
				continue
			}
			if n > 1e15 || n < -1e15 || n == math.MinInt64 {
				t.Fatalf("%q counts as %d", a, n)
			}
			if text := (lifecycle.Money{Minor: n, Currency: currency}).String(); a.Known() {
				if again, err := connectors.Amount(text).Minor(currency); err != nil || again != n {
					t.Fatalf("%q is %d, its text %q is %d, %v", a, n, text, again, err)
				}
			}
		}
	})
}

func TestStamp(t *testing.T) {
	at := time.Date(2026, 11, 20, 8, 0, 21, 0, time.UTC)
	tests := map[string]struct {
		in   string
		want time.Time
	}{
		"UTC":                          {"2026-11-20T08:00:21Z", at},
		"an offset":                    {"2026-11-20T09:00:21+01:00", at},
		"an offset without a colon":    {"2026-11-20T09:00:21+0100", at},
		"an offset of hours":           {"2026-11-20T03:00:21-05", at},
		"no zone means UTC":            {"2026-11-20T08:00:21", at},
		"a blank for the T":            {"2026-11-20 08:00:21", at},
		"a blank and Z":                {"2026-11-20 08:00:21.000Z", at},
		"nanoseconds":                  {"2026-11-20T08:00:21.123456789Z", at.Add(123456789)},
		"microseconds without a zone":  {"2026-11-20T08:00:21.123456", at.Add(123456000)},
		"no seconds":                   {"2026-11-20T08:00", at.Add(-21 * time.Second)},
		"a date":                       {"2026-11-20", time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)},
		"PHP's zero date says nothing": {"0000-00-00 00:00:00", time.Time{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var body sampleBody
			if err := connectors.Decode(fmt.Appendf(nil, `{"at":%q}`, tt.in), &body); err != nil {
				t.Fatal(err)
			}
			if got := body.At.Time; !got.Equal(tt.want) || got.Location() != time.UTC {
				t.Errorf("%q = %v, want %v", tt.in, got, tt.want)
			}
		})
	}
	for _, in := range []string{"20/11/2026", "2026-13-01", "2026-11-20T25:00:00Z", "now", "2026-11-20T08:00:21 Europe/Rome", strings.Repeat("2", 60)} {
		var body sampleBody
		if err := connectors.Decode(fmt.Appendf(nil, `{"at":%q}`, in), &body); !errors.Is(err, connectors.ErrMalformed) {
			t.Errorf("%q: %v, want ErrMalformed", in, err)
		}
	}
}

func TestUnix(t *testing.T) {
	for in, want := range map[string]int64{"1763625621": 1763625621, `"1763625621"`: 1763625621} {
		var body sampleBody
		if err := connectors.Decode([]byte(`{"seconds":`+in+`}`), &body); err != nil || body.Seconds.Unix() != want {
			t.Errorf("%s = %v, %v", in, body.Seconds, err)
		}
	}
	for _, in := range []string{"1763625621000", "-1", "1.5", `"soon"`, "1e9"} {
		var body sampleBody
		if err := connectors.Decode([]byte(`{"seconds":`+in+`}`), &body); !errors.Is(err, connectors.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", in, err)
		}
	}
}

func FuzzStamp(f *testing.F) {
	for _, s := range []string{"2026-11-20T08:00:21.123456789Z", "2026-11-20 08:00", "2026-11-20", "0000-00-00", "0001-01-01T00:00:00+23:59"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := connectors.ParseTime(s)
		if err != nil || at.IsZero() {
			return
		}
		if again, err := connectors.ParseTime(at.Format(time.RFC3339Nano)); at.Year() >= 0 && at.Year() < 10000 && (err != nil || !again.Equal(at)) {
			t.Fatalf("%q is %v, told again %v, %v", s, at, again, err)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add("Ada\n\u202eRossi", 5)
	f.Add("é", 1)
	f.Add("\xff\xfe", 0)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit &= 0xfff
		line := connectors.Text(s).Line(limit)
		if len(line) > limit || strings.ContainsAny(line, "\n\r\t\x00\u202e\u200b") || strings.TrimSpace(line) != line {
			t.Fatalf("Line(%q, %d) = %q", s, limit, line)
		}
		if again := connectors.Text(line).Line(limit); again != line {
			t.Fatalf("Line(%q, %d) = %q, again %q", s, limit, line, again)
		}
	})
}
