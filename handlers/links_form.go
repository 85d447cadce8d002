package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"ritorno/internal/lifecycle"
)

// maxForm is the longest form of a page in bytes.
const maxForm = 16 << 10

// read takes the form of a landing page, or says what is missing.
func (l *landingPage) read(form url.Values) (r lifecycle.Response, missing string) {
	w := l.view.T
	if l.kind == pageContest {
		if form.Get("rules") == "" {
			return r, w.MissingRules
		}
		return lifecycle.Response{Kind: lifecycle.ResponseContest, Choice: "entry"}, ""
	}
	picked, text := l.picked(form)
	if picked == "" && text == "" {
		if l.question == nil {
			return r, w.MissingText
		}
		return r, w.MissingChoice
	}
	if picked == "" {
		picked = otherChoice
	}
	return lifecycle.Response{Kind: lifecycle.ResponseAnswer, Choice: picked, Text: text}, ""
}

// otherChoice is the choice of those who wrote instead of choosing.
const otherChoice = "other"

// picked is the choice of a form, and what was written besides. A choice that
// the page does not offer is kept as their words.
func (l *landingPage) picked(form url.Values) (choice, text string) {
	choice, text = tidy(form.Get("choice")), tidy(form.Get("text"))
	switch {
	case choice == "":
	case !slices.Contains(l.choices(), choice):
		return otherChoice, strings.TrimSpace(choice + " " + text)
	case l.question == nil && choice != offerPause && text == "": // only a pause says enough by itself
		return "", ""
	}
	return choice, text
}

// choices are the answers that the page offers.
func (l *landingPage) choices() (values []string) {
	if l.question != nil {
		for _, c := range l.question.Choices {
			values = append(values, c.Value)
		}
		return append(values, otherChoice)
	}
	return []string{offerPause, offerHelp, otherChoice}
}

// tidy makes one line of what was typed, without control characters.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// readForm reads a form of a page, also one sent as multipart/form-data, as
// RFC 8058 allows.
func readForm(c echo.Context) (url.Values, error) {
	r := c.Request()
	if r.ContentLength > maxForm {
		return nil, errTooLarge
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
	err := r.ParseMultipartForm(maxForm)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case errors.Is(err, http.ErrNotMultipart) || err == nil:
		return r.PostForm, nil
	}
	return nil, errForm
}

var errForm = &Fault{Status: 400, Code: "form_unreadable", Detail: "Send the form as the page does."}
