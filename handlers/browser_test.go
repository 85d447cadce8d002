package handlers_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"ritorno/internal/lifecycle"
)

// program is the browser's, or empty. scripts/need-browser.sh looks for the same.
func program() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}

// browser opens a tab of a real browser: the pages' own script can be tried in
// no other way. Without one it skips, but not in CI.
func browser(t *testing.T) context.Context {
	t.Helper()
	found := program()
	switch {
	case found == "" && os.Getenv("CI") != "":
		t.Fatal("no browser here, and CI is set: scripts/need-browser.sh installs Chromium")
	case found == "":
		t.Skip("no browser here: scripts/need-browser.sh installs Chromium to try the pages in one")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(found), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(patience),
		// It talks to nobody but the test.
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-gpu", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	alloc, stop := chromedp.NewExecAllocator(ctx, options...)
	tab, done := chromedp.NewContext(alloc)
	t.Cleanup(func() { done(); stop(); cancel() })
	return tab
}

// shoot keeps a picture of the page where RITORNO_SCREENSHOTS names a folder.
func shoot(t *testing.T, tab context.Context, name string) {
	t.Helper()
	dir := os.Getenv("RITORNO_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// phone makes the tab a phone's, by day or by night.
func phone(t *testing.T, tab context.Context, dark bool) {
	t.Helper()
	screen(t, tab, 390, dark)
}

// screen makes the tab so many pixels wide, by day or by night.
func screen(t *testing.T, tab context.Context, width int64, dark bool) {
	t.Helper()
	want := "light"
	if dark {
		want = "dark"
	}
	do(t, tab, chromedp.EmulateViewport(width, 780, chromedp.EmulateScale(2), chromedp.EmulateMobile),
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: want}},
			})
			return err
		}))
}

func do(t *testing.T, tab context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tab, actions...); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, tab context.Context, js string) string {
	t.Helper()
	out, err := chromedp.Run(tab, chromedp.Evaluate[string](js))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// patience is how long a browser may take on a machine that does other things.
const patience = time.Minute

// until waits for something that the page does on its own.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(patience); !done(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

func TestAPersonInFrontOfThePageIsTheResponse(t *testing.T) {
	tab := browser(t)
	r, code := dormant(t, "")
	srv := httptest.NewServer(r.http)
	defer srv.Close()
	do(t, tab, chromedp.Navigate(srv.URL+"/l/"+code))
	until(t, "the page to tell of its visitor", func() bool { return r.find("c1").Messages[0].Responded })
	if st := r.find("c1").State; st != lifecycle.Active {
		t.Errorf("state %v, want active", st)
	}
}

func TestASurveyIsAnsweredByHand(t *testing.T) {
	tab := browser(t)
	r, code := dormant(t, "")
	srv := httptest.NewServer(r.http)
	defer srv.Close()
	phone(t, tab, false)
	do(t, tab, chromedp.Navigate(srv.URL+"/l/"+code),
		chromedp.Click(`button`), chromedp.WaitVisible(`[role=alert]`))
	shoot(t, tab, "survey-missing")
	do(t, tab, chromedp.Click(`input[value=delivery]`), chromedp.SendKeys(`textarea`, "due settimane di attesa"),
		chromedp.Click(`button`), chromedp.WaitNotPresent(`form`))
	shoot(t, tab, "thanks")
	if title := text(t, tab, `document.querySelector("h1").innerText`); title != "Grazie!" {
		t.Errorf("the page says %q", title)
	}
	answers := r.find("c1").Answers
	if len(answers) != 1 || answers[0].Choice != "delivery" || answers[0].Text != "due settimane di attesa" {
		t.Errorf("stored %+v", answers)
	}
}

func TestPreferencesAreSavedByHand(t *testing.T) {
	tab := browser(t)
	r, path := known(t)
	srv := httptest.NewServer(r.http)
	defer srv.Close()
	phone(t, tab, true)
	do(t, tab, chromedp.Navigate(srv.URL+path), chromedp.Click(`input[name=sms][type=checkbox]`),
		chromedp.Click(`form p button`), chromedp.WaitVisible(`[role=status]`))
	shoot(t, tab, "preferences-saved")
	if r.consent(lifecycle.SMS) != "unsubscribed" || r.consent(lifecycle.Email) != "subscribed" {
		t.Errorf("sms %s, email %s", r.consent(lifecycle.SMS), r.consent(lifecycle.Email))
	}
}

func TestHostileNamesNeverExecute(t *testing.T) {
	tab := browser(t)
	r, _ := dormant(t, `,"last_name":"<img src=x onerror='document.title=1'>"`)
	code := r.find("c1").Messages[0].Code
	srv := httptest.NewServer(r.http)
	defer srv.Close()
	do(t, tab, chromedp.Navigate(srv.URL+"/l/"+code))
	inline := `(() => { const s = document.createElement("script"); s.textContent = "document.title = 'broken'"; document.body.append(s); return document.title })()`
	if title := text(t, tab, inline); !strings.Contains(title, "Bottega Rossi") {
		t.Errorf("an inline script ran: the title is %q", title)
	}
}
