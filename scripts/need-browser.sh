#!/usr/bin/env bash
# Makes sure that a Chromium is here: the pages' tests open them in one. Where it
# cannot be had those tests are skipped by name, but not in CI, where they count.
set -euo pipefail
for program in chromium chromium-browser google-chrome chrome; do
	if command -v "$program" >/dev/null; then
		exit 0
	fi
done
if "$(dirname "$0")/apt-install.sh" chromium "Chromium (for the tests of the pages)"; then
	exit 0
fi
if [ -n "${CI:-}" ]; then
	exit 1
fi
echo "ritorno: going on without Chromium: the pages are not tried in a browser" >&2
