# What CI runs is what you run. Needs Python 3.11 or later and PyPI; everything else is named where it is wanted.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-connected test-compose check bench up asyncapi lengths

help: ## what there is to make
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## create .venv and install everything, with the tools for testing

$(VENV)/.installed: pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed, this is $$("$(PYTHON)" --version 2>&1): make PYTHON=python3.12 …"; exit 1; }
	@[ -x $(BIN)/python ] || "$(PYTHON)" -m venv $(VENV)
	@echo "installing into $(VENV) (a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: setup ## play a sample company on both platforms' stand-ins and check the end
	@$(BIN)/tenure demo $(ARGS)

test: setup ## the plain suite, on the embedded broker and database
	@$(BIN)/pytest -m 'not connected and not histories and not faults and not compose' $(PYTEST_ARGS)
	@echo
	@echo "Left out: what needs Apache Kafka and Debian's PostgreSQL (make test-connected) or a Docker engine (make"
	@echo "          test-compose), and the long suites that .ci/run runs: whole histories through the live path, kills"
	@[ -d "$${TENURE_SHARED:-../shared}" ] || \
	  echo "Left out: what needs the histories and fact sheets of ../shared, which is not here"

test-connected: setup ## the same on real parts: Apache Kafka, Debian's PostgreSQL
	@tests/connected/prepare.sh
	@$(BIN)/pytest -m connected $(PYTEST_ARGS)

test-compose: setup ## the compose file on a Docker engine: everything stopped in turn, nothing lost
	@$(BIN)/pytest -m compose $(PYTEST_ARGS)

check: setup lengths asyncapi ## format, lint, types, imports, contracts, docs
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --strict
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.contracts --check
	@$(BIN)/python -m tools.compatibility
	@$(BIN)/python -m tools.docs --check

lengths:
	@long=$$(find services contracts sandbox -name '*.py' -exec awk 'END { if (NR > 500) print FILENAME ": " NR }' {} \;); \
	  [ -z "$$long" ] || { echo "over 500 lines:"; echo "$$long"; exit 1; }

asyncapi:
	@if command -v npm >/dev/null; then \
	  { [ -d tools/asyncapi/node_modules ] || npm --prefix tools/asyncapi ci --silent --no-audit --no-fund; } && \
	  node tools/asyncapi/check.mjs; \
	else echo "Left out: AsyncAPI's own parser (no Node.js here)"; fi

bench: setup ## measure everything and write docs/performance.md (ARGS="--only people" or --quick: only show)
	@$(BIN)/python -m benchmarks $(or $(ARGS),--write)

up: setup ## run everything on this machine, with the platforms' stand-ins, until Ctrl-C
	@$(BIN)/tenure up --sandbox $(ARGS)
