package link_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/link"
)

func rome(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestAFileOfCodesIsRead(t *testing.T) {
	end := time.Date(2027, 3, 31, 21, 59, 59, 0, time.UTC) // summer time
	for name, c := range map[string]struct {
		text string
		want []link.PoolCode
	}{
		"one a line":                {"AAA-1\nbbb_2\n\nCCC3", []link.PoolCode{{Code: "AAA-1"}, {Code: "bbb_2"}, {Code: "CCC3"}}},
		"as Windows saves it":       {"\xef\xbb\xbfCode\r\nAAA1\r\n", []link.PoolCode{{Code: "AAA1"}}},
		"with a day":                {"code,expires\nAAA1,2027-03-31\nAAA2,\n", []link.PoolCode{{Code: "AAA1", Expires: end}, {Code: "AAA2"}}},
		"semicolons, other columns": {"id;Expires;CODE\n1;2027-03-31T21:59:59Z;\"AAA1\"\n", []link.PoolCode{{Code: "AAA1", Expires: end}}},
		"tabs":                      {"code\texpiry\nAAA1\t2027-03-31\n", []link.PoolCode{{Code: "AAA1", Expires: end}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := link.ReadPool(strings.NewReader(c.text), rome(t))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestAFileWithAMistakeGivesNoCode(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "no code",
		"code\n":                          "no code",
		"AAA1\nzwei wörter\n":             "line 2, code",
		"code,expires\nAAA1,31.3.2027\n":  "line 2, expires: must be a day like 2027-03-31",
		"code,expires\nAAA1,1999-01-01\n": "line 2, expires",
		"AAA1\n\xff\n":                    "UTF-8",
		"AAA1\n\"BBB\n":                   "quotes",
		strings.Repeat("A", 41):           "line 1, code: must be 1 to 40",
	} {
		got, err := link.ReadPool(strings.NewReader(text), rome(t))
		if err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%q: %v, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzReadPool(f *testing.F) {
	for _, text := range []string{"AAA1\nBBB2", "code;expires\nAAA1;2027-03-31", "\xef\xbb\xbfcode\tx\nA\tb", "\"", "code,expires\nA,2027-03-31T21:59:59+02:00"} {
		f.Add(text)
	}
	zone := rome(f)
	f.Fuzz(func(t *testing.T, text string) {
		codes, err := link.ReadPool(strings.NewReader(text), zone)
		if (err == nil) != (len(codes) > 0) {
			t.Fatalf("%d codes and %v", len(codes), err)
		}
		for _, c := range codes {
			if c.Code == "" || len(c.Code) > 40 || strings.ContainsAny(c.Code, " ,;\t\r\n\"") {
				t.Fatalf("code %q", c.Code)
			}
		}
	})
}
