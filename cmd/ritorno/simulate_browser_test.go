package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// chromium opens a tab of a real browser, or skips.
func chromium(t *testing.T) context.Context {
	t.Helper()
	found := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			found = p
			break
		}
	}
	if found == "" {
		t.Skip("no browser here: install chromium to open the report in one")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(found), chromedp.NoSandbox)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	alloc, stop := chromedp.NewExecAllocator(ctx, options...)
	tab, done := chromedp.NewContext(alloc)
	t.Cleanup(func() { done(); stop(); cancel() })
	return tab
}

// The page is read by people, on a phone and on a desk, by day and by night,
// without a network.
func TestTheSimulationsPageInABrowser(t *testing.T) {
	tab := chromium(t)
	page := filepath.Join(t.TempDir(), "report.html")
	if code := run([]string{
		"--config", "testdata/simulate/shop.yaml", "simulate", "testdata/simulate/merges.csv",
		"--assume-consent", "email,sms", "--reach", "sms", "--html", page, "--compare", "testdata/simulate/other.yaml",
	}); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, look := range []struct {
		width int64
		mode  string
	}{{390, "light"}, {390, "dark"}, {1280, "light"}, {1280, "dark"}} {
		err := chromedp.Do(tab, chromedp.EmulateViewport(look.width, 900),
			chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
				_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.mode}},
				})
				return err
			}), chromedp.Navigate("file://"+page))
		if err != nil {
			t.Fatal(err)
		}
		for what, want := range map[string]string{
			`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`: "0",
			`String([...document.images].filter(i => !i.complete || i.naturalWidth == 0).length)`: "0",
			`String(document.images.length)`:                                                                   "3",
			`String([...document.images].filter(i => !i.alt).length)`:                                          "0",
			`String(performance.getEntriesByType("resource").filter(r => !r.name.startsWith("data:")).length)`: "0",
			`document.documentElement.lang`:                                                                    "it",
			`String([...document.images].every(i => i.currentSrc == (matchMedia("(prefers-color-scheme: dark)").matches ? i.parentElement.querySelector("source").srcset : i.src)))`: "true",
		} {
			got, err := chromedp.Run(tab, chromedp.Evaluate[string](what))
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%d px, %s: %s is %q, want %q", look.width, look.mode, what, got, want)
			}
		}
		text, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.body.innerText`))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Che cosa farebbero i percorsi", "Messaggi per mese", "reactivation", "Due configurazioni", "welcome_back_memory", "tornato da sé"} {
			if !strings.Contains(text, want) {
				t.Errorf("%d px, %s: the page does not say %q", look.width, look.mode, want)
			}
		}
	}
}
