// Package lifecycle is the core of Ritorno: what happens to a contact.
//
// It is pure: [Rules.Decide] takes a contact, an event and a time and returns
// what to do. It knows no clock, no network and no store, so serve, demo,
// simulate and the tests run the same decisions.
//
// The state of a contact is never edited in place. Facts (orders,
// cancellations, responses, and what timers decided) are kept with their own
// times, and the state is folded from them in the order of those times (see
// fold.go). That is why late, repeated and shuffled news lead to the same
// record.
package lifecycle
