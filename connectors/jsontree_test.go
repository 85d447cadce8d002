package connectors_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
)

func TestDecodeTree(t *testing.T) {
	for body, want := range map[string]any{
		`{"a":{"b":[1,"x",null,true]}}`: map[string]any{"a": map[string]any{"b": []any{1, "x", nil, true}}},
		`[]`:                            []any{},
		`820982911946154508`:            820982911946154508,
		`82098291194615450812`:          "82098291194615450812",
		`44.1`:                          44.1,
		`44.10`:                         44.1,
		`-0.5`:                          -0.5,
		`1.23456789012345678`:           "1.23456789012345678",
		`1e3`:                           1000.0,
		`1e400`:                         "1e400",
		`"\u00e8"`:                      "è",
	} {
		got, err := connectors.DecodeTree([]byte(body))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", body, err, diff)
		}
	}
}

func FuzzDecodeTree(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null,{"b":true}]}`, `[[[]]]`, `"x"`, `{"a":1,"a":2}`, `1e999`, "\xef\xbb\xbf{}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := connectors.DecodeTree(body)
		if err != nil && (!errors.Is(err, connectors.ErrMalformed) || v != nil) {
			t.Fatalf("%v with err %v, want ErrMalformed and nothing", v, err)
		}
	})
}
