#!/usr/bin/env bash
# Makes sure that a C compiler is here: the race detector links against libc.
set -euo pipefail
compiler=$(go env CC)
probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
# With the headers: a compiler without them is as good as none.
if echo '#include <stdlib.h>
int main(void) { return 0; }' | ${compiler:-gcc} -x c -o "$probe/out" - 2>/dev/null; then
	exit 0
fi
here=$(dirname "$0")
"$here/apt-install.sh" gcc "a C compiler (for the race detector)"
"$here/apt-install.sh" libc6-dev "the C library's headers (for the race detector)"
