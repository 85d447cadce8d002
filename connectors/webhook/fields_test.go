package webhook

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/config"
)

// tags lists the names of a struct's fields.
func tags(of any, key string, without ...string) []string {
	var list []string
	for f := range reflect.TypeOf(of).Fields() {
		name, _, _ := strings.Cut(f.Tag.Get(key), ",")
		if !slices.Contains(without, name) {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// A mapping can fill every field that a body can have, under the same name.
func TestMappingKnowsTheFields(t *testing.T) {
	for _, pair := range []struct {
		body, fields any
		notInFields  string
		notInBody    string
	}{
		{payload{}, config.EventFields{}, "consent", ""}, // customer.consent serves for both
		{customer{}, config.CustomerFields{}, "", ""},
		{item{}, config.ItemFields{}, "", "each"},
		{refund{}, config.RefundFields{}, "", ""},
		{subscription{}, config.SubscriptionFields{}, "", ""},
		{consents{}, config.ConsentFields{}, "", ""},
		{decision{}, config.DecisionFields{}, "", ""},
	} {
		body, fields := tags(pair.body, "json", pair.notInFields), tags(pair.fields, "yaml", pair.notInBody)
		if diff := cmp.Diff(body, fields); diff != "" {
			t.Errorf("%T (-body +mapping):\n%s", pair.fields, diff)
		}
	}
}
