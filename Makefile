# Targets are verbs; `make` alone prints help.
# env sets variables instead of the shell: a shell that gets SIGTERM from make ends without its program.
PYTHON ?= python3
BIN := .venv/bin
SERVICES := ingest indexer publisher proxy upload local
SOURCES := schemas/schemas checks/checks chassis/chassis cloud/cloud access/access services/ingest/ingest \
	services/indexer/indexer services/publisher/publisher services/proxy/proxy services/upload/upload cli/gcpypi local/local testing/testing
MEMBERS := schemas checks chassis cloud access services/ingest services/indexer services/publisher services/proxy services/upload cli local testing

.DEFAULT_GOAL := help
.PHONY: help install demo local-up local-down local-logs test test-clients chaos bench bench-read judge-wheels fuzz check images format schemas lock

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed ## create .venv with all dependencies of services, tests and checks

INSTALLED := requirements/dev.txt pyproject.toml $(MEMBERS:=/pyproject.toml)

.venv/installed: $(INSTALLED)
	$(PYTHON) -m venv $(@D)
	$(INSTALL)

define INSTALL
$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(MEMBERS:%=-e ./%)
$(@D)/bin/python -m pip check --quiet --disable-pip-version-check
touch $@
endef

demo: install ## start the local index, publish wheels, install one, and print each step
	$(BIN)/python -m local demo

local-up: install ## start the index on this machine (RUNTIME=docker or native)
	$(BIN)/python -m local up

local-down: install ## stop the local index; buckets and secrets stay
	$(BIN)/python -m local down

local-logs: install ## follow the logs of all local processes, or print the steps of one FILE=…
	$(BIN)/python -m local logs $(if $(FILE),--file "$(FILE)")

test: install ## run all rings of tests
	$(BIN)/$(PYTEST)

# The markers deselect all tests of the ignored folders. Without them the collection is shorter.
COLLECT := python -m pytest --ignore=tests/browser --ignore=tests/clients
PYTEST = $(COLLECT) -n auto --maxprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder
PROCESSES ?= 4
PYTHONS ?= 3.11 3.12 3.13

.PHONY: test-pythons
test-pythons: install ## run the rings of tests on each installed Python (PYTHONS="3.11 3.12 3.13")
	$(MAKE) --no-print-directory --keep-going $(or $(shell .ci/pythons $(PYTHONS)),$(error no Python to test on))

