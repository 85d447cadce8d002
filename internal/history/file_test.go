package history_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

var italian = history.Options{Source: "import", Zone: time.UTC, Currency: "EUR", Locale: "it", Country: "IT"}

// told is what an entry says, short enough for a table.
type told struct {
	Line                     int
	What                     history.What
	Who, Name, Order, Number string
	At                       string
	Status                   lifecycle.OrderStatus
	Total                    string
	Back                     int64
	Items, Codes, Consents   string
}

func short(e history.Entry) told {
	out := told{Line: e.Line, What: e.What, Back: e.Back}
	if len(e.Events) == 0 {
		return out
	}
	ev := e.Events[0]
	var who []string
	for _, x := range []string{ev.Person.CustomerID, ev.Person.Email, ev.Person.Phone} {
		if x != "" {
			who = append(who, x)
		}
	}
	out.Who, out.Name = strings.Join(who, " "), strings.TrimSpace(ev.Person.FirstName+" "+ev.Person.LastName)
	out.At = ev.At.UTC().Format("2006-01-02T15:04:05")
	if o := ev.Order; o != nil {
		out.Order, out.Number, out.Status, out.Total = o.ID, o.Number, o.Status, o.Total.String()+" "+o.Total.Currency
		for _, it := range o.Items {
			out.Items += it.Title + ";"
		}
		out.Codes = strings.Join(o.Codes, ";")
	}
	for _, n := range ev.Consents {
		out.Consents += n.Channel.String() + " " + n.State.String() + " " + n.At.UTC().Format(time.DateOnly) + " " + n.Source + ";"
	}
	return out
}

