package message

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"ritorno/internal/lifecycle"
)

//go:embed builtin
var builtin embed.FS

// Set holds all parsed templates. It does not change after Load, so many
// goroutines may compose from it.
type Set struct {
	own     map[templateKey]*template // the operator's; nil where the file has a mistake
	builtin map[templateKey]*template
}

// templateKey is what a file's name says. An empty business means every one.
type templateKey struct{ name, business, channel, lang string }

// Problem is one mistake in a template file. Line and Column count from 1 in
// characters; 0 means the whole file.
type Problem struct {
	File         string
	Line, Column int
	Text         string
}

// String is "file:line:column: text", as editors understand it.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// parsed is a set under construction, with one engine for each language.
type parsed struct {
	templates map[templateKey]*template
	engines   map[string]*engine
	problems  []Problem
}

// builtins parses the embedded templates once. They are tried with samples by
// this package's tests and not again at each start.
var builtins = sync.OnceValue(func() parsed {
	b := parsed{templates: map[templateKey]*template{}, engines: map[string]*engine{}}
	for _, lang := range []string{"en", "it"} {
		dir, err := fs.Sub(builtin, "builtin/"+lang)
		if err != nil {
			b.problems = append(b.problems, Problem{File: lang, Text: err.Error()})
			continue
		}
		b.problems = append(b.problems, b.add(dir, false)...)
	}
	return b
})

// Load parses the built-in templates and those of fsys, which come before
// built-in ones; fsys may be nil. It reports every mistake at once; the set
// holds only templates without one, and a broken file never falls back to the
// built-in text unseen.
func Load(fsys fs.FS) (*Set, []Problem) {
	b := builtins()
	p := parsed{templates: map[templateKey]*template{}, engines: maps.Clone(b.engines)}
	problems := slices.Clone(b.problems)
	if fsys != nil {
		problems = append(problems, p.add(fsys, true)...)
	}
	return &Set{own: p.templates, builtin: b.templates}, problems
}

// add reads the files of one folder and of its subfolders that are named after
// a kind of business; try also renders each for sample contacts.
func (p *parsed) add(dir fs.FS, try bool) []Problem {
	problems := p.addFolder(dir, "", try)
	for _, b := range lifecycle.Businesses() {
		sub, err := fs.Sub(dir, string(b))
		if err != nil {
			continue
		}
		if info, err := fs.Stat(sub, "."); err == nil && info.IsDir() {
			problems = append(problems, p.addFolder(sub, string(b), try)...)
		}
	}
	return problems
}

func (p *parsed) addFolder(dir fs.FS, business string, try bool) []Problem {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return []Problem{{File: path.Join(".", business), Text: "cannot read the folder of templates: " + pathless(err)}}
	}
	var problems []Problem
	for _, entry := range entries {
		if entry.IsDir() || ignored(entry.Name()) {
			continue
		}
		problems = append(problems, p.addFile(dir, business, entry.Name(), try)...)
	}
	return problems
}

// ignored are files that people and editors leave in a folder.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(strings.ToLower(name), ".md")
}

func (p *parsed) addFile(dir fs.FS, business, name string, try bool) []Problem {
	file := path.Join(business, name)
	key, err := parseName(business, name)
	if err != nil {
		return []Problem{{File: file, Text: err.Error()}}
	}
	if was := p.templates[key]; was != nil {
		return []Problem{{File: file, Text: "is there twice, also as " + was.file + ": take one of the two away"}}
	}
	p.templates[key] = nil // until it is known to be whole
	source, err := readSource(dir, name)
	if err != nil {
		return []Problem{{File: file, Text: err.Error()}}
	}
	eng := p.engines[key.lang]
	if eng == nil {
		eng = newEngine(language(key.lang))
		p.engines[key.lang] = eng
	}
	t, problems := parseTemplate(key, file, source, eng)
	if len(problems) == 0 && try {
		problems = t.check(sampleBase())
	}
	if len(problems) == 0 {
		p.templates[key] = t
	}
	return problems
}

// Has reports whether a shop of that business has the template for the channel,
// in any language.
func (s *Set) Has(name string, channel Channel, business string) bool {
	return len(s.languages(name, channel, business)) > 0
}

// Broken reports whether the operator wrote the template for a shop of that
// business and the channel, in some language, with a mistake that Load told.
func (s *Set) Broken(name string, channel Channel, business string) bool {
	for key, t := range s.own {
		if t == nil && key.name == name && key.channel == channel && (key.business == "" || key.business == business) {
			return true
		}
	}
	return false
}

// Limit is how many segments an SMS of the template may have at most, in the
// business and language of in; 0 where there is no such template.
func (s *Set) Limit(name string, in Input) int {
	if t := s.find(name, SMS, in); t != nil {
		return t.limit
	}
	return 0
}

// Names lists the templates of all channels and languages, sorted, each once.
func (s *Set) Names() []string {
	seen := map[string]bool{}
	for _, t := range s.sorted() {
		seen[t.name] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Check composes every template for the shop in base and for sample contacts,
// and reports what would fail there: above all SMS that are too long with the
// shop's own name, link and way out. base brings the shop, its business and the
// URLs; its contact fields are not used. Templates of another business are left
// alone, and so are the built-in e-mails, in which nothing hangs on the shop.
func (s *Set) Check(base Input) []Problem {
	var problems []Problem
	for _, t := range s.sorted() {
		mine := t.business == "" || t.business == base.Business
		if mine && (t.channel == SMS || s.own[t.templateKey] == t) {
			problems = append(problems, t.check(base)...)
		}
	}
	return problems
}

// sorted are the operator's templates and the built-in ones, by file.
func (s *Set) sorted() []*template {
	var list []*template
	for _, m := range []map[templateKey]*template{s.own, s.builtin} {
		for _, t := range m {
			if t != nil {
				list = append(list, t)
			}
		}
	}
	slices.SortFunc(list, func(a, b *template) int { return strings.Compare(a.file, b.file) })
	return list
}

// languages lists in which ones a shop of that business has the template.
func (s *Set) languages(name string, channel Channel, business string) []string {
	var langs []string
	for _, t := range s.sorted() {
		if t.name == name && t.channel == channel && (t.business == "" || t.business == business) && !slices.Contains(langs, t.lang) {
			langs = append(langs, t.lang)
		}
	}
	slices.Sort(langs)
	return langs
}

// find takes the contact's language, then the shop's, then English, then any:
// a message in another language is better than a step that cannot be sent.
func (s *Set) find(name string, channel Channel, in Input) *template {
	for _, l := range []string{in.Locale, in.ShopLocale, "en"} {
		tag := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(l), "_", "-"))
		for _, lang := range []string{tag, language(tag)} {
			if t := s.pick(name, channel, in.Business, lang); t != nil {
				return t
			}
		}
	}
	if langs := s.languages(name, channel, in.Business); len(langs) > 0 {
		return s.pick(name, channel, in.Business, langs[0])
	}
	return nil
}

// pick takes the operator's file for the business, then the operator's for
// every business, then the built-in ones in the same order. A file with a
// mistake is none, and lets no other take its place.
func (s *Set) pick(name string, channel Channel, business, lang string) *template {
	for _, list := range []map[templateKey]*template{s.own, s.builtin} {
		for _, b := range []string{business, ""} {
			if t, ok := list[templateKey{name, b, channel, lang}]; ok {
				return t
			}
		}
	}
	return nil
}

// language is the first part of a tag: "en" of "en-gb".
func language(tag string) string {
	lang, _, _ := strings.Cut(tag, "-")
	return lang
}
