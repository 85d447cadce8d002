package history_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

const head = "customer_id,order_id,ordered_at,total,currency,product,category,discount_code\n"

// all reads a file to its end.
func all(t *testing.T, r *history.Reader) (rows []history.Row, bad []history.BadLine) {
	t.Helper()
	for {
		row, err := r.Next()
		var line *history.BadLine
		switch {
		case errors.Is(err, io.EOF):
			return rows, bad
		case errors.As(err, &line):
			bad = append(bad, *line)
		case err != nil:
			t.Fatal(err)
		default:
			rows = append(rows, row)
		}
	}
}

func open(t *testing.T, text string) *history.Reader {
	t.Helper()
	r, err := history.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func eur(minor int64) lifecycle.Money { return lifecycle.Money{Minor: minor, Currency: "EUR"} }

func TestRowsAreReadAsTheyStand(t *testing.T) {
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	plain := history.Row{Line: 2, CustomerID: "0007", OrderID: "A-1", At: day, Total: eur(4990)}
	with := func(change func(*history.Row)) history.Row {
		r := plain
		change(&r)
		return r
	}
	tests := map[string]struct {
		text string
		want history.Row
	}{
		"a date alone is the start of the day, leading zeros stay": {head + "0007,A-1,2026-03-02,49.90,EUR,,,\n", plain},
		"the last line needs no end":                               {head + "0007,A-1,2026-03-02,49.90,EUR,,,", plain},
		"Windows line ends and a byte order mark":                  {"\ufeff" + strings.ReplaceAll(head, "\n", "\r\n") + "0007,A-1,2026-03-02,49.90,EUR,,,\r\n", plain},
		"semicolons and a decimal comma":                           {strings.ReplaceAll(head, ",", ";") + "0007;A-1;2026-03-02;49,90;EUR;;;\n", plain},
		"tabs":                                                     {strings.ReplaceAll(head, ",", "\t") + "0007\tA-1\t2026-03-02\t49.90\tEUR\t\t\t\n", plain},
		"a decimal comma in quotes":                                {head + `0007,A-1,2026-03-02,"49,90",EUR,,,`, plain},
		"columns in any order, unknown ones ignored, names in any case": {
			"Total,items,CURRENCY,order_id,country,customer_id,ordered_at\n49.9,3,eur,A-1,\"Korea, Republic of\",0007,2026-03-02\n", plain,
		},
		"columns at the end that are not needed may be missing in a row": {head + "0007,A-1,2026-03-02,49.90,EUR\n", plain},
		"blank lines are no rows": {head + "\n  \n0007,A-1,2026-03-02,49.90,EUR,,,\n\n", with(func(r *history.Row) { r.Line = 4 })},
		"a time with seconds":     {head + "0007,A-1,2026-03-02T13:04:05,49.90,EUR,,,\n", with(func(r *history.Row) { r.At = day.Add(13*time.Hour + 4*time.Minute + 5*time.Second) })},
		"a time with an offset":   {head + "0007,A-1,2026-03-02T13:00:00+01:00,49.90,EUR,,,\n", with(func(r *history.Row) { r.At = day.Add(12 * time.Hour) })},
		"quoted fields may hold the separator, quotes and line ends": {
			head + "0007,A-1,2026-03-02,49.90,EUR,\"Olio, \"\"extra\"\"\nvergine\",cucina,CIAO10\n",
			with(func(r *history.Row) {
				r.Product, r.Category, r.DiscountCode = "Olio, \"extra\"\nvergine", "cucina", "CIAO10"
			}),
		},
		"a quote within an unquoted field is text": {head + "0007,A-1,2026-03-02,49.90,EUR,12\" piatto,,\n", with(func(r *history.Row) { r.Product = `12" piatto` })},
		"a total below zero takes back":            {head + "0007,A-1,2026-03-02,-49.90,EUR,,,\n", with(func(r *history.Row) { r.Total, r.Cancellation = eur(-4990), true })},
		"so does an order id that starts with C":   {head + "0007,C1,2026-03-02,49.90,EUR,,,\n", with(func(r *history.Row) { r.OrderID, r.Cancellation = "C1", true })},
		"free is no cancellation":                  {head + "0007,A-1,2026-03-02,0.00,EUR,,,\n", with(func(r *history.Row) { r.Total = eur(0) })},
		"a currency without decimals":              {head + "0007,A-1,2026-03-02,4990.00,JPY,,,\n", with(func(r *history.Row) { r.Total = lifecycle.Money{Minor: 4990, Currency: "JPY"} })},
		"zeros in front of and behind the amount":  {head + "0007,A-1,2026-03-02,0049.900000,EUR,,,\n", plain},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rows, bad := all(t, open(t, tt.text))
			if len(bad) > 0 {
				t.Fatalf("bad lines: %v", bad)
			}
			if diff := cmp.Diff([]history.Row{tt.want}, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadLineNamesItsPlaceAndCostsNoOther(t *testing.T) {
	const good = "1,A-1,2026-03-02,49.90,EUR,,,\n"
	tests := map[string]struct{ line, want string }{
		"no customer":                  {",A-1,2026-03-02,49.90,EUR,,,", "line 2: customer_id is missing"},
		"no order":                     {"1,,2026-03-02,49.90,EUR,,,", "line 2: order_id is missing"},
		"an endless id":                {strings.Repeat("7", 201) + ",A-1,2026-03-02,49.90,EUR,,,", "line 2: customer_id is longer than 200 bytes"},
		"an id that hides something":   {"1\x00,A-1,2026-03-02,49.90,EUR,,,", "line 2: customer_id holds characters that cannot be seen"},
		"no time":                      {"1,A-1,,49.90,EUR,,,", "line 2: ordered_at is missing"},
		"a time in another order":      {"1,A-1,02/03/2026,49.90,EUR,,,", "line 2: ordered_at is no time such as 2026-11-20 or 2026-11-20T08:00:21"},
		"a day that does not exist":    {"1,A-1,2026-02-30,49.90,EUR,,,", "line 2: ordered_at is no time such as 2026-11-20 or 2026-11-20T08:00:21"},
		"a year that cannot be":        {"1,A-1,0026-03-02,49.90,EUR,,,", "line 2: ordered_at lies outside the years 1900 to 2200"},
		"no total":                     {"1,A-1,2026-03-02,,EUR,,,", "line 2: total is missing"},
		"an amount in words":           {"1,A-1,2026-03-02,a lot,EUR,,,", "line 2: total is no decimal number such as 49.90"},
		"an exponent":                  {"1,A-1,2026-03-02,1e3,EUR,,,", "line 2: total is no decimal number such as 49.90"},
		"two signs":                    {"1,A-1,2026-03-02,--1,EUR,,,", "line 2: total is no decimal number such as 49.90"},
		"a point without digits":       {"1,A-1,2026-03-02,1.,EUR,,,", "line 2: total is no decimal number such as 49.90"},
		"thousands":                    {`1,A-1,2026-03-02,"1,234",EUR,,,`, "line 2: total has a comma that may divide thousands: write 1234.50"},
		"a tenth of a cent":            {"1,A-1,2026-03-02,49.905,EUR,,,", "line 2: total has more than the 2 decimal places of its currency"},
		"more than there is":           {"1,A-1,2026-03-02,9999999999999,EUR,,,", "line 2: total is larger than any order"},
		"no currency":                  {"1,A-1,2026-03-02,49.90,,,,", "line 2: currency is missing"},
		"no such currency":             {"1,A-1,2026-03-02,49.90,euro,,,", "line 2: currency is no ISO 4217 code, such as EUR"},
		"a field too many":             {"1,A-1,2026-03-02,49,90,EUR,,,", "line 2 has 9 fields, the header has 8: put quotes around a field that holds the separator"},
		"too few fields":               {"1,A-1", "line 2: ordered_at is missing"},
		"Latin-1":                      {"1,A-1,2026-03-02,49.90,EUR,Caff\xe8,,", "line 2: product is not UTF-8: save the file as CSV UTF-8"},
		"text behind a closing quote":  {`1,A-1,2026-03-02,49.90,EUR,"Olio" extra,,`, "line 2 has text behind a closing quote: double the quotes inside a field"},
		"a quote that is never closed": {`1,A-1,2026-03-02,49.90,EUR,"Olio,,`, "line 2 opens a quote that is never closed"},
		"an endless line":              {"1,A-1,2026-03-02,49.90,EUR," + strings.Repeat("x", 100<<10) + ",,", "line 2 is longer than 64 KiB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rows, bad := all(t, open(t, head+tt.line+"\n"+good))
			if len(bad) != 1 || bad[0].Error() != tt.want {
				t.Errorf("bad lines %v\nwant      [%s]", bad, tt.want)
			}
			if len(rows) != 1 || rows[0].OrderID != "A-1" || rows[0].Line != 3 {
				t.Errorf("the good line behind it became %+v", rows)
			}
		})
	}
}

func TestRawIsTheRecordAsItWasWritten(t *testing.T) {
	r := open(t, head+"1,A-1,2026-03-02,49.90,EUR,\"a\nb\",,\r\nbroken,\"\r\nx\n")
	if r.Header() != strings.TrimSpace(head) {
		t.Errorf("Header = %q", r.Header())
	}
	var got []string
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		got = append(got, r.Raw())
	}
	want := []string{"1,A-1,2026-03-02,49.90,EUR,\"a\nb\",,", `broken,"`, "x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("raw (-want +got):\n%s", diff)
	}
}

func TestHeaderMustNameWhatIsNeeded(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing at all":             {"", "the file is empty"},
		"only a byte order mark":     {"\ufeff", "does not name the column customer_id, order_id, ordered_at, total"},
		"no header":                  {"1,A-1,2026-03-02,49.90,EUR\n", "does not name the column customer_id, order_id, ordered_at, total"},
		"one column missing":         {"customer_id,order_id,total\n", "does not name the column ordered_at:"},
		"a column twice":             {"customer_id,order_id,ordered_at,total,Total\n", "names the column total twice"},
		"UTF-16":                     {"\xff\xfec\x00u\x00", "not UTF-8"},
		"line ends of the first Mac": {"customer_id,order_id,ordered_at,total\r1,A-1,2026-03-02,1.00\r", "LF or CRLF"},
		"a program":                  {"\x7fELF\x02\x01\x01\x00\x00", "line ends"},
		"half a gzip file":           {"\x1f\x8b\x08", "unpack"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := history.NewReader(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want something with %q", err, tt.want)
			}
		})
	}
}

