package handlers

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"ritorno/internal/engine"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed static/page.js static/page.css
var staticFiles embed.FS

// staticPath leads to the files of the pages.
const staticPath = "/l/static/"

// asset is a file of the pages.
type asset struct {
	kind string
	body []byte
}

// assets are the pages' own files by the name under which they are served, and
// assetURL leads there from the plain name. Names hold a digest, so that the
// files may be kept for ever.
var assets, assetURL = readAssets()

var pages = template.Must(template.New("").
	Funcs(template.FuncMap{"asset": func(name string) string { return assetURL[name] }}).
	ParseFS(pageFiles, "pages/*.html"))

func readAssets() (files map[string]asset, urls map[string]string) {
	files, urls = map[string]asset{}, map[string]string{}
	for name, kind := range map[string]string{"page.js": "text/javascript; charset=utf-8", "page.css": "text/css; charset=utf-8"} {
		body, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			panic(err) // embedded: it is there or the program was not built
		}
		served := served(name, body)
		files[served] = asset{kind, body}
		urls[name] = staticPath + served
	}
	return files, urls
}

// served is the name of a file with a digest of what is in it.
func served(name string, body []byte) string {
	sum := sha256.Sum256(body)
	plain, ext, _ := strings.Cut(name, ".")
	return plain + "-" + hex.EncodeToString(sum[:4]) + "." + ext
}

// static serves the pages' script and style sheets.
func (s *Server) static(c echo.Context) error {
	a, ok := assets[c.Param("file")]
	if !ok {
		a, ok = s.brandFiles[c.Param("file")]
	}
	if !ok {
		return errNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, a.kind, a.body)
}

// view is what a page shows. Each page reads what it needs.
type view struct {
	T         *words
	Title     string
	Lead      string
	Shop      string // its display name; empty where nobody knows it
	Logo      string // https URL of an image; empty: the name in letters
	Style     string // path of the style sheet with the shop's colours; empty: ours
	Address   string // who writes, and where from; may be empty
	FirstName string
	Notice    string // good news
	Error     string // what is missing
	HomeURL   string
	PrefsURL  string
	Seen      string // path that a human sign is reported to; empty: not on this page
	Quiet     bool   // the way to the shop stands back behind the page's own form
	Body      any    // for the page's own part
}

// viewOf is a page of a shop with what all of them show.
func (s *Server) viewOf(p engine.Page) view {
	r := &p.Shop.Rules
	return view{
		T: wordsFor(p.Locale, r.Business), Shop: shopName(p.Shop), Logo: r.Brand.Logo, Style: s.brands[p.Shop.Name],
		Address: cmp.Or(r.Brand.Address, r.Address), HomeURL: r.HomeURL,
	}
}

// show writes the page by that name.
func (s *Server) show(c echo.Context, status int, name string, v view) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		return err
	}
	if from := originOf(v.Logo); from != "" {
		c.Response().Header().Set("Content-Security-Policy", strings.Replace(pagePolicy, "img-src 'self'", "img-src "+from, 1))
	}
	return c.HTMLBlob(status, b.Bytes())
}

// failPage is an error for people. It says nothing that the code behind it
// would not say for a code that never was.
func (s *Server) failPage(c echo.Context, f *Fault) error {
	w := s.wordsOf(c)
	v := view{T: w, Title: w.AwayTitle, Lead: w.AwayText}
	switch {
	case f.Status == http.StatusTooManyRequests:
		v.Title, v.Lead = w.BusyTitle, w.BusyText
	case f.Status < 500:
		v.Title, v.Lead = w.GoneTitle, w.GoneText
	}
	return s.show(c, f.Status, "notice.html", v)
}

// wordsOf speaks the browser's language where no contact is known, else that
// of the first shop.
func (s *Server) wordsOf(c echo.Context) *words {
	for part := range strings.SplitSeq(c.Request().Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if _, ok := texts[base]; ok {
			return wordsFor(base, "")
		}
	}
	if all := s.engine.Shops(); len(all) > 0 {
		return wordsFor(all[0].Rules.Locale, "")
	}
	return wordsFor("", "")
}

// home says what runs here. The console takes its place later.
func (s *Server) home(c echo.Context) error {
	return s.show(c, http.StatusOK, "home.html", view{T: wordsFor("en", ""), Title: "Ritorno", Lead: "The service is running."})
}
