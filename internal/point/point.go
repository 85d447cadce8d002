//go:build !chaos

// Package point names the places of the send protocol at which a fault test
// kills the process. In a normal build they do nothing.
package point

// At is one named place.
func At(string) {}
