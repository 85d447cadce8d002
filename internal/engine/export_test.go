package engine

import "ritorno/internal/lifecycle"

// BeforeBegin calls f once for each message that is claimed and composed, right
// before the gate.
func (e *Engine) BeforeBegin(f func(lifecycle.Message)) { e.beforeBegin = f }
