// Package history reads order histories: CSV files with one order a line, in
// the columns customer_id, order_id, ordered_at, total and, where known,
// currency, product, category and discount_code. It reads as it goes, however
// long the file, and one bad line never costs another.
package history
