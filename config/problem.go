package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake in a configuration, or one thing to think about.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // counted from 1; 0: the file as a whole
	Column  int    `json:"column"` // in characters, counted from 1
	Path    string `json:"path"`   // such as shops.bottega.journeys[1]; may be empty
	Text    string `json:"text"`   // what and the mend; never a value of the file
	Warning bool   `json:"warning"`
}

// String is the problem in one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Warning is one thing to think about at a path of the file, found by somebody
// who knows more than the file.
func (c *Config) Warning(path, text string) Problem {
	at := c.report.at(path)
	return Problem{c.report.file, at.line, at.column, path, text, true}
}

// Bad reports whether any of the problems is more than a warning.
func Bad(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// place is a position in the file, counted from 1.
type place struct{ line, column int }

// report collects problems and knows where each value stands.
type report struct {
	file     string
	places   map[string]place
	broken   map[string]bool // paths whose value could not be taken over
	blank    map[string]bool // paths of sections that have nothing in them
	problems []Problem
}

func newReport(file string) *report {
	return &report{file: file, places: map[string]place{}, broken: map[string]bool{}, blank: map[string]bool{}}
}

// given reports whether the file says something at this path.
func (r *report) given(path string) bool {
	_, ok := r.places[path]
	return ok && !r.blank[path]
}

// at is the place of a path or, where the file does not have it, of the
// nearest one above it.
func (r *report) at(path string) place {
	for path != "" {
		if p, ok := r.places[path]; ok {
			return p
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return place{1, 1}
}

// put adds a problem at a place.
func (r *report) put(at place, path, text string, warning bool) {
	r.problems = append(r.problems, Problem{r.file, at.line, at.column, path, text, warning})
}

// add adds a mistake at a path, unless what is there was refused before: one
// slip gives one problem.
func (r *report) add(path, text string) {
	if !r.known(path) {
		r.put(r.at(path), path, text, false)
	}
}

// warn adds a thing to think about at a path.
func (r *report) warn(path, text string) {
	if !r.known(path) {
		r.put(r.at(path), path, text, true)
	}
}

// known reports whether there is a mistake at the path or in the list there,
// or whether something above it could not be read at all.
func (r *report) known(path string) bool {
	for _, p := range r.problems {
		rest, ok := strings.CutPrefix(p.Path, path)
		if ok && !p.Warning && (rest == "" || rest[0] == '[') {
			return true
		}
	}
	for above := path; !r.broken[above]; above = above[:max(0, strings.LastIndexAny(above, ".["))] {
		if above == "" {
			return false
		}
	}
	return true
}

// sorted returns the problems in the order of the file.
func (r *report) sorted() []Problem {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path))
	})
	return r.problems
}
