#!/usr/bin/env bash
# Builds the service and the bench and runs it: see docs/performance.md.
# Arguments go to the bench, such as -requests 5000 -rounds 1 (-help lists them).
set -euo pipefail
cd "$(dirname "$0")"
GO=${GO:-go}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
"$GO" -C .. build -o "$bin/ritorno" ./cmd/ritorno
"$GO" build -o "$bin/bench" .
"$bin/bench" -ritorno "$bin/ritorno" "$@"
