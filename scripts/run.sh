#!/bin/sh
# Opens Deskhand: the window where there is a display, the browser host where there is none.
# make run sees to the packages and to the page before.
set -eu
cd "$(dirname "$0")/.."
programs=${CARGO_TARGET_DIR:-target}/debug

if [ "$(uname -s)" != Linux ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    cargo build --locked -p deskhand
    exec "$programs/deskhand" "$@"
fi
echo "There is no display here, so Deskhand opens in a browser."
cargo build --locked -p deskhand-browser-host
exec "$programs/deskhand-browser-host" "$@"