.PHONY: install-pythons
install-pythons: install # environments of test-pythons
	+@set -- $(OTHER_PYTHONS); [ $$# = 0 ] || $(MAKE) --no-print-directory "$$@"

OTHER_PYTHONS = $(patsubst test-on-%,.venv/pythons/%/installed,$(filter test-on-%,$(shell .ci/pythons $(PYTHONS))))

# The processes of a run begin with the same files. Each of them would rewrite all assertions.
.PHONY: cache-tests
cache-tests: install-pythons # cache the bytecode of the tests for test-pythons
	for bin in $(BIN) $(patsubst %/installed,%/bin,$(OTHER_PYTHONS)); do \
		printed=$$($$bin/$(COLLECT) --quiet --collect-only) || { echo "$$printed" | tail -n 100; exit 1; }; done

# Markers of the tests that run on the Python of .venv only.
FIRST_ONLY ?= any_python

test-on-%: .venv/pythons/%/installed
	$(<D)/bin/$(PYTEST) -m "not clients and not browser and not interrupted and not ($(FIRST_ONLY))"

.PRECIOUS: .venv/pythons/%/installed
.venv/pythons/%/installed: $(INSTALLED)
	"$$(.ci/python $*)" -m venv $(@D)
	$(INSTALL)

test-clients: install ## test real installers, recipes of docs/use.md, Bazel's reader, micropip, bots; print a table
	$(BIN)/python -m pytest -v -m clients tests/clients

chaos: install ## test at full size that no kill and no fault loses anything (an hour or more)
	env CHAOS=full $(BIN)/python -m pytest tests/chaos

.PHONY: safeguards
safeguards: install ## remove each safeguard of the protocols in a copy: a test must fail
	$(BIN)/python -W error -m testing.safeguards

BENCH := $(BIN)/python -W error -m benchmarks
ARGS ?= read

bench: install ## run a benchmark: make bench ARGS="read --rounds 3" (benchmarks/README.md)
	$(BENCH).$(ARGS)

bench-read: install ## measure the read side: requests, installs, memory (needs wrk and nginx)
	$(BENCH).read
	$(BENCH).read.install
	$(BENCH).read.pull --mebibytes 1024

.PHONY: soak
soak: install ## run the whole local index under load for 10 minutes: trends of memory, descriptors, tasks
	$(BENCH).soak

judge-wheels: install ## check well-known wheels and new wheels of all build back ends (downloads 1.5 GB)
	$(BENCH).ingest.known_wheels
	env BACKENDS=all FUZZ=full $(BIN)/python -m pytest tests/unit/checks/test_build_backends.py tests/fuzz

FUZZ_SECONDS ?= 600
FUZZER := .venv/fuzz/bin/python

fuzz: .venv/fuzz/installed ## search with atheris for archives that readers interpret differently (10 minutes)
	env PYTHONPATH=testing:checks:schemas $(FUZZER) tests/fuzz/zip_fuzzer.py -max_total_time=$(FUZZ_SECONDS)

.venv/fuzz/installed: .venv/installed
	$(BIN)/python -m venv .venv/fuzz
	$(FUZZER) -m pip install --quiet --disable-pip-version-check --only-binary=:all: atheris packaging pydantic \
		|| { echo "atheris has no wheel for $$($(FUZZER) --version)"; exit 1; }
	touch $@

AXE := .venv/browser/node_modules/axe-core/package.json

.PHONY: test-browser
test-browser: .venv/browser/installed $(AXE) ## test the pages in Chromium (packages chromium, chromium-driver, npm)
	exec env PYTHONPATH=$$(echo .venv/browser/lib/python*/site-packages) $(BIN)/python -m pytest -m browser tests/browser

.venv/browser/installed: .venv/installed
	$(BIN)/python -m venv .venv/browser
	.venv/browser/bin/python -m pip install --quiet --disable-pip-version-check selenium
	touch $@

$(AXE): .venv/browser/installed
	npm install --prefix .venv/browser --no-save --no-audit --no-fund --ignore-scripts axe-core@4.14.1
	touch $@

.PHONY: fuzz-proxy
fuzz-proxy: install ## send 100 000 hostile requests to the proxy and count its answers
	env HOSTILE=100000 $(BIN)/python -m pytest -q tests/unit/proxy/test_hostile_full.py

check: install ## check lint, types, import boundaries, Dockerfile, Compose file
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(SOURCES) tests benchmarks deploy
	$(BIN)/lint-imports
	$(BIN)/docker-compose --file docker-compose.yml config --quiet
	$(BIN)/hadolint Dockerfile

.PHONY: structure
structure: install ## print measures of the code: folders, functions, modules, cycles, rooms, tests
	$(BIN)/python -W error -m testing.structure

.PHONY: check-deploy
check-deploy: install .venv/deploy/installed ## check Terraform, scripts and examples without a Google Cloud project
	env PYTHONPATH=deploy .venv/deploy/bin/python -W error -m offline_checks
	env CHECK_DEPLOY=1 $(BIN)/python -m pytest tests/deploy

.venv/deploy/installed: requirements/deploy.txt requirements/deploy-provider.txt
	$(PYTHON) -m venv .venv/deploy
	.venv/deploy/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/deploy.txt
	.venv/deploy/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: --dest .venv/deploy/bindings -r requirements/deploy-provider.txt
	touch $@

images: install ## build, inspect and run every image (docker, or buildah as root)
	env PYTHONPATH=deploy $(BIN)/python -W error -m images

format: install ## format the code and apply the automatic corrections of the linter
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

schemas: install ## export the JSON Schemas of messages and documents
	$(BIN)/python -m schemas.export schemas/json

lock: install ## resolve the dependencies and pin them in requirements/, with hashes
	$(BIN)/uv lock --quiet --upgrade
	for s in $(SERVICES); do $(EXPORT) --package gcpypi-$$s --no-dev -o requirements/$$s.txt >/dev/null || exit 1; done
	$(EXPORT) --package gcpypi --no-dev -o requirements/cli.txt >/dev/null
	$(EXPORT) --all-packages -o requirements/dev.txt >/dev/null
	echo hatchling | $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --constraint requirements/dev.txt --generate-hashes --no-header --no-annotate -o requirements/build.txt - >/dev/null

EXPORT := $(BIN)/uv export --quiet --frozen --no-emit-workspace --no-header --format requirements-txt
