#!/usr/bin/env bash
# Installs one Debian package, or says in one line what to do instead.
# usage: apt-install.sh PACKAGE WHAT-IT-IS-FOR
set -euo pipefail
package=$1
purpose=$2

say() { echo "ritorno: $purpose is missing: $1" >&2; }

if ! command -v apt-get >/dev/null; then
	say "install it (on Debian and Ubuntu: apt-get install $package)"
	exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		say "run as root: apt-get install $package"
		exit 1
	fi
	as_root=(sudo)
fi

say "installing $package"
# A mirror that does not answer, or another apt that holds the lock, ends it.
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive timeout --foreground 15m
	apt-get -qq -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 -o DPkg::Lock::Timeout=120)
install=("${apt[@]}" install -y --no-install-recommends "$package")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A fresh machine has no package lists yet; one with lists is spared the update.
if ! "${install[@]}" >"$log" 2>&1 && ! { "${apt[@]}" update && "${install[@]}"; } >>"$log" 2>&1; then
	tail -n 5 "$log" >&2
	say "apt-get install $package did not work (see above); install it by hand"
	exit 1
fi
