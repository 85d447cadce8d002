package message

import (
	"cmp"
	"embed"
	htmltemplate "html/template"
	"regexp"
	"strings"

	"ritorno/internal/lifecycle"
)

//go:embed layout/email.html
var layoutFile embed.FS

// layout is the page around an e-mail. It is what real mail programs hold:
// tables of at most 600 pixels, styles inside the tags, a grid of its own for
// Outlook, which draws with Word, and colours for the dark.
var layout = htmltemplate.Must(htmltemplate.New("").
	Funcs(htmltemplate.FuncMap{"outlook": func(part string) htmltemplate.HTML { return outlook[part] }}).
	ParseFS(layoutFile, "layout/email.html")).Lookup("email.html")

// outlook are the parts that only Outlook on Windows reads. They stand here
// because html/template takes comments out; none of them holds a value.
var outlook = map[string]htmltemplate.HTML{
	"head":  `<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript><![endif]-->`,
	"open":  `<!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`,
	"close": `<!--[if mso]></td></tr></table><![endif]-->`,
}

// looks are a brand as the layout takes it.
type looks struct {
	Color, TextColor string
	Logo             string
	Font             htmltemplate.CSS
	Head             htmltemplate.CSS // of the shop's name
}

var (
	colorForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	fontForm  = regexp.MustCompile(`^[A-Za-z ,'-]{1,100}$`)
)

// looksOf fills in what a shop did not choose. The configuration has checked
// the values; what could leave its place in the page is not used all the same.
func looksOf(b lifecycle.Brand) looks {
	l := looks{
		Color: "#8a3b12", TextColor: "#ffffff", Font: "Arial,Helvetica,sans-serif", Head: "Georgia,'Times New Roman',serif",
	}
	if colorForm.MatchString(b.Color) && colorForm.MatchString(b.TextColor) {
		l.Color, l.TextColor = b.Color, b.TextColor
	}
	if fontForm.MatchString(b.Font) {
		l.Font = htmltemplate.CSS(b.Font) //nolint:gosec // letters, commas and quotes of a list of fonts: see fontForm
		l.Head = l.Font
	}
	if u := cleanURL(b.Logo); strings.HasPrefix(u, "https://") {
		l.Logo = u
	}
	return l
}

// gap keeps a mailbox from filling the line of the preheader up with the
// beginning of the body: some 90 places that show nothing.
var gap = strings.Repeat("\u200c\u00a0", 90)

// footer are the words around the way out, by language.
type footer struct{ Why, Leave, Choose string }

var footers = map[string]footer{
	"it": {Why: "Ricevi questa e-mail perché sei in contatto con", Leave: "Disiscriviti", Choose: "Scegli che cosa ricevere"},
	"en": {Why: "You receive this e-mail because you are in touch with", Leave: "Unsubscribe", Choose: "Choose what you receive"},
}

func footerOf(lang string) footer { return cmp.Or(footers[language(lang)], footers["en"]) }
