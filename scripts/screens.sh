#!/bin/sh
# Playwright in Chromium against a gateway and a browser host of its own, on free ports; both end
# with it. make test builds the programs and the page before.
set -eu
cd "$(dirname "$0")/.."
programs=${CARGO_TARGET_DIR:-target}/debug
work=$(mktemp -d)
gateway=
host=

finish() {
    for process in $gateway $host; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Waits until a line with an address stands in $1; $2 is the process that writes it.
address_in() {
    for _ in $(seq 600); do
        found=$(grep -ohE 'https?://127\.0\.0\.1:[0-9]+[^" ]*' "$1" | head -n 1) || true
        [ -n "$found" ] && break
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    if [ -z "$found" ]; then
        cat "$1" >&2
        echo "It did not say its address within a minute." >&2
        exit 1
    fi
    echo "$found"
}

# In this shop senior agents see no contact details, unless they say why (masked.spec.ts).
mkdir "$work/policy"
cat >"$work/policy/roles.toml" <<'END'
[senior_agent]
words = "Answers customers and sees no addresses."
scopes = [
  "tickets:read", "tickets:write", "messages:send", "customers:read", "customers:reveal", "orders:read",
  "orders:act", "refunds:request", "refunds:execute",
]
refunds_up_to = 100
END
# Supervisors sign in with a code (codes.spec.ts).
printf '[policy]\nfolder = "%s"\n\n[sessions]\ntotp_required = ["supervisor"]\n' "$work/policy" >"$work/gateway.toml"

"$programs/deskhand-gateway" serve --config "$work/gateway.toml" --sample --data-dir "$work/gateway" --listen 127.0.0.1:0 \
    >"$work/gateway.log" 2>&1 &
gateway=$!
"$programs/deskhand-browser-host" --ui ui/dist --data-dir "$work/copy" >"$work/host.log" 2>&1 &
host=$!
DESKHAND_SHOP_URL=$(address_in "$work/gateway.log" "$gateway")
DESKHAND_URL=$(address_in "$work/host.log" "$host")
for browser in chromium chromium-browser google-chrome; do
    CHROMIUM=${CHROMIUM:-$(command -v "$browser" || true)}
done
# A spec starts a gateway of its own (oidc.spec.ts).
DESKHAND_PROGRAMS=$(cd "$programs" && pwd)
export DESKHAND_SHOP_URL DESKHAND_URL DESKHAND_PROGRAMS CHROMIUM
if ! npm --prefix ui run --silent e2e -- "$@"; then
    echo "What the gateway and the browser host complained about:" >&2
    grep -hE 'WARN|ERROR|panicked' "$work/gateway.log" "$work/host.log" | tail -n 20 >&2 || true
    exit 1
fi