// entries reads a file to its end; bad lines are told with what was kept.
func entries(t *testing.T, text string, o history.Options) (kind history.Kind, all []told, bad []string) {
	t.Helper()
	f, err := history.Open(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	for {
		e, err := f.Next()
		var b *history.BadLine
		switch {
		case errors.Is(err, io.EOF):
			return f.Kind(), all, bad
		case errors.As(err, &b):
			bad = append(bad, b.Error()+" | "+f.Raw())
		case err != nil:
			t.Fatal(err)
		default:
			for _, ev := range e.Events {
				if !ev.Historical || !ev.Creates() || ev.Key != "" {
					t.Errorf("line %d becomes news: %+v", e.Line, ev)
				}
			}
			all = append(all, short(e))
		}
	}
}

const shopifyHead = "Name,Email,Financial Status,Paid at,Accepts Marketing,Currency,Subtotal,Total,Discount Code,Created at,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Billing Country,Billing Phone,Cancelled at,Refunded Amount,Id,Phone\n"

func TestShopifysExport(t *testing.T) {
	kind, got, bad := entries(t, shopifyHead+
		`#1001,anna@example.com,paid,2026-03-01 10:00:05 +0100,yes,EUR,59.90,64.90,CIAO10,2026-03-01 10:00:00 +0100,1,Pane,4.90,Anna Bianchi,IT,'+39 333 1234567,,0.00,5550100200301,`+"\n"+
		`#1001,anna@example.com,,,,,,,,,2,"Olio ""extra"" vergine",27.50,,,,,,,`+"\n"+
		`#1002,bruno@example.com,partially_refunded,,no,EUR,20.00,20.00,,2026-03-02 10:00:00 +0100,1,Vino,20.00,Bruno,IT,,,5.00,5550100200302,`+"\n"+
		`#1003,bruno@example.com,refunded,,no,EUR,20.00,20.00,,2026-03-03 10:00:00 +0100,1,Vino,20.00,Bruno,IT,,,20.00,5550100200303,`+"\n"+
		`#1004,carla@example.com,voided,,no,USD,20.00,20.00,,2026-03-04 10:00:00 +0100,1,Vino,20.00,Carla,US,,2026-03-05 10:00:00 +0100,0.00,5550100200304,`+"\n"+
		`#1005,carla@example.com,pending,,no,USD,20.00,0.00,,2026-03-06 10:00:00 +0100,1,Vino,20.00,Carla,US,,,,5550100200305,`+"\n"+
		`#1006,dora@example.com,paid,,no,EUR,20.00,lots,,2026-03-06 10:00:00 +0100,1,Vino,20.00,Dora,IT,,,,5550100200306,`+"\n"+
		`#1006,dora@example.com,,,,,,,,,1,Pane,4.90,,,,,,,`+"\n", italian)
	want := []told{
		{Line: 2, Who: "anna@example.com +39 333 1234567", Name: "Anna Bianchi", Order: "5550100200301", Number: "#1001", At: "2026-03-01T09:00:00", Status: lifecycle.OrderPaid, Total: "64.90 EUR", Items: `Olio "extra" vergine;Pane;`, Codes: "CIAO10", Consents: "email subscribed 2026-03-01 ;"},
		{Line: 4, Who: "bruno@example.com", Name: "Bruno", Order: "5550100200302", Number: "#1002", At: "2026-03-02T09:00:00", Status: lifecycle.OrderPaid, Total: "20.00 EUR", Back: 500, Items: "Vino;"},
		{Line: 5, Who: "bruno@example.com", Name: "Bruno", Order: "5550100200303", Number: "#1003", At: "2026-03-03T09:00:00", Status: lifecycle.OrderRefundedFully, Total: "20.00 EUR", Back: 2000, Items: "Vino;"},
		{Line: 6, What: history.Void, Who: "carla@example.com", Name: "Carla", Order: "5550100200304", Number: "#1004", At: "2026-03-04T09:00:00", Status: lifecycle.OrderVoid, Total: "20.00 USD", Items: "Vino;"},
		{Line: 7, Who: "carla@example.com", Name: "Carla", Order: "5550100200305", Number: "#1005", At: "2026-03-06T09:00:00", Status: lifecycle.OrderOpen, Total: "0.00 USD", Items: "Vino;"},
	}
	if diff := cmp.Diff(want, got); diff != "" || kind != history.Shopify {
		t.Errorf("%s (-want +got):\n%s", kind, diff)
	}
	if len(bad) != 2 || !strings.HasPrefix(bad[0], "line 8: Total is no decimal number") || !strings.HasPrefix(bad[1], "line 9 belongs to the order of line 8") || !strings.HasSuffix(bad[1], "| #1006,dora@example.com,,,,,,,,,1,Pane,4.90,,,,,,,") {
		t.Errorf("bad lines: %q", bad)
	}
}

func TestWooCommercesExports(t *testing.T) {
	tests := map[string]struct {
		text string
		kind history.Kind
		want []told
	}{
		"one line an item": {
			`"Order Number","Order Status","Order Date","First Name (Billing)","Last Name (Billing)","Country Code (Billing)","Email (Billing)","Phone (Billing)","Order Total Amount","Order Refund Amount","Item #","Item Name","Quantity","Item Cost","Coupon Code"` + "\n" +
				`701,Completed,2026-03-01 10:00,Anna,Bianchi,IT,anna@example.com,3331234567,59.90,0,1,Pane,1,4.90,` + "\n" +
				`701,Completed,2026-03-01 10:00,Anna,Bianchi,IT,anna@example.com,3331234567,59.90,0,2,Olio,2,27.50,` + "\n" +
				`702,Pending payment,2026-03-02 10:00,Bruno,Neri,IT,bruno@example.com,,10.00,0,1,Pane,1,10.00,` + "\n" +
				`703,On hold,2026-03-02 10:00,Bruno,Neri,IT,bruno@example.com,,10.00,0,1,Pane,1,10.00,` + "\n",
			history.WooCommerce,
			[]told{
				{Line: 2, Who: "anna@example.com 3331234567", Name: "Anna Bianchi", Order: "701", Number: "701", At: "2026-03-01T10:00:00", Status: lifecycle.OrderPaid, Total: "59.90 EUR", Items: "Olio;Pane;"},
				{Line: 4, What: history.Nothing},
				{Line: 5, Who: "bruno@example.com", Name: "Bruno Neri", Order: "703", Number: "703", At: "2026-03-02T10:00:00", Status: lifecycle.OrderOpen, Total: "10.00 EUR", Items: "Pane;"},
			},
		},
		"names with underscores, a guest and a customer": {
			"order_id,order_number,order_date,status,order_total,order_currency,customer_id,billing_email,billing_first_name,billing_country,refunded_total\n" +
				"801,1801,2026-03-01 10:00:00,wc-completed,59.90,EUR,0,anna@example.com,Anna,IT,9.90\n" +
				"802,1802,2026-03-01 10:00:00,refunded,59.90,USD,12,bruno@example.com,Bruno,IT,\n" +
				"803,1803,2026-03-01 10:00:00,cancelled,59.90,EUR,12,bruno@example.com,Bruno,IT,0\n",
			history.WooCommerce,
			[]told{
				{Line: 2, Who: "anna@example.com", Name: "Anna", Order: "801", Number: "1801", At: "2026-03-01T10:00:00", Status: lifecycle.OrderPaid, Total: "59.90 EUR", Back: 990},
				{Line: 3, Who: "12 bruno@example.com", Name: "Bruno", Order: "802", Number: "1802", At: "2026-03-01T10:00:00", Status: lifecycle.OrderRefundedFully, Total: "59.90 USD", Back: 5990},
				{Line: 4, What: history.Void, Who: "12 bruno@example.com", Name: "Bruno", Order: "803", Number: "1803", At: "2026-03-01T10:00:00", Status: lifecycle.OrderVoid, Total: "59.90 EUR"},
			},
		},
		"Analytics with addresses, a refund on a line of its own": {
			"Date,Order #,Status,Customer,Email,Product(s),Items sold,Coupon(s),N. Revenue\n" +
				"2026-03-01 10:00:00,901,completed,Anna Bianchi,anna@example.com,1× Olio,1,CIAO,49.90\n" +
				"2026-03-09 10:00:00,901,completed,Anna Bianchi,anna@example.com,,0,,-9.90\n",
			history.Analytics,
			[]told{
				{Line: 2, Who: "anna@example.com", Name: "Anna Bianchi", Order: "901", Number: "901", At: "2026-03-01T10:00:00", Status: lifecycle.OrderPaid, Total: "49.90 EUR", Items: "1× Olio;", Codes: "CIAO"},
				{Line: 3, What: history.Return, Who: "anna@example.com", Name: "Anna Bianchi", Order: "901/tbmmg0-ri", Number: "901", At: "2026-03-09T10:00:00", Status: lifecycle.OrderPaid, Total: "-9.90 EUR"},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			kind, got, bad := entries(t, tt.text, italian)
			if diff := cmp.Diff(tt.want, got); diff != "" || kind != tt.kind || len(bad) > 0 {
				t.Errorf("%s, bad %q (-want +got):\n%s", kind, bad, diff)
			}
		})
	}
}

func TestStripesExport(t *testing.T) {
	kind, got, bad := entries(t, "id,Description,Created (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,Captured,Invoice ID,PaymentIntent ID\n"+
		"ch_1,Olio,2026-03-01 10:00,49.90,0.00,eur,Paid,cus_1,anna@example.com,true,,pi_1\n"+
		"ch_2,Box,2026-03-02 10:00:07,20.00,20.00,eur,Refunded,cus_1,anna@example.com,true,in_2,pi_2\n"+
		"ch_3,Box,2026-03-03 10:00,20.00,0.00,jpy,Failed,cus_1,anna@example.com,false,,\n"+
		"ch_4,Box,2026-03-03 10:00,2000,0,jpy,succeeded,cus_2,,,,\n", italian)
	want := []told{
		{Line: 2, Who: "cus_1 anna@example.com", Order: "pi_1", At: "2026-03-01T10:00:00", Status: lifecycle.OrderPaid, Total: "49.90 EUR", Items: "Olio;"},
		{Line: 3, Who: "cus_1 anna@example.com", Order: "in_2", At: "2026-03-02T10:00:07", Status: lifecycle.OrderRefundedFully, Total: "20.00 EUR", Back: 2000, Items: "Box;"},
		{Line: 4, What: history.Nothing},
		{Line: 5, Who: "cus_2", Order: "ch_4", At: "2026-03-03T10:00:00", Status: lifecycle.OrderPaid, Total: "2000 JPY", Items: "Box;"},
	}
	if diff := cmp.Diff(want, got); diff != "" || kind != history.Stripe || len(bad) > 0 {
		t.Errorf("%s, bad %q (-want +got):\n%s", kind, bad, diff)
	}
}

func TestOurOwnColumns(t *testing.T) {
	kind, got, bad := entries(t, "customer_id;order_id;ordered_at;total;currency;email;email_consent;email_consent_at;email_consent_source;country\n"+
		"0007;A-1;02/03/2026 13:04;1.234,50;EUR;anna@example.com;subscribed;01/03/2026;till;IT\n"+
		"0007;C2;2026-03-03;-9,90;;;;;;Italy\n"+
		"0007;C3;2026-03-03;5,00;;;;;;\n"+
		"0008;A-4;2026-03-03;0;;;unsubscribed;;till;\n"+
		"0008;A-5;2026-03-03;0;;;subscribed;2026-03-03;;\n"+
		"0008;A-6;2026-03-03;0;;;maybe;2026-03-03;till;\n"+
		";A-7;2026-03-03;0;;;;;;\n"+
		"Caff\xe8;A-8;2026-03-03;0;;;;;;\n", italian)
	want := []told{
		{Line: 2, Who: "0007 anna@example.com", Order: "A-1", At: "2026-03-02T13:04:00", Status: lifecycle.OrderPaid, Total: "1234.50 EUR", Consents: "email subscribed 2026-03-01 till;"},
		{Line: 3, What: history.Return, Who: "0007", Order: "C2", At: "2026-03-03T00:00:00", Status: lifecycle.OrderPaid, Total: "-9.90 EUR"},
		{Line: 4, What: history.Void, Who: "0007", Order: "C3", At: "2026-03-03T00:00:00", Status: lifecycle.OrderVoid, Total: "5.00 EUR"},
		{Line: 9, Who: "Caffè", Order: "A-8", At: "2026-03-03T00:00:00", Status: lifecycle.OrderPaid, Total: "0.00 EUR"},
	}
	if diff := cmp.Diff(want, got); diff != "" || kind != history.Orders {
		t.Errorf("%s (-want +got):\n%s", kind, diff)
	}
	for i, w := range []string{
		"line 5: email_consent_at is missing: a consent counts only with its date",
		"line 6: email_consent_source is missing: a consent counts only with its date",
		"line 7: email_consent is no consent",
		"line 8: customer_id is missing",
	} {
		if i >= len(bad) || !strings.HasPrefix(bad[i], w) {
			t.Errorf("bad lines %q, want %q", bad, w)
		}
	}
}

func TestNumbersAndDaysAsTheLanguageWritesThem(t *testing.T) {
	tests := []struct{ locale, country, total, day, wantTotal, wantDay string }{
		{"it", "IT", "1.234,50", "31/12/2025", "1234.50", "2025-12-31"},
		{"it", "IT", "1.234", "1/2/2026", "1234.00", "2026-02-01"},
		{"it", "IT", "49.90", "31.12.2025 08:09", "49.90", "2025-12-31"},
		{"it", "IT", "€ 49,9", "2025-12-31", "49.90", "2025-12-31"},
		{"it-CH", "CH", "1'234.50", "31.12.2025", "1234.50", "2025-12-31"},
		{"de", "DE", "12.345.678,90", "31.12.2025", "12345678.90", "2025-12-31"},
		{"fr", "FR", "1 234,50", "31/12/2025", "1234.50", "2025-12-31"},
		{"en-US", "US", "$1,234.50", "12/31/2025 3:04 PM", "1234.50", "2025-12-31"},
		{"en", "US", "1,234", "2/1/2026", "1234.00", "2026-02-01"},
		{"en-GB", "GB", "1,234", "1/2/2026", "1234.00", "2026-02-01"},
		{"en", "GB", "-0.50", "2025/12/31 10:00", "-0.50", "2025-12-31"},
		{"it", "IT", "1.2.3", "31/12/2025", "", ""},
		{"it", "IT", "12.34,567", "31/12/2025", "", ""},
		{"it", "IT", "1,2345", "31/12/2025", "", ""},
		{"it", "IT", "49.", "31/12/2025", "", ""},
		{"it", "IT", "49,90", "12/31/2025", "", ""},
		{"en-US", "US", "49.90", "31/12/2025", "", ""},
	}
	for _, tt := range tests {
		o := history.Options{Currency: "EUR", Locale: tt.locale, Country: tt.country}
		_, got, bad := entries(t, "customer_id;order_id;ordered_at;total\n1;A;"+tt.day+";"+tt.total+"\n", o)
		switch {
		case tt.wantTotal == "":
			if len(bad) != 1 {
				t.Errorf("%s: %s, %s became %+v", tt.locale, tt.day, tt.total, got)
			}
		case len(got) != 1 || got[0].Total != tt.wantTotal+" EUR" || !strings.HasPrefix(got[0].At, tt.wantDay):
			t.Errorf("%s: %s, %s became %+v %q", tt.locale, tt.day, tt.total, got, bad)
		}
	}
	if _, err := history.Open(strings.NewReader("x"), history.Options{Locale: "tlh"}); err == nil {
		t.Error("a language that nobody knows is taken")
	}
}

func TestFilesThatAreNoneAreRefusedWithTheMend(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "empty",
		"a,b,c\n":                               "names the columns of no export",
		"name;email\nx;y\n":                     "names the columns of no export",
		"\xff\xfec\x00":                         "not UTF-8",
		"customer_id\rorder_id":                 "LF or CRLF",
		"Date,Order #,Status,Name,N. Revenue\n": "no customer's address",
	} {
		if _, err := history.Open(strings.NewReader(text), italian); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something with %q", text, err, want)
		}
	}
}

