#!/bin/sh
# Asks a gateway with the sample shop whatever its description allows and forbids, as every role and
# as nobody: nothing may fail inside, answer what is not described, or accept what is not valid.
# CASES is how many at least, in all; SEED says which.
set -eu
cd "$(dirname "$0")/.."
version=4.32.5
cases=${CASES:-20000}
seed=${SEED:-20261121}
tools=${SCHEMATHESIS_HOME:-target/schemathesis-$version}
work=$(mktemp -d)

if [ ! -x "$tools/bin/st" ]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi
cargo build --quiet --locked -p deskhand-gateway --bin deskhand-gateway

# One address and few accounts ask for all of it.
export DESKHAND_GATEWAY_RATES_ADDRESS="100000000 per 1m" DESKHAND_GATEWAY_RATES_READS="100000000 per 1m"
export DESKHAND_GATEWAY_RATES_WRITES="100000000 per 1m" DESKHAND_GATEWAY_RATES_SIGN_INS="100000000 per 1m"
export DESKHAND_GATEWAY_CHAT_MESSAGES_PER_MINUTE=1000000
DESKHAND_LOG=error target/debug/deskhand-gateway serve --sample --listen 127.0.0.1:0 \
    --data-dir "$work/data" >"$work/address" 2>"$work/log" &
gateway=$!
trap 'kill "$gateway" 2>/dev/null || true; rm -rf "$work"' EXIT
tries=0
while ! grep -q '^http' "$work/address"; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] && kill -0 "$gateway" || { cat "$work/log" >&2; exit 1; }
    sleep 0.2
done
address=$(cat "$work/address")

token() {
    python3 - "$address" "$1" <<'PYTHON'
import json, sys, urllib.request
address, name = sys.argv[1:]
body = json.dumps({"email": name + "@hollowpine.example", "password": "hollowpine", "device": "schema"})
request = urllib.request.Request(address + "/v1/sessions", body.encode(), {"content-type": "application/json"})
print(json.load(urllib.request.urlopen(request))["token"])
PYTHON
}

checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection
people="nobody priya anna mette ines tobias"
operations=$(grep -c '"operationId"' docs/openapi.json)
each=$((cases / 6 / operations + 1))
failed=0
for person in $people; do
    printf '== as %s\n' "$person"
    set -- --url "$address" --phases coverage,fuzzing --max-examples "$each" --seed "$seed" \
        --checks "$checks" --workers 2 --no-shrink --continue-on-failure --warnings off \
        --suppress-health-check all --generation-database none \
        --exclude-path-regex '/live$' --exclude-path /v1/session
    if [ "$person" != nobody ]; then
        set -- "$@" --header "Authorization: Bearer $(token "$person")"
    fi
    "$tools/bin/st" run docs/openapi.json "$@" >"$work/$person" 2>&1 || failed=1
    sed -n '/FAILURES/,$p' "$work/$person"
    [ -s "$work/$person" ] || exit 1
done
total=$(cat "$work"/nobody "$work"/priya "$work"/anna "$work"/mette "$work"/ines "$work"/tobias |
    sed -n 's/^ *\([0-9,]*\) generated.*/\1/p' | tr -d , | awk '{sum += $1} END {print sum + 0}')
echo "$total cases in all"
[ "$failed" = 0 ] || { cat "$work/log" >&2; exit 1; }
[ "$total" -ge "$cases" ] || { echo "fewer than $cases" >&2; exit 1; }
