//go:build defects

package defect

import "os"

var planted = os.Getenv("RITORNO_DEFECT")

// On reports whether the rule of that name is switched off: the one named by
// RITORNO_DEFECT.
func On(name string) bool { return name == planted }
