# The few commands that people type. Each does its own set-up: Rust is needed, for `test` also Python 3 and Node, and for
# `check`, `audit`, `build` and `deploy` Python 3. Tools come at pinned versions into .tools/, which git ignores.

.DEFAULT_GOAL := help
.PHONY: help run test check audit bench build deploy smoke screenshot

FUNCTIONS := authorizer hipchat-proxy lambda-invoker
# Arguments of `make run`, `make bench` and `make smoke`, as in: make run ARGS="--hydra-url http://127.0.0.1:4445"
ARGS ?=
# The section of samconfig.toml that `make deploy` uses: default or prod.
STAGE ?= default

help: ## What can be typed here
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: ## Start the suite on this machine, no AWS account needed; Ctrl-C stops it
	cargo build $(FUNCTIONS:%=-p %) -p local
	@exec "$${CARGO_TARGET_DIR:-target}/debug/local" run $(ARGS)

test: ## All tests: unit, documentation, end to end with the real binaries, real servers and clients, repository rules
	.ci/interop
	cargo build $(FUNCTIONS:%=-p %)
	cargo test --workspace --no-fail-fast

check: ## Formatting, lints, docs, licences, unused crates, bills of materials, template, size
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --document-private-items
	.ci/tool cargo-deny --locked check licenses bans sources
	.ci/tool cargo-machete
	.ci/one-tls-stack
	.ci/sbom --check
	.ci/template
	.ci/package --check

audit: ## Known vulnerabilities in the dependencies; needs the advisory database on the network
	@.ci/tool cargo-deny --locked check advisories || \
	    { echo "audit: failed: an advisory applies (above), or its database could not be fetched" >&2; exit 1; }

bench: ## The benchmark against its floors, under two minutes; ARGS=--full for numbers to quote, --grow for how cost grows
	set -e; for package in $(FUNCTIONS) bench; do cargo build --locked --release -p $$package; done
	@exec "$${CARGO_TARGET_DIR:-target}/release/bench" $(ARGS)

build: ## The packages as they are shipped, for this machine's processor and for arm64 where Rust has it; sizes, hashes, bills
	.ci/package

deploy: ## sam build and sam deploy; STAGE=default or STAGE=prod, with its parameters from samconfig.toml
	@.ci/tool cargo-lambda lambda --version
	PATH="$(CURDIR)/.tools/cargo-lambda/bin:$$PATH" CARGO_BUILD_RUSTFLAGS="$$(.ci/rustflags)" \
	    .ci/tool sam build --config-env $(STAGE)
	.ci/tool sam deploy --config-env $(STAGE)

smoke: ## Ask each front of a deployed stack, or of `make run`, whether it lets in whom it must; ARGS=--help tells of URLs
	@cargo run --quiet --locked -p local -- smoke $(ARGS)

screenshot: ## Make docs/slack-page.png again, the README's picture of the page that shows what Slack got
	.ci/interop chromium
	cargo build $(FUNCTIONS:%=-p %)
	SCREENSHOT=docs/slack-page.png cargo test -p tests --test end_to_end the_readme_shows_it
