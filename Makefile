# `make demo` shows a migration of live traffic; `make test` runs all tests; `make bench` measures.
.DEFAULT_GOAL := help
CARGO ?= cargo
LAB := tests/lab/lab

.PHONY: help setup build release packages check test test-packages fuzz soak demo bench clean-lab
FUZZ_SECONDS ?= 60
SOAK_SECONDS ?= 600
SOAK_KILLS ?= 1000

help: ## What there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Install what building and testing need (Debian packages, a JDK, Maven)
	tests/setup

build: ## Debug binaries
	$(CARGO) build --workspace

release: ## Release binaries
	$(CARGO) build --release --workspace --exclude switchover-e2e --exclude switchover-testkit

packages: ## deb, rpm and tarball, for hosts from glibc 2.17 on (zig, nfpm: installed below target/)
	packaging/build

check: ## Formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

test: ## Unit, property and end-to-end tests on real servers
	tests/run

test-packages: ## Packages built, checked, installed in front of a real node on a machine with systemd (root, Debian)
	tests/packages/run

fuzz: ## Every fuzz target for FUZZ_SECONDS (60): cargo-fuzz where installed, else random inputs
	tests/fuzz/run $(FUZZ_SECONDS)

soak: release ## SOAK_SECONDS (600) of traffic through agent and Kafka; SOAK_KILLS (1000) of backfill workers
	tests/soak/run --seconds $(SOAK_SECONDS)
	$(CARGO) build --workspace
	SWITCHOVER_KILLS=$(SOAK_KILLS) $(CARGO) test --workspace --test backfill -- --nocapture workers_killed

demo: release ## Record a live Elasticsearch, replay to OpenSearch, compare (KAFKA=1: through Kafka)
	demo/run $(if $(KAFKA),--kafka)

bench: release ## Agent beside nginx and haproxy (bench/run --help), the replayer (bench/replay), the backfill (bench/backfill), comparisons (bench/verify)
	bench/run
	bench/replay
	bench/backfill
	bench/verify

clean-lab: ## Stop all servers of the lab and delete their data
	$(LAB) down --all --purge
