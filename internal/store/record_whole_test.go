package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
)

// TestNoFieldOfAContactIsForgotten fills every field by reflection, so that a
// field added to the core and not to the record fails here.
func TestNoFieldOfAContactIsForgotten(t *testing.T) {
	var c lifecycle.Contact
	n := 0
	fill(t, reflect.ValueOf(&c).Elem(), "Contact", &n)
	c.Unknown = nil // is what the record itself could not read
	stored, err := encode(&c, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(c.ID, stored)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Fatalf("lost on the way (-put +got):\n%s", diff)
	}
	if n < 100 {
		t.Fatalf("only %d fields were filled", n)
	}
}

// fill gives every field a value of its own that is not its zero value.
func fill(t *testing.T, v reflect.Value, path string, n *int) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.UnixMilli(1_700_000_000_000 + int64(*n)*60_000).UTC()))
		return
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte{byte(*n)})
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), path+"."+v.Type().Field(i).Name, n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), path, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), path+"[0]", n)
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), fmt.Sprintf("%s[%d]", path, i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("value%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8: // states, kinds and channels: a small one that all of them know
		v.SetUint(1)
	case reflect.Uint64:
		v.SetUint(uint64(*n) + 1000)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) + 1000)
	default:
		t.Fatalf("%s: no value for a %s", path, v.Type())
	}
}
