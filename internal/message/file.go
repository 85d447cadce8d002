package message

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ritorno/internal/lifecycle"
)

const (
	maxFile     = 64 << 10 // bytes of a template file
	maxSegments = 6        // most an SMS template may ask for
)

var fileName = regexp.MustCompile(`^([a-z][a-z0-9_]*)(?:\.([a-z]+))?\.(sms|email)\.([a-z]{2,3}(?:-[a-z0-9]{2,8})?)\.liquid$`)

// template is one parsed file.
type template struct {
	templateKey
	file               string // with the folder of its business
	limit              int    // segments, SMS only
	subject, preheader *program
	body               *program
}

// parseName reads the name of a file in the folder of a business; that of no
// business is "".
func parseName(business, name string) (templateKey, error) {
	m := fileName.FindStringSubmatch(name)
	switch {
	case m == nil:
		return templateKey{}, errors.New("the name must be NAME.CHANNEL.LANGUAGE.liquid in lower case, such as survey.sms.it.liquid or survey.email.en.liquid")
	case m[2] != "" && business != "":
		return templateKey{}, errors.New("names a business, as its folder does: take it out of the name")
	case m[2] != "" && !slices.Contains(lifecycle.Businesses(), lifecycle.Business(m[2])):
		return templateKey{}, fmt.Errorf("names no business: NAME.BUSINESS.CHANNEL.LANGUAGE.liquid needs one of %v", lifecycle.Businesses())
	}
	return templateKey{m[1], business + m[2], m[3], m[4]}, nil
}

// readSource reads a file of limited size with line feeds alone.
func readSource(dir fs.FS, file string) (string, error) {
	f, err := dir.Open(file)
	if err != nil {
		return "", errors.New("cannot be read: " + pathless(err))
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	switch {
	case err != nil:
		return "", errors.New("cannot be read: " + pathless(err))
	case len(raw) > maxFile:
		return "", fmt.Errorf("is longer than %d KiB", maxFile>>10)
	case !utf8.Valid(raw):
		return "", errors.New("is not UTF-8: save it in that encoding")
	}
	source := strings.TrimPrefix(string(raw), "\ufeff")
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source), nil
}

// pathless leaves out the path, which the Problem names already.
func pathless(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// head is what stands between the two --- lines at the top of a file.
type head struct {
	segments  int
	fields    map[string]headField
	bodyStart int // line of the body's first line
	problems  []Problem
}

type headField struct {
	value        string
	line, column int
}

// headKeys are the keys of each channel.
var headKeys = map[Channel][]string{SMS: {"segments"}, Email: {"subject", "preheader"}}

func parseTemplate(key templateKey, file, source string, eng *engine) (*template, []Problem) {
	h, body := splitHead(key.channel, file, source)
	problems := h.problems
	t := &template{templateKey: key, file: file, limit: h.segments}
	compile := func(src string, line, column int) *program {
		p, found := eng.compile(src, line, column)
		for _, f := range found {
			f.File = file
			problems = append(problems, f)
		}
		return p
	}
	if key.channel == Email {
		if f, ok := h.fields["subject"]; ok && f.value != "" {
			t.subject = compile(f.value, f.line, f.column)
		} else {
			problems = append(problems, Problem{file, 1, 1, "an e-mail needs a subject: start the file with ---, subject: …, ---"})
		}
		if f, ok := h.fields["preheader"]; ok && f.value != "" {
			t.preheader = compile(f.value, f.line, f.column)
		}
	}
	if strings.TrimSpace(body) == "" {
		problems = append(problems, Problem{file, h.bodyStart, 1, "the message has no text"})
	}
	t.body = compile(body, h.bodyStart, 1)
	return t, problems
}

// splitHead separates the optional head from the body.
func splitHead(channel Channel, file, source string) (head, string) {
	h := head{segments: 1, fields: map[string]headField{}, bodyStart: 1}
	lines := strings.Split(source, "\n")
	if strings.TrimRight(lines[0], " \t") != "---" {
		return h, source
	}
	for i, line := range lines[1:] {
		if strings.TrimRight(line, " \t") == "---" {
			h.bodyStart = i + 3
			return h, strings.Join(lines[i+2:], "\n")
		}
		h.field(channel, file, line, i+2)
	}
	h.problems = []Problem{{file, 1, 1, "the head is not closed: a second line --- is missing"}}
	return h, ""
}

func (h *head) field(channel Channel, file, line string, number int) {
	text := strings.TrimSpace(line)
	if text == "" || strings.HasPrefix(text, "#") {
		return
	}
	key, raw, found := strings.Cut(line, ":")
	key = strings.TrimSpace(key)
	if !found || !contains(headKeys[channel], key) {
		h.problems = append(h.problems, Problem{
			file, number, 1,
			fmt.Sprintf("unknown line in the head: here only %s may stand", strings.Join(headKeys[channel], ", ")),
		})
		return
	}
	value := strings.TrimSpace(raw)
	column := utf8.RuneCountInString(line[:len(line)-len(strings.TrimLeft(raw, " \t"))]) + 1
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		value = value[1 : n-1]
		column++
	}
	if _, twice := h.fields[key]; twice {
		h.problems = append(h.problems, Problem{file, number, 1, key + " stands twice"})
	}
	h.fields[key] = headField{value, number, column}
	if key == "segments" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxSegments {
			h.problems = append(h.problems, Problem{file, number, column, fmt.Sprintf("segments must be a number from 1 to %d", maxSegments)})
			return
		}
		h.segments = n
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