func TestCellsAreSafeInASpreadsheetAndComeBack(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "Anna": "Anna", "=1+1": "'=1+1", "+39333": "'+39333", "-5": "'-5", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx",
		"'": "'", "'s": "'s", "'=1": "''=1", "''+1": "'''+1",
	} {
		if got := history.Safe(cell); got != want {
			t.Errorf("Safe(%q) = %q, want %q", cell, got, want)
		}
	}
}

func FuzzCells(f *testing.F) {
	for _, s := range []string{"=1", "'=1", "''", "+39", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		safe := history.Safe(cell)
		if safe != "" && strings.ContainsRune("=+-@\t\r\n", rune(safe[0])) {
			t.Errorf("Safe(%q) = %q", cell, safe)
		}
		if history.Plain(safe) != cell || history.Plain(history.Raw(cell)) != cell {
			t.Errorf("%q comes back as %q and %q", cell, history.Plain(safe), history.Plain(history.Raw(cell)))
		}
	})
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(shopifyHead + "#1,a@example.com,paid,,yes,EUR,1,1,,2026-03-01 10:00:00 +0100,1,\"a\nb\",1,A,IT,,,0,1,\n#1,a@example.com,,,,,,,,,1,c,2,,,,,,,\n"))
	f.Add([]byte("\ufefforder_number;status;order_date;order_total;billing_email\r\n1;completed;31/12/2025;1.234,50;a@example.com\r\n"))
	f.Add([]byte("id,Created (UTC),Amount,Currency,Customer ID,Status\nch_1,2026-01-01 10:00,1.00,eur,cus_1,Paid\n"))
	f.Add([]byte("Date,Order #,Status,Email,N. Revenue\n2026-01-01,1,completed,a@example.com,-1\n"))
	f.Add([]byte("email,customer_ids,created_at,phone,email_consent,email_consent_at\na@example.com,import:1 shopify:%20x,2026-01-01T00:00:00Z,'+39333,unknown,\n"))
	f.Add([]byte("customer_id\torder_id\tordered_at\ttotal\n\xe8\t1\t2026-01-01\t-1\n\"\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		in, err := history.Open(bytes.NewReader(file), italian)
		if err != nil {
			return
		}
		for range 2*len(file) + 4 {
			e, err := in.Next()
			var bad *history.BadLine
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &bad):
				if bad.Line < 2 || bad.Reason == "" {
					t.Fatalf("a bad line without place or reason: %+v", bad)
				}
				continue
			case err != nil:
				return // a gzip file that breaks off
			case e.What == history.Nothing:
				continue
			case len(e.Events) == 0:
				t.Fatalf("an entry that tells nothing: %+v", e)
			}
			for _, ev := range e.Events {
				p := ev.Person
				if !ev.Historical || ev.At.IsZero() || p.CustomerID+p.Email+p.Phone == "" {
					t.Fatalf("an event without what it needs: %+v", ev)
				}
				if o := ev.Order; o != nil && (o.ID == "" || len(o.Total.Currency) != 3 || o.Refunded < 0 || o.Refunded > max(o.Total.Minor, 0)) {
					t.Fatalf("an order without what it needs: %+v", o)
				}
			}
		}
		t.Fatal("it never ends")
	})
}
