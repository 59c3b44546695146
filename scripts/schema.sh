#!/bin/sh
# Asks a gateway with the sample shop whatever its description allows and forbids, as every role, as
# a program with a key, as a visitor of the chat and as nobody: nothing may fail inside, answer what is not described, or
# accept what is not valid. CASES is how many at least, in all; SEED says which.
set -eu
cd "$(dirname "$0")/.."
version=4.32.5
cases=${CASES:-20000}
DESKHAND_SEED=${SEED:-1}
tools=${SCHEMATHESIS_HOME:-target/schemathesis-$version}
work=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/schema.XXXXXX")
people="nobody visitor priya anna mette ines tobias luis machine"

if [ ! -x "$tools/bin/st" ]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version"
fi
cargo build --quiet --locked -p deskhand-gateway --bin deskhand-gateway

# One address and few accounts ask for all of it.
all="100000000 per 1m"
export DESKHAND_GATEWAY_RATES_ADDRESS="$all" DESKHAND_GATEWAY_RATES_READS="$all"
export DESKHAND_GATEWAY_RATES_WRITES="$all" DESKHAND_GATEWAY_RATES_SIGN_INS="$all"
export DESKHAND_GATEWAY_CHAT_MESSAGES_PER_MINUTE=1000000 DESKHAND_GATEWAY_SESSIONS_ACCESS=1h
DESKHAND_LOG=error target/debug/deskhand-gateway serve --sample --listen 127.0.0.1:0 \
    --data-dir "$work/data" >"$work/address" 2>"$work/log" &
gateway=$!
trap 'kill "$gateway" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
tries=0
while ! grep -q '^http' "$work/address"; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] && kill -0 "$gateway" || {
        cat "$work/log" >&2
        exit 1
    }
    sleep 0.2
done

# Luis is made a program. What is there is told to the hooks, and everybody's token to the runs.
export DESKHAND_SEED SCHEMATHESIS_HOOKS=schema_hooks PYTHONPATH="$PWD/scripts"
python3 -B scripts/schema_things.py "$(cat "$work/address")" "$work" $people
DESKHAND_THINGS=$(cat "$work/things")
operations=$(grep -c '"operationId"' docs/openapi.json)
export DESKHAND_THINGS PYTHONDONTWRITEBYTECODE=1

# Above what the first phase makes of each operation, so many more are made at random.
more=${MORE:-$((cases / 9 / operations / 2))}
checks=not_a_server_error,status_code_conformance,content_type_conformance
checks=$checks,response_schema_conformance,negative_data_rejection
printf '%s\n' $people | xargs -P "$(nproc)" -I PERSON sh -c '
    "$1" run docs/openapi.json --url "$(cat "$2/address")" --header "$(cat "$2/PERSON.header")" \
        --phases coverage,fuzzing --max-examples "$3" --checks "$4" \
        --seed "$((DESKHAND_SEED + $(printf PERSON | cksum | cut -d " " -f 1)))" \
        --workers 1 --no-shrink --continue-on-failure --warnings off --suppress-health-check all \
        --generation-database none --no-color --exclude-path-regex "/live\$" \
        --exclude-path /v1/session >"$2/PERSON.out" 2>&1 || : >"$2/PERSON.failed"
' sh "$tools/bin/st" "$work" "$more" "$checks"

total=0 failed=0
for person in $people; do
    made=$(sed -n 's/^ *\([0-9,]*\) generated.*/\1/p' "$work/$person.out" | tr -d ,)
    [ ! -e "$work/$person.failed" ] || {
        failed=1
        sed -n '/ERRORS\|FAILURES/,$p' "$work/$person.out"
    }
    printf '%8s cases as %s\n' "${made:-0}" "$person"
    total=$((total + ${made:-0}))
done
printf '%8s cases in all, seed %s\n' "$total" "$DESKHAND_SEED"
[ "$failed" = 0 ] || {
    cat "$work/log" >&2
    exit 1
}
[ "$total" -ge "$cases" ] || {
    echo "fewer than $cases" >&2
    exit 1
}
