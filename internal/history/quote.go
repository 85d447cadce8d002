package history

import "strings"

// dangerous are the first characters by which a spreadsheet takes a cell for a
// formula, or for more than one cell.
const dangerous = "=+-@\t\r\n"

// Safe is a cell that a spreadsheet shows as it stands: one that begins with =,
// +, -, @, a tab or a line end gets an apostrophe in front, as does one that has
// apostrophes before such a character, so that Plain can undo it.
func Safe(cell string) string {
	if rest := strings.TrimLeft(cell, "'"); rest != "" && strings.IndexByte(dangerous, rest[0]) >= 0 {
		return "'" + cell
	}
	return cell
}

// Raw is a cell for programs: as it stands, unless Plain would take it for one
// made safe.
func Raw(cell string) string {
	if strings.HasPrefix(cell, "'") {
		return Safe(cell)
	}
	return cell
}

// Plain undoes Safe and Raw.
func Plain(cell string) string {
	if rest := strings.TrimLeft(cell, "'"); len(rest) < len(cell) && rest != "" && strings.IndexByte(dangerous, rest[0]) >= 0 {
		return cell[1:]
	}
	return cell
}
