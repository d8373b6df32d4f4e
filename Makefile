# Two commands on a fresh Debian 12: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PRESET  ?= dev
SEEDS   ?= 100000
FIRST   ?= 1
ROUNDS  ?= 200
SECONDS_KILLED ?= 300
SECONDS_EACH ?= 60
SECONDS_SOAKED ?= 3600
TASKS_PER_SECOND ?= 1000
PREFIX  ?= /usr/local
TASKS   ?= 10000000
JOBS    ?= $(shell nproc)
sources  = $(shell find src apps tests bench -name '*.cc' -o -name '*.h' 2>/dev/null)

build = cmake --preset $(1) $(if $(V),,>build/$(1).configure.log) && cmake --build --preset $(1) -j $(JOBS)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: packages
packages: ## install the Debian packages that are missing (root or sudo)
	@scripts/install-packages
	@mkdir -p build

.PHONY: binary
binary: packages ## build the release binary, build/release/waybill
	@$(call build,release) --target waybill

.PHONY: demo
demo: binary ## the main job on real input: scan, verify, aggregate, check the sum
	@scripts/demo

.PHONY: test
test: packages ## build and run every test that this machine can run
	@$(call build,release)
	@scripts/run-tests release

.PHONY: dev
dev: packages ## build one preset with its tests: PRESET=dev|clang|asan|tsan|coverage
	@$(call build,$(PRESET))

.PHONY: bench
bench: binary ## measure, beside the floor of this machine: tables, build/bench/embedded.json
	@mkdir -p build/bench
	@build/release/waybill bench --json-file build/bench/embedded.json

.PHONY: bench-scan
bench-scan: binary ## what a scan costs beside the original: a table, build/bench/scan.json
	@cmake --build --preset release -j $(JOBS) --target cloud_server
	@python3 -B bench/scan.py --waybill build/release/waybill --server build/release/bench/cloud/cloud_server \
	  --json-file build/bench/scan.json

.PHONY: bench-api
bench-api: binary ## the HTTP API under load, and a floor: figures, build/bench/api.json
	@cmake --build --preset release -j $(JOBS) --target http_load
	@python3 -B bench/api.py --waybill build/release/waybill --load build/release/bench/http/http_load \
	  --json-file build/bench/api.json

.PHONY: console-scale
console-scale: binary ## the console's lists with TASKS=10000000: p95 at the server, first paint
	@cmake --build --preset release -j $(JOBS) --target http_load
	@python3 -B tests/console/scale_test.py --waybill build/release/waybill --load build/release/bench/http/http_load \
	  --directory build/release/tests/console/npm --screens build/screens --tasks $(TASKS) --strict

.PHONY: bench-scale
bench-scale: binary ## ledger on PostgreSQL, queue on RabbitMQ, bare statements: build/bench/scale.json
	@cmake --build --preset release -j $(JOBS) --target scale_load
	@python3 -B bench/scale.py --waybill build/release/waybill --load build/release/bench/scale/scale_load \
	  --json-file build/bench/scale.json

.PHONY: bench-archive
bench-archive: binary ## adding to IPFS, capturing, unpacking a ZIM: figures, build/bench/archive.json
	@mkdir -p build/bench
	@python3 -B bench/archive.py --waybill build/release/waybill --json-file build/bench/archive.json

.PHONY: ipfs
ipfs: packages ## kinds ipfs.* and the mirror of a Wikipedia at real nodes of IPFS, which npm brings
	@$(call build,release)
	@ctest --preset release -R '^ipfs\.' --output-on-failure

.PHONY: sim
sim: packages ## the simulator: SEEDS=100000 of them from FIRST=1, PLANT= a mistake
	@$(call build,release) --target sim
	@build/release/tests/sim/sim --seeds $(SEEDS) --first $(FIRST) $(if $(PLANT),--plant $(PLANT))

.PHONY: chaos
chaos: binary ## kill -9 at random moments: ROUNDS=200, SEED=; at every write of a scan; of servers, PostgreSQL, RabbitMQ, with bad roads and full disks
	@cmake --build --preset release -j $(JOBS) --target workflow_manager_effects
	@python3 -B tests/chaos/chaos.py --waybill build/release/waybill --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))
	@for backend in file ledger scan; do python3 -B tests/workflow_manager/every_effect.py --every --backend $$backend \
	  --waybill build/release/waybill --library build/release/tests/workflow_manager/libworkflow_manager_effects.so || exit; done
	@python3 -B tests/http/kills.py --waybill build/release/waybill --rounds 100 $(if $(SEED),--seed $(SEED))
	@python3 -B tests/chaos/servers.py --waybill build/release/waybill --seconds $(SECONDS_KILLED) $(if $(SEED),--seed $(SEED)) \
	  || test $$? = 77

.PHONY: soak
soak: binary ## an hour of load on PostgreSQL, beside a snapshot for a part: SECONDS_SOAKED=3600, TASKS_PER_SECOND=1000, build/soak.json
	@python3 -B tests/soak/soak.py --waybill build/release/waybill --seconds $(SECONDS_SOAKED) --rate $(TASKS_PER_SECOND) \
	  --json-file build/soak.json || test $$? = 77

.PHONY: fuzz
fuzz: packages ## every parser under libFuzzer: SECONDS_EACH=60
	@$(call build,fuzz)
	@scripts/fuzz build/fuzz $(SECONDS_EACH)

.PHONY: format
format: ## rewrite all sources in the house format
	@clang-format-14 -i $(sources)

.PHONY: check
check: check-format check-headers check-clang check-tidy check-asan check-tsan ## format, headers, clang, tidy, sanitizers

.PHONY: check-format
check-format: packages ## nothing differs from the house format
	@clang-format-14 --dry-run -Werror $(sources)

.PHONY: check-headers
check-headers: packages ## every header compiles by itself
	@$(call build,dev) --target all_verify_interface_header_sets

.PHONY: check-clang
check-clang: packages ## the second compiler, with -Wthread-safety
	@$(call build,clang)

.PHONY: check-tidy
check-tidy: check-clang ## clang-tidy over all sources
	@scripts/clang-tidy build/clang

# A small quarantine of what was freed, for tests bound the memory of servers.
.PHONY: check-asan
check-asan: packages ## all tests with address and undefined behaviour sanitizers
	@$(call build,asan)
	@ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=16 scripts/run-tests asan

.PHONY: check-tsan
check-tsan: packages ## all tests with the thread sanitizer
	@$(call build,tsan)
	@scripts/run-tests tsan

.PHONY: coverage
coverage: packages ## all tests, then how many lines of each folder ran
	@$(call build,coverage)
	@scripts/run-tests coverage
	@scripts/coverage build/coverage

.PHONY: install
install: binary ## install the binary: PREFIX=/usr/local
	install -D -m 755 build/release/waybill $(DESTDIR)$(PREFIX)/bin/waybill

.PHONY: deb
deb: binary ## a Debian package of the binary and its services: build/deb/
	@cd build/release && cpack -G DEB -B ../deb

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build
