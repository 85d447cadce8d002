#!/usr/bin/env bash
# Generates the Go code of the stored record. The plugin is pinned in
# tools/proto/go.mod; protoc itself is Debian's.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
if ! command -v protoc >/dev/null; then
	scripts/apt-install.sh protobuf-compiler "protoc"
fi
plugin=$("$go" tool -modfile=tools/proto/go.mod -n protoc-gen-go)
folder=internal/store/recordpb
protoc --plugin=protoc-gen-go="$plugin" -I "$folder" --go_out="$folder" --go_opt=paths=source_relative "$folder"/*.proto
