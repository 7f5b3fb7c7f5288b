# demo   sets up what is missing, builds, tells one whole story, stays up
# test   sets up what is missing, runs every test
# soak   the same tests with the full counts; hours
# bench  the figures of the README, side by side in one run
# check  formatting, lints, licences, bans, sources
CARGO ?= cargo
DEMO ?=

.PHONY: demo test soak bench check packages-build packages-demo packages-test wallet

packages-build:
	@scripts/packages.sh build

packages-demo:
	@scripts/packages.sh build web

packages-test:
	@scripts/packages.sh build web test

wallet: packages-demo
	@scripts/web.sh wallet

demo: wallet
	$(CARGO) build --profile demo --bin vinimay
	target/demo/vinimay demo $(DEMO)

test: packages-test
	VINIMAY_DEPTH=test scripts/test.sh

soak: packages-test
	@scripts/web.sh lighthouse
	VINIMAY_DEPTH=soak scripts/test.sh

bench: packages-test wallet
	$(CARGO) bench -p protocol --bench decision
	$(CARGO) build --release --bin vinimay --bench exchange --bench events
	$(CARGO) bench --bench exchange
	$(CARGO) bench --bench events
	$(CARGO) bench -p eligibility --bench clauses
	@# Together with the program, whose libraries are built already.
	$(CARGO) bench -p vinimay -p registry-adapter --bench ageing
	@# Of the released program itself: this test needs no clock of its own.
	VINIMAY_LOAD=highest $(CARGO) test --release --test end-to-end revocation::
	@cat target/tmp/figures/revocation.txt

check: packages-build
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features test-clock -- -D warnings
	@command -v cargo-deny >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny
	cargo-deny check licenses bans sources
