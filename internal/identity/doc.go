// Package identity says when two tellings are about the same person: normal
// forms of e-mail addresses and phone numbers, and the keyed digests under
// which the store looks people up.
//
// It is pure: no network, no clock, no random source.
package identity
