package handlers

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed static/page.js static/page.css
var staticFiles embed.FS

// assets are the pages' own files by the name under which they are served. The
// name holds a digest, so that they may be kept for ever.
var assets = map[string]asset{}

// assetURL leads from a file's plain name to where it is served.
var assetURL = map[string]string{}

type asset struct {
	kind string
	body []byte
}

var pages *template.Template

func init() { //nolint:gochecknoinits // the embedded files are constants that need reading
	for name, kind := range map[string]string{"page.js": "text/javascript; charset=utf-8", "page.css": "text/css; charset=utf-8"} {
		body, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		served := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:4]) + ext
		assets[served], assets[name] = asset{kind, body}, asset{kind, body}
		assetURL[name] = "/l/static/" + served
	}
	pages = template.Must(template.New("").Funcs(template.FuncMap{"asset": func(name string) string { return assetURL[name] }}).ParseFS(pageFiles, "pages/*.html"))
}

// static serves the pages' script and style sheet.
func (s *Server) static(c echo.Context) error {
	name := c.Param("file")
	a, ok := assets[name]
	if !ok {
		return errNotFound
	}
	if strings.Contains(name, "-") {
		c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		c.Response().Header().Set("Cache-Control", "public, max-age=300")
	}
	return c.Blob(http.StatusOK, a.kind, a.body)
}

// view is what a page shows. Each page reads what it needs.
type view struct {
	T         *words
	Title     string
	Lead      string
	Shop      string // its display name; empty where nobody knows it
	FirstName string
	Notice    string // good news
	Error     string // what is missing
	HomeURL   string
	PrefsURL  string
	Seen      string // path that a human sign is reported to; empty: not on this page
	Quiet     bool   // the way to the shop stands back behind the page's own form
	Body      any    // for the page's own part
}

// show writes the page by that name.
func (s *Server) show(c echo.Context, status int, name string, v view) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, v); err != nil {
		return err
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
		if w, ok := texts[base]; ok {
			return w
		}
	}
	if all := s.engine.Shops(); len(all) > 0 {
		return wordsFor(all[0].Rules.Locale)
	}
	return &english
}

// home says what runs here. The console takes its place later.
func (s *Server) home(c echo.Context) error {
	return s.show(c, http.StatusOK, "home.html", view{T: &english, Title: "Ritorno", Lead: "The service is running."})
}
