# `make demo` shows a migration of live traffic; `make test` runs all tests; `make bench` measures.
.DEFAULT_GOAL := help
CARGO ?= cargo
LAB := tests/lab/lab

.PHONY: help setup build release check test demo bench clean-lab

help: ## What there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Install what building and testing need (Debian packages, a JDK, Maven)
	tests/setup

build: ## Debug binaries
	$(CARGO) build --workspace

release: ## Release binaries
	$(CARGO) build --release --workspace --exclude switchover-e2e --exclude switchover-testkit

check: ## Formatting and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

test: ## Unit, property and end-to-end tests on real servers
	tests/run

demo: release ## Record a live Elasticsearch, replay to OpenSearch, compare (KAFKA=1: through Kafka)
	demo/run $(if $(KAFKA),--kafka)

bench: release ## Agent beside nginx and haproxy (bench/run --help)
	bench/run

clean-lab: ## Stop all servers of the lab and delete their data
	$(LAB) down --all --purge
