package lifecycle

import (
	"slices"

	"ritorno/internal/identity"
)

// MeantByPhone picks the one of the contacts to whom a phone number leads that a
// telling may mean, nil for none: one without an e-mail address where the
// telling brings one (withEmail), the only one where it brings none, or the only
// one of them that has no e-mail address either. Families share a number, and a
// number that was given up goes to somebody else: whoever has plainly another
// name is not meant, nor whoever the same source knows under another customer id.
func MeantByPhone(all []*Contact, p Person, source string, withEmail bool) *Contact {
	var fit, bare []*Contact
	for _, c := range all {
		other := slices.ContainsFunc(c.Refs, func(r Ref) bool {
			return p.CustomerID != "" && r.Source == source && r.ID != p.CustomerID
		})
		if other || withEmail && c.Email.Key != "" || identity.Clash(c.Profile.FirstName, c.Profile.LastName, p.FirstName, p.LastName) {
			continue
		}
		fit = append(fit, c)
		if c.Email.Key == "" {
			bare = append(bare, c)
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0]
	case len(bare) == 1:
		return bare[0]
	}
	return nil
}
