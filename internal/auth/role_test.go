package auth_test

import (
	"testing"

	"ritorno/internal/auth"
)

func TestRoleAllows(t *testing.T) {
	roles := []auth.Role{auth.Owner, auth.Support, auth.Ingest, "", "admin", "OWNER"}
	allowed := map[[2]auth.Role]bool{
		{auth.Owner, auth.Owner}:     true,
		{auth.Owner, auth.Support}:   true,
		{auth.Owner, auth.Ingest}:    true,
		{auth.Support, auth.Support}: true,
		{auth.Ingest, auth.Ingest}:   true,
	}
	for _, have := range roles {
		for _, need := range roles {
			if got, want := have.Allows(need), allowed[[2]auth.Role{have, need}]; got != want {
				t.Errorf("role %q on a route for %q: got %v, want %v", have, need, got, want)
			}
		}
	}
}

func TestParseRole(t *testing.T) {
	for word, want := range map[string]auth.Role{
		"owner": auth.Owner, "support": auth.Support, "ingest": auth.Ingest,
		"": "", "Owner": "", "owner ": "", "root": "",
	} {
		got, err := auth.ParseRole(word)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseRole(%q) = %q, %v; want %q", word, got, err, want)
		}
	}
}

func TestAllowsShop(t *testing.T) {
	for name, c := range map[string]struct {
		bound, shop string
		want        bool
	}{
		"a token without a shop covers all": {"", "bottega", true},
		"its own shop":                      {"bottega", "bottega", true},
		"another shop":                      {"bottega", "teashop", false},
		"no shop asked for":                 {"bottega", "", false},
		"spelling counts":                   {"bottega", "Bottega", false},
	} {
		if got := auth.AllowsShop(c.bound, c.shop); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
