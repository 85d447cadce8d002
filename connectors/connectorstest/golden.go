package connectorstest

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
)

var update = flag.Bool("update-events", false, "write the golden files anew")

// words shows enumerations as the contract's words. A consent shows its channel
// and state also where they are the zero value.
var words = json.JoinMarshalers(
	json.MarshalToFunc(func(enc *jsontext.Encoder, c lifecycle.ConsentChange) error {
		return json.MarshalEncode(enc, struct {
			Consent  string
			At       time.Time
			Evidence string
		}{c.Channel.String() + " " + c.State.String(), c.At, c.Evidence})
	}),
	json.MarshalToFunc(func(enc *jsontext.Encoder, s lifecycle.OrderStatus) error {
		return enc.WriteToken(jsontext.String([...]string{"open", "paid", "refunded", "void"}[s]))
	}),
)

// Events is what people read in a golden file: the events without what they do
// not say.
func Events(events []lifecycle.Event) ([]byte, error) {
	text, err := json.Marshal(events, json.OmitZeroStructFields(true), json.Deterministic(true),
		json.FormatNilSliceAsNull(true), json.WithMarshalers(words), jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// Golden holds events against testdata/<name>.events.json; with -update-events it
// writes that file.
func Golden(t *testing.T, name string, events []lifecycle.Event) {
	t.Helper()
	got, err := Events(events)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".events.json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is missing; look at what comes out, then run with -update-events", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s (-want +got):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}
