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

  var copy = document.getElementById("copy"), code = document.getElementById("code");
  if (copy && code && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent).then(function () {
        copy.textContent = copy.getAttribute("data-done");
      }, function () { copy.hidden = true; });
    });
  }
})();
