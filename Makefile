# Everything a contributor or CI runs. One set of build flags everywhere: another
# one would compile every dependency again.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run demo build test lint fmt fuzz bench sim rehearse chaos identity cluster vuln proto clean need-redis need-cc need-browser

GO ?= go
CONFIG ?= examples/ritorno.yaml
FUZZTIME ?= 30s
SEEDS ?= 5000
SOULS ?= 100000
FROM ?= 0
FOR ?= 0
CHAOS ?=
TEST_TIMEOUT ?= 10m
LINT := $(GO) tool -modfile=tools/lint/go.mod golangci-lint
LDFLAGS := -X main.commit=$(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: need-redis build ## the service with the example configuration (CONFIG=file for yours)
	./bin/ritorno --config $(CONFIG) serve

demo: need-redis build ## 18 months of a shop in a minute, then the open server
	./bin/ritorno demo

build: ## bin/ritorno
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/ritorno ./cmd/ritorno

test: need-redis need-cc need-browser ## vet, and every test with the race detector
	$(GO) vet ./...
	$(GO) test -race -timeout $(TEST_TIMEOUT) ./...
	@if [ -f bench/go.mod ]; then echo '$(GO) -C bench vet ./...'; $(GO) -C bench vet ./...; fi

sim: ## N seeds of the deterministic simulation (SEEDS=5000, or FOR=1h)
	$(GO) test -count=1 -timeout 0 -v -run EverySeed ./internal/sim -seeds $(SEEDS) -from $(FROM) -for $(FOR)

rehearse: need-redis ## whole histories through simulate and through the service: every decision the same
	$(GO) test ./cmd/ritorno -count=1 -run SimulationAndService -timeout 0 -v -args -full

chaos: need-redis need-cc ## real processes killed, power cut, failed over: the whole table, an hour or more
	$(GO) test ./internal/chaos -count=1 -run Chaos -timeout 0 -v -full $(CHAOS)

identity: need-redis ## who is taken for whom among 100,000 made-up people (SOULS=1000000 for more), a quarter of an hour
	$(GO) test ./internal/engine -count=1 -timeout 0 -v -run WhoIsWhoAmongMany -souls $(SOULS)

cluster: need-redis need-cc ## the store's promises on a Redis Cluster of three
	$(GO) test -race -count=1 -timeout $(TEST_TIMEOUT) -run '(?i)cluster|promises' ./internal/...

lint: ## linters and layout (.golangci.yml says which and why)
	$(LINT) run ./...

fmt: ## lays the code out
	$(LINT) fmt ./...

fuzz: need-redis ## every fuzz target for 30 s (FUZZTIME=5m for longer)
	GO='$(GO)' scripts/fuzz.sh $(FUZZTIME)

bench: need-redis ## compares speed and memory; figures in docs/performance.md
	@if [ -x bench/run.sh ]; then bench/run.sh; else echo 'bench/run.sh is not there yet' >&2; exit 1; fi

vuln: ## known vulnerabilities in what we use; warns where the database is out of reach
	GO='$(GO)' scripts/vuln.sh

proto: ## Go code from internal/store/recordpb/*.proto
	GO='$(GO)' scripts/proto.sh

clean: ## removes what the build made, never data
	rm -rf bin

need-redis:
	@scripts/need-redis.sh

need-cc:
	@scripts/need-cc.sh

need-browser:
	@scripts/need-browser.sh
