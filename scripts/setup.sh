#!/bin/sh
# Finds what this machine lacks and installs it, or says exactly what to run.
#
#   scripts/setup.sh run    what `make run` needs (no window packages without a display)
#   scripts/setup.sh build  what building everything needs
#   scripts/setup.sh test   what `make test` needs as well
set -eu
level=${1:-run}

compiler="build-essential pkg-config libssl-dev"
window="libwebkit2gtk-4.1-dev libdbus-1-dev"
tests="webkit2gtk-driver xvfb dbus gnome-keyring libsecret-tools chromium postgresql imagemagick procps strace iproute2 python3 python3-venv"

say() { printf '%s\n' "$@" >&2; }
stop() {
    say "$@"
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# Whether version $1 is at least $2.
at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

check_tools() {
    has cargo || stop "Rust is missing. Install it from https://rustup.rs and open a new shell."
    has node || stop "Node is missing. Deskhand needs Node 20.19 or newer: https://nodejs.org/en/download"
    has npm || stop "npm is missing. It comes with Node from https://nodejs.org/en/download"
    rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    rust=$(rustc --version | cut -d ' ' -f 2)
    at_least "${rust%%-*}" "$rust_wanted" ||
        stop "Rust $rust is too old; Deskhand needs $rust_wanted or newer. Run: rustup update stable"
    node=$(node --version)
    at_least "${node#v}" 20.19.0 ||
        stop "Node ${node#v} is too old; Deskhand needs 20.19 or newer: https://nodejs.org/en/download"
}

# The packages of $* that are not installed.
missing_of() {
    # dpkg-query fails when it does not know one of them; the others are listed all the same.
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii  *//p' || true)
    for package in "$@"; do
        printf '%s\n' "$installed" | grep -qxF "$package" && continue
        # On Ubuntu chromium is a snap; any Chromium that can be started will do.
        [ "$package" = chromium ] && has_chromium && continue
        printf '%s ' "$package"
    done
}

has_chromium() { has chromium || has chromium-browser || has google-chrome; }

install() {
    command="apt-get install -y --no-install-recommends $*"
    say "Deskhand needs packages that are not here: $*"
    if [ "$(id -u)" = 0 ]; then
        sudo=""
    elif has sudo && sudo -n true 2>/dev/null; then
        sudo="sudo"
    else
        stop "Run this, then try again:" "  sudo apt-get update && sudo $command"
    fi
    case " $* " in
    *" chromium "*)
        if [ "$(. /etc/os-release && echo "$ID")" = ubuntu ]; then
            stop "On Ubuntu Chromium is a snap. Run this, then try again:" "  $sudo snap install chromium"
        fi
        ;;
    esac
    $sudo apt-get -q update >&2
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive $command >&2 ||
        stop "apt-get could not install them. Its words are above."
}

packages() {
    case $level in
    run)
        if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
            echo "$compiler $window"
        else
            echo "$compiler"
        fi
        ;;
    build) echo "$compiler $window" ;;
    test) echo "$compiler $window $tests" ;;
    *) stop "scripts/setup.sh knows run, build and test, not $level" ;;
    esac
}

cd "$(dirname "$0")/.."
check_tools
wanted=$(packages)
if [ "$(uname -s)" != Linux ]; then
    exit 0
elif ! has dpkg-query; then
    say "This is not Debian or Ubuntu; the packages that Deskhand needs have these names there:"
    say "  $wanted"
    exit 0
fi
# shellcheck disable=SC2086
missing=$(missing_of $wanted)
# shellcheck disable=SC2086
[ -z "$missing" ] || install $missing
