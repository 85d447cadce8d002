// Tells the shop that a person is here: after a touch, a key or a scroll, or
// after the page was in view for a moment. Being loaded ahead of time, or in a
// tab that nobody looks at, is no sign of anybody.
(function () {
  "use strict";
  var path = document.body.getAttribute("data-seen");
  var signs = ["pointerdown", "touchstart", "keydown", "scroll"];
  var sent = false, timer = 0;

  function visible() {
    return document.visibilityState === "visible" && !document.prerendering;
  }
  function tell(tries) {
    fetch(path, { method: "POST", keepalive: true }).then(function (r) {
      if (r.status >= 500) { throw new Error(); }
    }).catch(function () {
      if (tries > 0) { setTimeout(tell, 3000, tries - 1); }
    });
  }
  function sign() {
    if (sent || !visible()) { return; }
    sent = true;
    clearTimeout(timer);
    signs.forEach(function (name) { removeEventListener(name, sign, true); });
    tell(3);
  }
  function dwell() {
    clearTimeout(timer);
    if (visible()) { timer = setTimeout(sign, 1500); }
  }
  if (path) {
    signs.forEach(function (name) { addEventListener(name, sign, { capture: true, passive: true }); });
    document.addEventListener("visibilitychange", dwell);
    document.addEventListener("prerenderingchange", dwell);
    dwell();
  }

  // The code is copied with a touch, and how long it can be used is told from
  // what the shop's clock said: the phone's own may be wrong.
  var copy = document.getElementById("copy"), code = document.getElementById("code"), said = document.getElementById("said");
  if (copy && code && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent).then(function () {
        copy.textContent = said.textContent = copy.getAttribute("data-done");
      }, function () { copy.hidden = true; });
    });
  }

  var coupon = document.getElementById("coupon"), left = document.getElementById("left");
  var end = coupon && coupon.hasAttribute("data-left") ? Date.now() + 1000 * coupon.getAttribute("data-left") : 0;
  var soon = 0;
  function count() {
    clearTimeout(soon);
    var s = Math.round((end - Date.now()) / 1000);
    if (s <= 0) {
      coupon.hidden = true;
      document.getElementById("over").hidden = false;
      return;
    }
    var unit = s >= 172800 ? "day" : s >= 7200 ? "hour" : s >= 120 ? "minute" : "second";
    var size = { day: 86400, hour: 3600, minute: 60, second: 1 }[unit];
    left.textContent = left.getAttribute("data-word") + " " + format.format(Math.floor(s / size), unit);
    left.hidden = false;
    soon = setTimeout(count, unit === "second" ? 1000 : 20000);
  }
  if (left && end && window.Intl && Intl.RelativeTimeFormat) {
    var format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
    document.addEventListener("visibilitychange", count); // timers stand still in the background
    count();
  }
})();
