//go:build !defects

// Package defect lets tests switch off one rule of the protocol at a time, to
// prove that a test notices. In a normal build no rule can be switched off: On
// is constant and costs nothing.
package defect

// On reports whether the rule of that name is switched off.
func On(string) bool { return false }
