#!/bin/sh
# Generates again and fails when a generated file differs from what stood there before.
set -eu
cd "$(dirname "$0")/.."
files="ui/src/ipc/generated/types.ts crates/gateway/chat/types.d.ts docs/openapi.json docs/CONNECTORS.md"
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT

for file in $files; do cp --parents "$file" "$before"; done
make -s gen
for file in $files; do
    diff -u "$before/$file" "$file" >&2 || stale=yes
done
[ -z "${stale:-}" ] || {
    echo "A generated file is stale. It has been written again: commit it." >&2
    exit 1
}
