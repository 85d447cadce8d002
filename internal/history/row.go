package history

import (
	"fmt"
	"time"

	"ritorno/internal/lifecycle"
)

// Row is one order of a history.
type Row struct {
	Line       int    // on which it begins, counted from 1; the header counts
	CustomerID string // as written, leading zeros and all
	OrderID    string
	// At is when it was ordered, in the reader's zone. A date alone is the
	// start of that day.
	At    time.Time
	Total lifecycle.Money // below zero: money that went back

	Product, Category, DiscountCode string // may be empty

	// Cancellation: the row takes back instead of buying. Its total is below
	// zero or its order id starts with C.
	Cancellation bool
}

// BadLine says why one line is no order. The lines after it can still be read.
type BadLine struct {
	Line   int    // on which the bad record begins, counted from 1
	Column string // name of the column; empty: the line as a whole
	Reason string // never quotes the line
}

// Error names line, column and reason.
func (e *BadLine) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("line %d %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d: %s %s", e.Line, e.Column, e.Reason)
}
