#!/bin/sh
# Runs each target of fuzz/ by libFuzzer for $1 seconds. Needs a nightly compiler and cargo-fuzz.
set -eu
cd "$(dirname "$0")/../fuzz"
if ! cargo +nightly --version >/dev/null 2>&1 || ! cargo fuzz --version >/dev/null 2>&1; then
    echo "left out: cargo-fuzz needs \`rustup toolchain install nightly\` and \`cargo install cargo-fuzz\`"
    exit 0
fi
for target in frames cursors operations; do
    # Safe Rust: a sanitizer would find nothing more, and SQLite would have to be built with it.
    cargo +nightly fuzz run --sanitizer none "$target" -- -max_total_time="$1" -max_len=4096
done
