# `make` lists what there is. Every target covers all modules of go.work.

# Run through the module cache; nothing is installed.
GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

MODULES    = $(shell go list -m -f '{{.Dir}}')
SERVICES  := scripts/services
BENCH     ?= .
FUZZTIME  ?= 10s
DURATION  ?= 10m
NEMESIS   ?= all
STEPS     ?= 20000
SUITE     ?= xorm-postgres
# More flags for go test, for example: make test TEST_FLAGS='-run TestCommit -v'
TEST_FLAGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: ## Run every test of every module, with its own servers and the race detector
	$(SERVICES) run go test -race -shuffle=on $(TEST_FLAGS) work

.PHONY: bench
bench: ## Run the benchmarks against its own servers (BENCH=regexp)
	$(SERVICES) run go test -run='^$$' -bench='$(BENCH)' -p=1 $(TEST_FLAGS) work

.PHONY: bench-peers
bench-peers: ## Measure beside the bare drivers and hand-written caches, and write docs/benchmarks.md
	$(SERVICES) run postgres mysql redis -- go run ./bench -o docs/benchmarks.md

.PHONY: torture
torture: ## Harm processes, Redis and connections for a while and look for stale reads (DURATION=10m NEMESIS=all)
	$(SERVICES) run postgres mysql -- sh -ec 'for dsn in "$$CACHEDSQL_TEST_POSTGRES" "$$CACHEDSQL_TEST_MYSQL"; do \
		go run ./internal/torture -duration $(DURATION) -nemesis $(NEMESIS) -database "$$dsn"; done'

.PHONY: torture-all
torture-all: ## Each nemesis by itself on both databases, and a table of what came of it (DURATION=10m each)
	@$(SERVICES) run postgres mysql -- sh -ec 'go run ./internal/torture -alone -duration $(DURATION) \
		"$$CACHEDSQL_TEST_POSTGRES" "$$CACHEDSQL_TEST_MYSQL"'

.PHONY: soundness
soundness: ## Compare random reads with the database's answers after random writes (STEPS=20000 on each of three databases)
	CACHEDSQL_SOUNDNESS_STEPS=$(STEPS) $(SERVICES) run postgres mysql -- \
		go test -run='NoReadDiffers|SoundnessTestNotices' -v -timeout=24h $(TEST_FLAGS) .

.PHONY: suite
suite: ## Run another project's own tests with every query cached, and say what ends otherwise (SUITE=xorm-postgres)
	$(SERVICES) run postgres mysql redis -- go run ./suites $(SUITE)

.PHONY: fuzz
fuzz: ## Run each fuzz target for a short time (FUZZTIME=10s)
	scripts/fuzz $(FUZZTIME)

.PHONY: lint
lint: ## Run golangci-lint and check that every go.mod is tidy
	@set -e; for module in $(MODULES); do (set -x; cd $$module; $(GOLANGCI_LINT) run; GOWORK=off go mod tidy -diff); done

.PHONY: fmt
fmt: ## Format all Go code
	@set -e; for module in $(MODULES); do (cd $$module; $(GOLANGCI_LINT) fmt); done

.PHONY: vulncheck
vulncheck: ## Look for known vulnerabilities in what the code calls (asks vuln.go.dev)
	scripts/vulncheck

.PHONY: demo
demo: ## Run the todo example under load, with and without the cache side by side
	$(SERVICES) run postgres redis -- go run ./examples/todo demo

.PHONY: services-up
services-up: ## Start PostgreSQL, MariaDB, Redis, a Redis Cluster and Sentinels, and print their addresses
	@$(SERVICES) up && $(SERVICES) env

.PHONY: services-down
services-down: ## Stop them and remove their data
	@$(SERVICES) down
