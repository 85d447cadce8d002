package message

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"strings"
)

// page is what the layout shows. The layout escapes every value for its place.
type page struct {
	looks
	Lang, Subject, Preheader string
	Shop, ShopURL, Address   string
	Gap                      string // behind the preheader
	Blocks                   []block
	Footer                   footer
	Unsubscribe, Preferences string
}

// block is a paragraph, or a button when it is nothing but a link.
type block struct {
	Button *span
	Lines  [][]span
}

// span is a piece of a line; with a URL it is a link.
type span struct{ Text, URL string }

// linkMark is [text](url). Values never bring square brackets, so only the
// template makes links.
var linkMark = regexp.MustCompile(`\[([^\[\]\n]+)\]\(([^()\s]*)\)`)

var blankLines = regexp.MustCompile(`\n\s*\n`)

func (t *template) composeEmail(in Input) (Message, error) {
	leave := cleanURL(in.UnsubscribeURL)
	if leave == "" {
		return Message{}, fmt.Errorf("template %s.email.%s: %w", t.name, t.lang, ErrNoWayOut)
	}
	p := page{
		looks: looksOf(in.Shop.Brand), Gap: gap, Lang: t.lang, Unsubscribe: leave, Preferences: cleanURL(in.PreferencesURL), Footer: footerOf(t.lang),
		Shop: cleanOwn(in.Shop.Name, maxShopEmail), ShopURL: cleanURL(in.Shop.HomeURL),
		Address: cleanOwn(cmp.Or(in.Shop.Brand.Address, in.Shop.Address), maxAddress),
	}
	if p.Preferences == leave {
		p.Preferences = "" // one page, one link
	}
	v := t.values(in, whole)
	var err error
	if p.Subject, err = line(t.subject, v); err == nil {
		p.Preheader, err = line(t.preheader, v)
	}
	if err == nil && p.Subject == "" {
		err = &renderError{1, 1, "the subject is empty for this contact"}
	}
	if err == nil {
		p.Blocks, err = t.blocks(v)
	}
	if err != nil {
		return Message{}, fmt.Errorf("template %s: %w", t.file, err)
	}
	var html strings.Builder
	if err := layout.Execute(&html, p); err != nil {
		return Message{}, fmt.Errorf("template %s: layout: %w", t.file, err)
	}
	return Message{
		Channel: Email, Template: t.name, Locale: t.lang,
		Subject: p.Subject, Text: p.text(), HTML: html.String(), Headers: leaveHeaders(leave),
	}, nil
}

// leaveHeaders are those of RFC 8058, the https address first.
func leaveHeaders(url string) map[string]string {
	return map[string]string{
		"List-Unsubscribe":      "<" + url + ">",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}
}

// line renders a piece of the head as one safe line.
func line(p *program, values map[string]any) (string, error) {
	if p == nil {
		return "", nil
	}
	text, err := p.render(maps.Clone(values))
	if err != nil {
		return "", err
	}
	return cleanLine(tidy(visible(text)), maxSubject), nil
}

// blocks renders the body and reads its markup. Nothing is escaped here: HTML
// and text part each do it their own way.
func (t *template) blocks(values map[string]any) ([]block, error) {
	text, err := t.body.render(maps.Clone(values))
	if err != nil {
		return nil, err
	}
	var blocks []block
	for _, paragraph := range blankLines.Split(tidy(text), -1) {
		b, ok := parseBlock(paragraph)
		if !ok {
			return nil, &renderError{t.body.line, 1, "a link [text](address) needs an address that starts with https:// or http://, such as {{ link }}"}
		}
		if b.Button != nil || len(b.Lines) > 0 {
			blocks = append(blocks, b)
		}
	}
	if len(blocks) == 0 {
		return nil, &renderError{t.body.line, 1, "the message is empty for this contact"}
	}
	return blocks, nil
}

// parseBlock reports false for a link without a usable address. What looks like
// one and is none, such as [text](javascript:x()), counts too: it is a mistake
// of the template, because values bring no brackets.
func parseBlock(paragraph string) (block, bool) {
	var b block
	for _, line := range strings.Split(paragraph, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if strings.Contains(linkMark.ReplaceAllString(line, ""), "](") {
			return block{}, false
		}
		spans, ok := parseLine(line)
		if !ok {
			return block{}, false
		}
		b.Lines = append(b.Lines, spans)
	}
	if len(b.Lines) == 1 && len(b.Lines[0]) == 1 && b.Lines[0][0].URL != "" {
		return block{Button: &b.Lines[0][0]}, true
	}
	return b, true
}

func parseLine(line string) ([]span, bool) {
	var spans []span
	last := 0
	for _, m := range linkMark.FindAllStringSubmatchIndex(line, -1) {
		if m[0] > last {
			spans = append(spans, span{Text: visible(line[last:m[0]])})
		}
		url := cleanURL(line[m[4]:m[5]])
		if url == "" {
			return nil, false
		}
		spans = append(spans, span{Text: visible(line[m[2]:m[3]]), URL: url})
		last = m[1]
	}
	if last < len(line) {
		spans = append(spans, span{Text: visible(line[last:])})
	}
	return spans, true
}

// text is the part for readers without HTML.
func (p page) text() string {
	var b strings.Builder
	for _, bl := range p.Blocks {
		if bl.Button != nil {
			b.WriteString(ledBy(bl.Button.Text) + "\n" + bl.Button.URL + "\n\n")
			continue
		}
		for _, line := range bl.Lines {
			for _, s := range line {
				b.WriteString(s.Text)
				if s.URL != "" && s.URL != s.Text {
					b.WriteString(" (" + s.URL + ")")
				}
			}
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	b.WriteString("-- \n" + p.Shop + "\n")
	if p.ShopURL != "" {
		b.WriteString(p.ShopURL + "\n")
	}
	if p.Address != "" {
		b.WriteString(p.Address + "\n")
	}
	b.WriteString("\n" + p.Footer.Leave + ": " + p.Unsubscribe + "\n")
	if p.Preferences != "" {
		b.WriteString(p.Footer.Choose + ": " + p.Preferences + "\n")
	}
	return b.String()
}

// ledBy is the text of a button before its address, with a colon unless it ends
// a sentence itself.
func ledBy(text string) string {
	if strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") || strings.HasSuffix(text, ".") {
		return text
	}
	return text + ":"
}
