package message

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
)

//go:embed builtin
var builtin embed.FS

// Set holds all parsed templates. It does not change after Load, so many
// goroutines may compose from it.
type Set struct {
	templates map[templateKey]*template
}

type templateKey struct{ name, channel, lang string }

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

// Load parses the built-in templates and those of fsys, whose files replace
// built-in ones of the same name; fsys may be nil. It reports every mistake at
// once; the set holds only templates without one, so a broken file never falls
// back to the built-in text unseen.
func Load(fsys fs.FS) (*Set, []Problem) {
	b := builtins()
	p := parsed{templates: maps.Clone(b.templates), engines: maps.Clone(b.engines)}
	problems := slices.Clone(b.problems)
	if fsys != nil {
		problems = append(problems, p.add(fsys, true)...)
	}
	return &Set{templates: p.templates}, problems
}

// add reads the files of one folder, without its subfolders; try also renders
// each for sample contacts.
func (p *parsed) add(dir fs.FS, try bool) []Problem {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return []Problem{{File: ".", Text: "cannot read the folder of templates: " + pathless(err)}}
	}
	var problems []Problem
	for _, entry := range entries {
		if entry.IsDir() || ignored(entry.Name()) {
			continue
		}
		problems = append(problems, p.addFile(dir, entry.Name(), try)...)
	}
	return problems
}

// ignored are files that people and editors leave in a folder.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(strings.ToLower(name), ".md")
}

func (p *parsed) addFile(dir fs.FS, file string, try bool) []Problem {
	key, err := parseName(file)
	if err != nil {
		return []Problem{{File: file, Text: err.Error()}}
	}
	delete(p.templates, key)
	source, err := readSource(dir, file)
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

// Has reports whether the template exists for the channel in any language.
func (s *Set) Has(name string, channel Channel) bool {
	return len(s.languages(name, channel)) > 0
}

// Limit is how many segments an SMS of the template may have at most, in the
// language that it would be written in; 0 where there is no such template.
func (s *Set) Limit(name, locale, shopLocale string) int {
	if t := s.find(name, SMS, locale, shopLocale); t != nil {
		return t.limit
	}
	return 0
}

// Names lists the templates of all channels and languages, sorted, each once.
func (s *Set) Names() []string {
	seen := map[string]bool{}
	var names []string
	for key := range s.templates {
		if !seen[key.name] {
			seen[key.name] = true
			names = append(names, key.name)
		}
	}
	sort.Strings(names)
	return names
}

// Check composes every template for the shop in base and for sample contacts,
// and reports what would fail there: above all SMS that are too long with the
// shop's own name, link and way out. base brings the shop and the URLs; its
// contact fields are not used.
func (s *Set) Check(base Input) []Problem {
	var problems []Problem
	for _, t := range s.sorted() {
		problems = append(problems, t.check(base)...)
	}
	return problems
}

func (s *Set) sorted() []*template {
	list := make([]*template, 0, len(s.templates))
	for _, t := range s.templates {
		list = append(list, t)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].file < list[j].file })
	return list
}

func (s *Set) languages(name string, channel Channel) []string {
	var langs []string
	for key := range s.templates {
		if key.name == name && key.channel == channel {
			langs = append(langs, key.lang)
		}
	}
	sort.Strings(langs)
	return langs
}

// find takes the contact's language, then the shop's, then English, then any:
// a message in another language is better than a step that cannot be sent.
func (s *Set) find(name string, channel Channel, locale, shopLocale string) *template {
	for _, l := range []string{locale, shopLocale, "en"} {
		tag := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(l), "_", "-"))
		for _, lang := range []string{tag, language(tag)} {
			if t := s.templates[templateKey{name, channel, lang}]; t != nil {
				return t
			}
		}
	}
	if langs := s.languages(name, channel); len(langs) > 0 {
		return s.templates[templateKey{name, channel, langs[0]}]
	}
	return nil
}

// language is the first part of a tag: "en" of "en-gb".
func language(tag string) string {
	lang, _, _ := strings.Cut(tag, "-")
	return lang
}
