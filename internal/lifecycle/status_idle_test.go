package lifecycle_test

import (
	"testing"

	"ritorno/internal/lifecycle"
)

// Who asks what comes next is told why nothing does.
func TestStatusSaysWhyNothingComesNext(t *testing.T) {
	r := rules()
	for _, tt := range []struct {
		name string
		c    lifecycle.Contact
		want lifecycle.Reason
	}{
		{"unsubscribed", lifecycle.Contact{ID: "c1", Shop: "anna", State: lifecycle.UnsubscribedState}, lifecycle.ReasonUnsubscribed},
		{"no more than known", lifecycle.Contact{ID: "c1", Shop: "anna", State: lifecycle.None}, ""},
	} {
		if got := r.Status(tt.c, at(400)); got.Next != nil || got.NextWhy != tt.want {
			t.Errorf("%s: next %+v, why %q, want %q", tt.name, got.Next, got.NextWhy, tt.want)
		}
	}
}