func TestGzipIsUnpacked(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, head+"1,A-1,2026-03-02,49.90,EUR,,,\n"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	if rows, bad := all(t, open(t, string(whole))); len(rows) != 1 || len(bad) != 0 {
		t.Errorf("rows %v, bad %v", rows, bad)
	}
	r := open(t, string(whole[:len(whole)-8])) // the check sum is missing
	for range 3 {
		if _, err := r.Next(); err != nil {
			if errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "line") {
				t.Error("a file that breaks off reads like one that ends")
			}
			return
		}
	}
	t.Error("a file that breaks off is not told")
}

func TestLocalTimesFollowTheShopsClock(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	beirut, err := time.LoadLocation("Asia/Beirut")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		zone *time.Location
		text string
		want time.Time
	}{
		"winter":                             {rome, "2026-01-10T12:00:00", time.Date(2026, 1, 10, 11, 0, 0, 0, time.UTC)},
		"summer":                             {rome, "2026-07-10", time.Date(2026, 7, 9, 22, 0, 0, 0, time.UTC)},
		"a skipped hour is its end":          {rome, "2026-03-29T02:30:00", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
		"an hour that comes twice: first":    {rome, "2026-10-25T02:30:00", time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)},
		"a day without midnight":             {beirut, "2022-03-27", time.Date(2022, 3, 26, 22, 0, 0, 0, time.UTC)},
		"an offset in the file holds anyway": {rome, "2026-01-10T12:00:00Z", time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := open(t, "customer_id,order_id,ordered_at,total\n1,A-1,"+tt.text+",49.90\n")
			r.Zone, r.Currency = tt.zone, "EUR"
			row, err := r.Next()
			if err != nil || !row.At.Equal(tt.want) || row.At.Location() != tt.zone {
				t.Errorf("At = %v, %v, want %v in %v", row.At, err, tt.want, tt.zone)
			}
			if row.Total != eur(4990) {
				t.Errorf("Total = %v, want 49.90 in the standard currency", row.Total)
			}
		})
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(head + "1,A-1,2026-03-02,49.90,EUR,\"a\"\"b\nc\",,\n\"x"))
	f.Add([]byte("\ufefftotal;ordered_at;order_id;customer_id\r\n-1,5;2026-01-01 10:00;C1;007\r\n"))
	f.Add([]byte("customer_id\torder_id\tordered_at\ttotal\n\"\"\"\t\n\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := history.NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		r.Currency = "EUR"
		last := 1
		for range len(file) + 2 {
			row, err := r.Next()
			var bad *history.BadLine
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &bad):
				row.Line = bad.Line
			case err != nil:
				return // a gzip file that breaks off
			case row.CustomerID == "" || row.OrderID == "" || row.At.IsZero() || len(row.Total.Currency) != 3:
				t.Fatalf("a row without what it needs: %+v", row)
			case row.Total.Minor < 0 && !row.Cancellation:
				t.Fatalf("money went back and yet it is a purchase: %+v", row)
			}
			if row.Line <= last {
				t.Fatalf("line %d comes after line %d", row.Line, last)
			}
			last = row.Line
		}
		t.Fatal("it never ends")
	})
}
