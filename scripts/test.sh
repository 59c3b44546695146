#!/bin/sh
# Everything that CI checks, cheap things first. Stops at the first failure and prints what each
# phase took. Names as arguments run only those phases: scripts/test.sh format lint
set -eu
cd "$(dirname "$0")/.."
export CI="${CI:-}" CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
only=" $* "
table=$(mktemp)
trap 'rm -f "$table"' EXIT

phase() {
    name=$1
    shift
    case $only in "  " | *" $name "*) ;; *) return 0 ;; esac
    printf '\n== %s: %s\n' "$name" "$*"
    began=$(date +%s)
    result=ok
    "$@" || result=FAILED
    printf '%-12s %5ss  %s\n' "$name" "$(($(date +%s) - began))" "$result" >>"$table"
    [ "$result" = ok ] || finish 1
}

finish() {
    printf '\nPhase         Time\n'
    cat "$table"
    exit "$1"
}

phase format make -s format-check
phase chat make -s chat-check
phase ui-lint make -s ui-lint
phase ui-types make -s ui-types
phase vitest npm --prefix ui run --silent test
phase page make -s ui/dist/index.html
phase deny make -s deny
phase clippy make -s clippy
phase generated make -s gen-check
phase build cargo build --locked --workspace --bins
phase cargo-test cargo test --locked --workspace
phase interface scripts/schema.sh
phase siege cargo run -q --locked -p deskhand-gateway --example door_trial -- 400 5
phase screens scripts/screens.sh
finish 0
