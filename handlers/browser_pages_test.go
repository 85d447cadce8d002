package handlers_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"ritorno/internal/lifecycle"
)

// troubles are what can be seen of a page in a browser alone, one on a line: text
// that is too faint on what lies behind it, targets that are too small to touch,
// and anything that is wider than the screen.
const troubles = `(() => {
  const out = [], seen = e => { const r = e.getBoundingClientRect(); return r.width > 1 && r.height > 1 && getComputedStyle(e).visibility === "visible" };
  const parts = c => (c.match(/[\d.]+/g) || []).map(Number);
  const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const ground = e => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c } return [255, 255, 255] };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement;
    if (!n.data.trim() || !seen(e) || e.closest("script,noscript,.hear")) continue;
    const a = light(parts(getComputedStyle(e).color)), b = light(ground(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) out.push("contrast " + ratio.toFixed(2) + ": " + n.data.trim().slice(0, 40));
  }
  for (const e of document.querySelectorAll("a,button,textarea,label.choice")) {
    const r = e.getBoundingClientRect();
    if (seen(e) && (r.height < 44 || r.width < 44)) out.push("target of " + Math.round(r.width) + " by " + Math.round(r.height) + ": " + e.textContent.trim().slice(0, 40));
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) out.push(wide + " pixels wider than the screen");
  for (const s of document.styleSheets) try { s.cssRules } catch (e) { out.push("style sheet blocked: " + s.href) }
  return out.join("\n");
})()`

// look holds a page at the width of a small phone, of a phone and of a screen, by
// day and by night, and keeps pictures of it by that name.
func look(t *testing.T, tab context.Context, url, name string) {
	t.Helper()
	do(t, tab, chromedp.Navigate(url), chromedp.WaitVisible(`h1`))
	for _, on := range []struct {
		width int64
		dark  bool
		shot  string
	}{{320, false, "small-light"}, {390, false, "phone-light"}, {390, true, "phone-dark"}, {1100, false, "screen-light"}, {1100, true, "screen-dark"}} {
		screen(t, tab, on.width, on.dark)
		shoot(t, tab, name+"-"+on.shot)
		if bad := text(t, tab, troubles); bad != "" {
			t.Errorf("%s at %d, dark %v:\n%s", name, on.width, on.dark, bad)
		}
	}
}

// TestPagesInABrowser opens every page of a branded shop, and some of shops with
// other colours, names and contests.
func TestPagesInABrowser(t *testing.T) {
	tab := browser(t)
	yellow := trader("bottega", "it", "IT", lifecycle.Ecommerce)
	yellow.Rules.Brand = lifecycle.Brand{Color: "#ffd400", TextColor: "#ffffff", Address: "Bottega Rossi, Via Roma 1, Bologna"}
	navy := trader("saas", "en", "GB", lifecycle.SaaS)
	navy.Rules.Brand = lifecycle.Brand{Color: "#0b1d4d", Font: "Georgia,'Times New Roman',serif"}
	long := trader("school", "it", "IT", lifecycle.Education)
	long.Rules.Name = "Accademia " + strings.Repeat("Precipitevolissimevolmente", 4)
	navy.Rules.Contest = &lifecycle.Contest{To: time.Date(2027, 5, 15, 0, 0, 0, 0, time.UTC)} // over by the day of the coupon
	w := worldOf(t, "Anna", "", yellow, navy, long)
	srv := httptest.NewServer(w.http)
	defer srv.Close()
	for _, s := range w.shops {
		all := w.paths(s.Name)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if s.Name == "bottega" || slices.Contains([]string{"survey", "contest", "coupon", "preferences", "cancellation_offer"}, name) {
				look(t, tab, srv.URL+all[name], s.Name+"-"+name)
			}
		}
	}
}

