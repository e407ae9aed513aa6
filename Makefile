# One way in for people and for machines. Needs only Python 3.11 or newer, git and make.
# `make demo` and `make test` each make their own .venv first; PYTHON=... names another interpreter.

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := dsl_console screens storage sync practice
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
RULES := practice storage sync cli
DRIVEN := app screens journeys faults
SIZE ?= prove

ifeq ($(strip $(PYTHON)),)
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$name"; break; }; done)
endif

.PHONY: help demo test coverage bench prove docs pictures clean
.DELETE_ON_ERROR:

help:
	@echo "make demo   open the console on a made-up school (without a terminal: run its day as a script)"
	@echo "make test   every check and every test"
	@echo "make coverage  the tests of rules, store, exchange and commands, and which lines they reach"
	@echo "make bench  measure speed beside its references and write docs/performance.md"
	@echo "make prove  run the fault and attack harnesses at larger sizes (SIZE=full: a night) and write their figures"
	@echo "make docs   write docs/commands.md from the command line itself"
	@echo "make pictures  take the README's pictures again"
	@echo "make clean  remove .venv, caches and built files"

# The environment is made again only when pyproject.toml changes; a broken one is replaced.
$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer was not found. Install it, or run: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "$(PYTHON) is not Python 3.11 or newer. Name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$(PYTHON) lacks its venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "== making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv --clear $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "== installing dsl-console into $(VENV) (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[hub,postgres,sftp]"
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "== installing the checks into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

demo: $(VENV)/.installed
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/dsl-console demo; \
	else exec $(BIN)/dsl-console demo --headless; fi

# Each line is one step; make stops at the first that fails. pytest itself fails when it ran no test.
test: $(VENV)/.installed-dev
	@echo "== ruff check" && $(BIN)/ruff check .
	@echo "== ruff format --check" && $(BIN)/ruff format --check .
	@echo "== mypy" && $(BIN)/mypy
	@echo "== lint-imports" && $(BIN)/lint-imports
	@echo "== deptry" && $(BIN)/deptry .
	@echo "== pytest on rules, store, exchange and commands" && $(PYTEST) $(DRIVEN:%=--ignore=tests/%)
	@echo "== pytest on screens and processes" && $(PYTEST) $(RULES:%=--ignore=tests/%) --ignore-glob='tests/test_*.py'
	@echo "== all checks passed"

# Tracing costs a third as much again, so it is not part of the gate; of screens and whole processes it would show little.
coverage: $(VENV)/.installed-dev
	@$(PYTEST) $(patsubst %,--cov=%,$(filter-out screens,$(PACKAGES))) --cov-report=term $(DRIVEN:%=--ignore=tests/%)

bench: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks

prove: $(VENV)/.installed-dev
	@SIZE=$(SIZE) $(BIN)/python scripts/prove.py

docs: $(VENV)/.installed-dev
	@$(BIN)/python scripts/make_docs.py

pictures: $(VENV)/.installed-dev
	@$(BIN)/python scripts/make_pictures.py

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(PACKAGES) tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +
