package parts_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
	"ritorno/internal/parts"
)

var italian = history.Options{Source: "import", Currency: "EUR", Locale: "it", Country: "IT"}

// Files of which the parts must tell what the whole tells.
var files = map[string]string{
	"an order of several lines, quotes, a bad line and what belongs to it": "Name,Email,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Financial Status,Id\n" +
		"#1,anna@example.com,,EUR,10,64.90,2026-03-01 10:00:00 +0100,1,Pane,4.90,paid,11\n" +
		"#1,anna@example.com,,,,,,2,\"Olio \"\"extra\"\"\nvergine\",27.50,,\n" +
		"#2,bruno@example.com,,EUR,10,20.00,2026-03-02 10:00:00 +0100,1,Vino,20.00,partially_refunded,12\n" +
		"#3,dora@example.com,,EUR,10,lots,2026-03-02 10:00:00 +0100,1,Vino,20.00,paid,13\n" +
		"#3,dora@example.com,,,,,,1,Pane,4.90,,\n" +
		"#4,carla@example.com,,EUR,10,7.00,2026-03-04 10:00:00 +0100,1,Vino,20.00,paid,14\n",
	"Windows-1252, CRLF, semicolons and an end without a line end": "\ufeffcustomer_id;order_id;ordered_at;total;first_name\r\n1;a;2026-03-01;49,90;Nicol\xf2\r\n2;b;2026-03-02;1.049,90;Zo\xeb\r\n1;c;2026-03-03;5;\"a;b\"",
	"no order at all": "customer_id,order_id,ordered_at,total\n",
	"people":          "email,customer_ids,created_at,email_consent,email_consent_at,email_consent_source\nanna@example.com,shopify:1 stripe:cus_1,2026-01-01,subscribed,2026-01-01,form\nbruno@example.com,,2026-01-01,,,\n",
}

func TestPartsTellWhatTheFileTells(t *testing.T) {
	for name, text := range files {
		for n := 1; n < 4; n++ {
			whole, inParts := read(t, text), readInParts(t, text, n)
			if diff := cmp.Diff(whole, inParts, cmpopts.IgnoreUnexported(history.Entry{})); diff != "" {
				t.Errorf("%s, in %d parts (-whole +parts):\n%s", name, n, diff)
			}
		}
	}
}

func open(t *testing.T, text string) *history.File {
	t.Helper()
	f, err := history.Open(strings.NewReader(text), italian)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// next is the next good entry without its line, false at the end.
func next(t *testing.T, f *history.File) (history.Entry, bool) {
	t.Helper()
	for {
		e, err := f.Next()
		var bad *history.BadLine
		switch {
		case errors.As(err, &bad):
		case errors.Is(err, io.EOF):
			return e, false
		case err != nil:
			t.Fatal(err)
		default:
			return history.Entry{What: e.What, Total: e.Total, Back: e.Back, Events: e.Events}, true
		}
	}
}

func read(t *testing.T, text string) (all []history.Entry) {
	f := open(t, text)
	for e, ok := next(t, f); ok; e, ok = next(t, f) {
		all = append(all, e)
	}
	return all
}

// readInParts deals the entries out to n parts in turn, and gathers them again.
func readInParts(t *testing.T, text string, n int) (all []history.Entry) {
	t.Helper()
	f, dir, count := open(t, text), t.TempDir(), 0
	p, err := parts.New(dir, n, f, italian)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	good := func() (history.Entry, error) {
		if e, ok := next(t, f); ok {
			return e, nil
		}
		return history.Entry{}, io.EOF
	}
	kept, err := p.Fill(t.Context(), f, good, func(lifecycle.Person) int {
		count++
		return (count - 1) % n
	})
	if err != nil || kept != int64(count) {
		t.Fatalf("%d entries dealt out, %d kept, %v", count, kept, err)
	}
	if seen, err := os.ReadDir(dir); err != nil || len(seen) > 0 {
		t.Errorf("the parts can be seen: %v, %v", seen, err)
	}
	open := make([]*history.File, n)
	for i := range open {
		if open[i], err = p.Open(i); err != nil {
			t.Fatal(err)
		}
	}
	for i := range count {
		e, ok := next(t, open[i%n])
		if !ok {
			t.Fatalf("part %d ends before entry %d", i%n, i)
		}
		all = append(all, e)
	}
	for i, f := range open {
		if e, more := next(t, f); more {
			t.Errorf("part %d tells more: %+v", i, e)
		}
	}
	return all
}

func TestPartsNeedAFolderThatTakesThem(t *testing.T) {
	if _, err := parts.New(t.TempDir()+"/gone", 2, open(t, files["people"]), italian); err == nil || !strings.Contains(err.Error(), "make the folder writable") {
		t.Errorf("error %v", err)
	}
}
