package message

import "slices"

// Replacement says what a file of the operator's takes the place of.
type Replacement struct {
	File    string   `json:"file"`
	Instead []string `json:"instead"` // built-in files that are not used any more, sorted; empty: the template is new
}

// Replaced lists the operator's files, sorted, with the built-in ones that they
// replace. A file for every business replaces those of each business.
func (s *Set) Replaced() []Replacement {
	var list []Replacement
	for _, t := range s.sorted() {
		if s.own[t.templateKey] != t {
			continue
		}
		r := Replacement{File: t.file, Instead: []string{}}
		for key, b := range s.builtin {
			same := key.name == t.name && key.channel == t.channel && key.lang == t.lang
			if same && (t.business == "" || t.business == key.business) {
				r.Instead = append(r.Instead, b.file)
			}
		}
		if general := s.builtin[templateKey{t.name, "", t.channel, t.lang}]; len(r.Instead) == 0 && general != nil {
			r.Instead = append(r.Instead, general.file)
		}
		slices.Sort(r.Instead)
		list = append(list, r)
	}
	return list
}
