package connectors_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ritorno/connectors"
)

// sampleBody is a made-up body with a field of each type.
type sampleBody struct {
	ID       connectors.ID                           `json:"id"`
	Name     connectors.Text                         `json:"name"`
	Total    connectors.Amount                       `json:"total"`
	Loose    connectors.LooseAmount                  `json:"loose"`
	At       connectors.Stamp                        `json:"at"`
	Seconds  connectors.Unix                         `json:"seconds"`
	Test     connectors.Flag                         `json:"test"`
	Quantity connectors.Count                        `json:"quantity"`
	Items    connectors.List[sampleItem]             `json:"items"`
	Customer connectors.Maybe[sampleItem]            `json:"customer"`
	Deep     connectors.Maybe[connectors.List[bool]] `json:"deep"`
}

type sampleItem struct {
	Title connectors.Text  `json:"title"`
	Price connectors.Count `json:"price"`
}

func TestDecodeTakesWhatSaysNothing(t *testing.T) {
	for _, nothing := range []string{"null", `""`, "[]", "{}", "[ ]", `"  "`} {
		for _, field := range []string{"id", "name", "total", "loose", "at", "seconds", "test", "quantity", "items"} {
			var got sampleBody
			if err := connectors.Decode(fmt.Appendf(nil, `{%q:%s}`, field, nothing), &got); err != nil {
				t.Errorf("%s %s: %v", field, nothing, err)
			}
			if got.ID != "" || got.Name.Line(9) != "" || got.Total.Known() || got.Loose.Known() ||
				!got.At.IsZero() || !got.Seconds.IsZero() || got.Test.Known || got.Quantity != 0 || len(got.Items) != 0 {
				t.Errorf("%s %s gives %+v, want nothing", field, nothing, got)
			}
		}
	}
	for _, nothing := range []string{"null", `""`, "[]"} {
		var got sampleBody
		if err := connectors.Decode([]byte(`{"customer":`+nothing+`}`), &got); err != nil || got.Customer.Set {
			t.Errorf("customer %s: %+v, %v", nothing, got.Customer, err)
		}
	}
}