// TestPagesByKeyAlone: the tab key reaches everything in the order of the page,
// each with a ring around it, and a survey is answered without pointing.
func TestPagesByKeyAlone(t *testing.T) {
	tab := browser(t)
	r, code := dormant(t, "")
	srv := httptest.NewServer(r.http)
	defer srv.Close()
	screen(t, tab, 1100, false)
	do(t, tab, chromedp.Navigate(srv.URL+"/l/"+code), chromedp.WaitVisible(`h1`))
	var reached []string
	for range 8 {
		do(t, tab, chromedp.KeyEvent(kb.Tab))
		at := text(t, tab, `(() => { const e = document.activeElement; return e.tagName + " " + (e.name || "") + (getComputedStyle(e).outlineStyle === "none" ? " without a ring" : "") })()`)
		if reached = append(reached, at); strings.HasPrefix(at, "BUTTON") {
			break
		}
		switch at {
		case "INPUT choice":
			do(t, tab, chromedp.KeyEvent(" "))
		case "TEXTAREA text":
			do(t, tab, chromedp.KeyEvent("ciao"))
		}
	}
	if want := []string{"INPUT choice", "TEXTAREA text", "BUTTON "}; !slices.Equal(reached, want) {
		t.Fatalf("the tab key reaches %q, want %q", reached, want)
	}
	do(t, tab, chromedp.KeyEvent(kb.Enter), chromedp.WaitNotPresent(`form`))
	if got := r.find("c1").Answers; len(got) != 1 || got[0].Choice != "nothing" || got[0].Text != "ciao" {
		t.Errorf("stored %+v", got)
	}
}

// scripts switches the page's own script on or off.
func scripts(t *testing.T, tab context.Context, on bool) {
	t.Helper()
	do(t, tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	}))
}

func TestPagesWithoutScript(t *testing.T) {
	tab := browser(t)
	w := worldOf(t, "Anna", "", trader("bottega", "it", "IT", lifecycle.Ecommerce))
	srv := httptest.NewServer(w.http)
	defer srv.Close()
	scripts(t, tab, false)
	phone(t, tab, false)
	const button = `form p button`
	for _, template := range []string{"coupon", "survey", "contest"} {
		path, _ := w.leads("bottega", template)
		do(t, tab, chromedp.Navigate(srv.URL+path), chromedp.WaitVisible(button))
		shoot(t, tab, "noscript-"+template)
		switch template {
		case "survey":
			do(t, tab, chromedp.Click(`input[value=price]`))
		case "contest":
			do(t, tab, chromedp.Click(`input[name=rules]`))
		}
		do(t, tab, chromedp.Click(button), chromedp.WaitNotPresent(`form`))
	}
	c := w.findIn("bottega", "away")
	for _, m := range c.Messages {
		if !m.Responded {
			t.Errorf("no response to %s", m.Template)
		}
	}
	if len(c.Answers) != 2 {
		t.Errorf("stored %+v", c.Answers)
	}
}

// TestACodeIsCopiedAndCountedDown by the page's script.
func TestACodeIsCopiedAndCountedDown(t *testing.T) {
	tab := browser(t)
	w := worldOf(t, "Anna", "", trader("bottega", "it", "IT", lifecycle.Ecommerce))
	srv := httptest.NewServer(w.http)
	defer srv.Close()
	path, _ := w.leads("bottega", "coupon")
	phone(t, tab, false)
	do(t, tab, chromedp.Navigate(srv.URL+path), chromedp.WaitVisible(`#copy`), chromedp.WaitVisible(`#left`))
	if got := text(t, tab, `document.getElementById("left").innerText`); !strings.Contains(got, "Scade tra 1") || !strings.Contains(got, "giorni") {
		t.Errorf("the page counts %q", got)
	}
	shoot(t, tab, "coupon-counting")
	text(t, tab, `(() => { const now = Date.now; Date.now = () => now() + 40 * 86400e3; document.dispatchEvent(new Event("visibilitychange")); return "" })()`)
	until(t, "the code to be taken away", func() bool {
		return text(t, tab, `String(document.getElementById("coupon").hidden && !document.getElementById("over").hidden)`) == "true"
	})
}
