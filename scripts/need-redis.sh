#!/usr/bin/env bash
# Makes sure that a Redis or Valkey server program is here. Debian's redis-tools
# holds the server (as redis-check-rdb) without starting a system service.
set -euo pipefail
for program in valkey-server redis-server redis-check-rdb; do
	if command -v "$program" >/dev/null; then
		exit 0
	fi
done
exec "$(dirname "$0")/apt-install.sh" redis-tools "a Redis or Valkey server program"