func TestDecodeKeepsEveryDigit(t *testing.T) {
	var got sampleBody
	err := connectors.Decode([]byte(`{"id":820982911946154508,"name":9007199254740993,"items":[{"title":"x","price":"2.0"}],"customer":{"title":1}}`), &got)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "820982911946154508" || got.Name != "9007199254740993" || got.Items[0].Price != 2 || !got.Customer.Set || got.Customer.Value.Title != "1" {
		t.Errorf("got %+v", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000)
	wide := "{"
	for i := range 501 {
		wide += fmt.Sprintf(`"k%d":1,`, i)
	}
	tests := map[string]struct{ body, want string }{
		"nothing":                               {"", "/: the body is empty"},
		"blanks":                                {" \n", "/: the body is empty"},
		"half a body":                           {`{"id":1`, "/: ends in the middle"},
		"half a word":                           {`{"id":tr`, "/id: ends in the middle"},
		"a byte order mark":                     {"\xef\xbb\xbf{}", "/: starts with a byte order mark; send plain UTF-8"},
		"invalid UTF-8":                         {"{\"name\":\"\xff\"}", "/: is not valid UTF-8"},
		"half a surrogate pair":                 {`{"name":"\ud800"}`, "/name: holds half a surrogate pair"},
		"not a number":                          {`{"total":NaN}`, "/total: not valid JSON near byte 9"},
		"two values":                            {`{} {}`, "/: something stands behind the end of the JSON value"},
		"rubbish behind the end":                {`{}x`, "/: something stands behind the end of the JSON value"},
		"a comma too many":                      {`{"id":1,}`, "/: not valid JSON near byte 7"},
		"the same key twice":                    {`{"customer":{"title":1,"title":2}}`, "/customer/title: the same key twice"},
		"the same key in other letters":         {`{"id":1,"ID":2}`, "/ID: the same key twice in different letter case"},
		"nested too deep":                       {deep, "/: nested deeper than 32 levels"},
		"too many values":                       {"[" + strings.Repeat("{},", 30000) + "{}]", "/: more than 50000 values"},
		"too many keys":                         {wide + `"last":1}`, "/: an object with more than 500 keys"},
		"too long a string":                     {`{"x":{"y":"` + strings.Repeat("a", 65<<10) + `"}}`, "/x/y: longer than 64 KiB"},
		"too long a name":                       {`{"` + strings.Repeat("a", 65<<10) + `":1}`, "/?: longer than 64 KiB"},
		"too large":                             {`{"name":"` + strings.Repeat("a", 1<<20) + `"}`, "/: larger than 1 MiB"},
		"an array where an object belongs":      {`[]`, "/: want an object, got an array"},
		"text where an object belongs":          {`"x"`, "/: want an object, got text"},
		"an object where text belongs":          {`{"name":{"a":1}}`, "/name: want text or a number, got an object"},
		"true where text belongs":               {`{"name":true}`, "/name: want text or a number, got true or false"},
		"text where a list belongs":             {`{"items":"x"}`, "/items: want an array, got text"},
		"text where a customer belongs":         {`{"customer":"x"}`, "/customer: want an object, got text"},
		"text among items":                      {`{"items":[{"title":"a"},"x"]}`, "/items/1: want an object, got text"},
		"a wrong field of an item":              {`{"items":[{"price":1.5}]}`, "/items/0/price: not a whole number up to a billion"},
		"an amount in words":                    {`{"total":"a lot"}`, "/total: not a decimal amount"},
		"a time in words":                       {`{"at":"yesterday"}`, "/at: not a time in ISO 8601"},
		"seconds where a time belongs":          {`{"at":1763625621}`, "/at: want a time such as 2026-11-20T08:00:21Z, got a number"},
		"a fraction as an id":                   {`{"id":1.5}`, "/id: an id that is a number must be a whole one, all digits written out"},
		"an exponent as an id":                  {`{"id":1e3}`, "/id: an id that is a number must be a whole one, all digits written out"},
		"a line break in an id":                 {`{"id":"a\nb"}`, "/id: an id with invisible characters"},
		"an endless id":                         {`{"id":"` + strings.Repeat("1", 201) + `"}`, "/id: an id over 200 bytes"},
		"maybe":                                 {`{"test":"maybe"}`, "/test: neither yes nor no"},
		"an address as a key is not shown":      {`{"ada@example.com":1,"ada@example.com":2}`, "/?: the same key twice"},
		"a phone number as a key is not shown":  {`{"33639980102":1,"33639980102":2}`, "/?: the same key twice"},
		"an address in a wrong place is hidden": {`{"total":"ada@example.com"}`, "/total: not a decimal amount"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got sampleBody
			err := connectors.Decode([]byte(tt.body), &got)
			if !errors.Is(err, connectors.ErrMalformed) {
				t.Fatalf("err = %v, want ErrMalformed", err)
			}
			if want := "payload not understood: " + tt.want; err.Error() != want {
				t.Errorf("err = %q\nwant  %q", err, want)
			}
		})
	}
}

func TestLineIsCleanAndShort(t *testing.T) {
	tests := map[string]struct {
		in    connectors.Text
		limit int
		want  string
	}{
		"line breaks become blanks":         {"a\nb\tc", 99, "a b c"},
		"writing direction is not turned":   {"a\u202eb\u2066c", 99, "abc"},
		"zero-width characters go":          {"a\u200bb\ufeff", 99, "ab"},
		"control characters go":             {"\x00a\x1b[31m\u0085", 99, "a[31m"},
		"letters of other scripts stay":     {"Zoë 子", 99, "Zoë 子"},
		"cut between letters, never inside": {"aé", 2, "a"},
		"cut to nothing":                    {"é", 1, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.in.Line(tt.limit); got != tt.want {
				t.Errorf("Line = %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":1,"name":"x","total":"1.00","loose":"1.234,5","at":"2026-11-20T08:00:21Z","seconds":1,"test":true,"quantity":"2","items":[{}],"customer":{},"deep":{}}`))
	f.Add([]byte(`{"id":[],"ID":{}}`))
	f.Add([]byte(`[[[[]]]] 1`))
	f.Fuzz(func(t *testing.T, body []byte) {
		const planted = "ada.planted@example.com"
		for _, b := range [][]byte{body, []byte(strings.ReplaceAll(string(body), "1", planted))} {
			var got sampleBody
			err := connectors.Decode(b, &got)
			if err == nil {
				continue
			}
			if !errors.Is(err, connectors.ErrMalformed) {
				t.Fatalf("err = %v, want ErrMalformed", err)
			}
			if strings.Contains(err.Error(), planted) {
				t.Fatalf("err quotes the body: %v", err)
			}
		}
	})
}
