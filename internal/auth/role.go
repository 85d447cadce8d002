package auth

import "fmt"

// Role is what a token or a login may do. The zero value may do nothing.
type Role string

// The roles, as routes name them, too: a route for support is open to owners.
const (
	Owner   Role = "owner"   // everything
	Support Role = "support" // look people up and help them, one at a time; no lists to take away, no settings
	Ingest  Role = "ingest"  // post events, nothing else
)

// ParseRole reads the contract's word.
func ParseRole(word string) (Role, error) {
	switch r := Role(word); r {
	case Owner, Support, Ingest:
		return r, nil
	}
	return "", fmt.Errorf("role is none of owner, support and ingest")
}

// Allows reports whether r opens a route that needs the role need. What is not
// listed here is denied.
func (r Role) Allows(need Role) bool {
	switch r {
	case Owner:
		return need == Owner || need == Support || need == Ingest
	case Support, Ingest:
		return need == r
	}
	return false
}

// AllowsShop reports whether a token that was made for the shop bound may ask
// for shop. Empty bound: all shops.
func AllowsShop(bound, shop string) bool { return bound == "" || bound == shop }
