#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other.
# usage: fuzz.sh [DURATION]
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
duration=${1:-30s}

# Only folders that have a target are compiled to list them.
# grep answers 1 when it finds nothing, which is told below.
found=$(grep -rl --include='*_test.go' --exclude-dir=bench --exclude-dir=tools '^func Fuzz' . || [ $? -eq 1 ])
folders=$(xargs -r -n 1 dirname <<<"$found" | sort -u)
if [ -z "$folders" ]; then
	echo "no fuzz targets" >&2
	exit 1
fi
for folder in $folders; do
	targets=$("$go" test -list '^Fuzz' "$folder") # stops here when it does not compile
	for target in $(grep '^Fuzz' <<<"$targets"); do
		echo "== $folder $target, $duration"
		"$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$duration" "$folder"
	done
done
