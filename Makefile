SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PAGE_SOURCES := $(shell find ui/src ui/public ui/messages ui/project.inlang ui/scripts -type f \
	-not -path 'ui/src/paraglide/*' -not -path '*/cache/*' -not -name README.md -not -name .meta.json \
	-not -name .gitignore 2>/dev/null) \
	$(wildcard ui/index.html ui/vite.config.ts ui/package.json ui/tsconfig*.json)
PACKAGES := ui/node_modules/.stamp
PROVIDER := tests/oidc/node_modules/.stamp
VENDURE := tests/vendure/node_modules/.stamp
TSC := ui/node_modules/.bin/tsc

# Lists these commands.
.PHONY: help
help:
	@awk '/^# /{words = substr($$0, 3)} /^[a-z][a-z-]*:/{split($$1, name, ":"); if (words) printf "  make %-13s %s\n", name[1], words} !/^(#|\.PHONY)/{words = ""}' Makefile

# Builds what changed and opens Deskhand with the sample shop.
.PHONY: run
run: setup-run ui/dist/index.html
	@scripts/run.sh $(ARGS)

# Everything that CI checks; PHASES="clippy vitest" runs only those.
.PHONY: test
test: setup-test $(PACKAGES) $(PROVIDER) $(VENDURE)
	@scripts/test.sh $(PHASES)

# The fast checks: format, lints, types.
.PHONY: check
check: setup-build $(PACKAGES) ui/dist/index.html
	@scripts/test.sh format chat ui-lint ui-types clippy

# Writes what is generated: TypeScript types, docs/openapi.json, the tables of docs/CONNECTORS.md.
.PHONY: gen
gen:
	cargo run -q --locked -p deskhand-protocol --example typescript
	cargo run -q --locked -p deskhand-gateway --bin deskhand-gateway -- openapi > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json
	cargo run -q --locked -p deskhand-connectors --example connectors_page

# Builds the Debian package.
.PHONY: package
package: setup-build $(PACKAGES)
	@scripts/package.sh

# Takes the pictures of the real window for docs/pictures.
.PHONY: pictures
pictures: setup-test ui/dist/index.html
	cargo build --locked -p deskhand -p deskhand-gateway
	DESKHAND_PICTURES=$(CURDIR)/docs/pictures cargo test --locked -p deskhand-tests --test pictures

# Random scenarios: SEEDS=10000 from the first on, or from DESKHAND_SEED on; DESKHAND_SEED alone is one.
.PHONY: soak
soak: setup-test
	cargo build --locked -p deskhand-gateway
	DESKHAND_SEEDS=$(or $(SEEDS),$(if $(DESKHAND_SEED),1,2000)) cargo test --locked -p deskhand-tests --test random \
		-- --nocapture whatever_happens

# Ends a desktop's cache TIMES=2000 times with kill -9, and a gateway a fifth of that.
.PHONY: crash
crash: setup-test
	cargo build --locked -p deskhand-gateway
	DESKHAND_TIMES=$(or $(TIMES),2000) cargo test --locked -p deskhand-tests --test crash -- --nocapture

# Cuts the power TIMES=2000 times in simulation, for a desktop's cache and for a gateway's database.
.PHONY: power
power: setup-test
	cargo build --locked -p deskhand-gateway
	DESKHAND_TIMES=$(or $(TIMES),2000) cargo test --locked -p deskhand-tests --test power -- --nocapture

# Changes the audit trail in TIMES=10000 ways, on each engine; all must be found.
.PHONY: tamper
tamper: setup-test
	DESKHAND_TAMPERS=$(or $(TIMES),10000) cargo test --locked -p deskhand-gateway --test gateway -- --nocapture tampers

# Slow connections against the gateway's door and against plain axum::serve: CONNECTIONS=10000 of them.
.PHONY: siege
siege: setup-build
	cargo run -q --locked --release -p deskhand-gateway --example door_trial -- $(or $(CONNECTIONS),10000) $(SECONDS)

# Asks the interface CASES=200000 times whatever it allows and forbids, then libFuzzer for SECONDS=60 a target.
.PHONY: fuzz
fuzz: setup-test
	CASES=$(or $(CASES),200000) scripts/schema.sh
	DESKHAND_TIMES=1000000 cargo test --locked -p deskhand-gateway --test gateway -- --nocapture fuzz::
	@scripts/fuzz.sh $(or $(SECONDS),60)

# Licences, bans and sources of everything that comes into the program.
.PHONY: deny
deny:
	@scripts/deny.sh

# Formats the Rust code.
.PHONY: format
format:
	cargo fmt --all

# Fails when Rust code is not formatted.
.PHONY: format-check
format-check:
	cargo fmt --all --check

# Lints the Rust code; a warning is an error.
.PHONY: clippy
clippy:
	cargo clippy --locked --workspace --all-targets -- -D warnings

# Types and tests of the customer's chat page.
.PHONY: chat-check
chat-check: $(PACKAGES)
	$(TSC) -p crates/gateway/chat/tsconfig.json
	node --test crates/gateway/chat/tests/*.test.mjs

# Lints the window's page.
.PHONY: ui-lint
ui-lint: $(PACKAGES)
	npm --prefix ui run --silent lint

# Types of the window's page.
.PHONY: ui-types
ui-types: $(PACKAGES)
	npm --prefix ui run --silent check

# Fails when a generated file is not what is committed.
.PHONY: gen-check
gen-check:
	@scripts/gen-check.sh

# Removes what was built; the packages of the system stay.
.PHONY: clean
clean:
	cargo clean
	rm -rf ui/dist ui/node_modules

# Installs what building and opening Deskhand needs.
.PHONY: setup-run
setup-run:
	@scripts/setup.sh run

# Installs what building everything needs.
.PHONY: setup-build
setup-build:
	@scripts/setup.sh build

# Installs what the tests need.
.PHONY: setup-test
setup-test:
	@scripts/setup.sh test

# The page's packages, again only when the lock file changed.
$(PACKAGES): ui/package-lock.json ui/package.json
	npm --prefix ui ci --no-audit --no-fund
	@touch $@

# The OpenID Connect provider of the tests.
$(PROVIDER): tests/oidc/package-lock.json tests/oidc/package.json
	npm --prefix tests/oidc ci --no-audit --no-fund --ignore-scripts
	@touch $@

# The Vendure of the tests; better-sqlite3 is compiled.
$(VENDURE): tests/vendure/package-lock.json tests/vendure/package.json
	npm --prefix tests/vendure ci --no-audit --no-fund
	@touch $@

# The built page, again only when its sources changed.
ui/dist/index.html: $(PACKAGES) $(PAGE_SOURCES)
	npm --prefix ui run --silent build
	@touch $@
