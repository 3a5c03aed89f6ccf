# Every target does its own set-up: Python 3.11 or newer and make are all it needs.
# `make demo PYTHON=/path/to/python` picks another interpreter for the virtual environment.

VENV := .venv
BIN := $(VENV)/bin
# Python compiles what is imported, when it is; pip would compile all there is, for most of a minute.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

# Debian packages some tests use; a test whose package is absent skips and names it.
SYSTEM_PACKAGES := chromium prometheus prometheus-alertmanager postgresql

export NO_MKDOCS_2_WARNING := 1
# and keeps it, whatever it is told to: tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: help demo test check style types suite fuzz bench docs system

help:
	@echo "make demo    nine days of images, of which a camera is out of focus from day 4 on: a server notices, has"
	@echo "             images labelled, repairs the model and lets the better one in; make demo KEEP=1 leaves it"
	@echo "             up afterwards, so that you can look at its pages"
	@echo "make test    everything continuous integration runs: check, the tests, the documentation"
	@echo "make check   style, types, import layers and doctests only"
	@echo "make fuzz    the property tests, with other examples each time"
	@echo "make bench   every benchmark, beside its peers; writes bench/results (an hour or more)"
	@echo "make docs    the documentation as a web site, in site/"

demo: $(VENV)/.demo
	$(BIN)/driftwheel demo --out driftwheel-demo$(if $(KEEP), --keep)

check: style types
	$(BIN)/pytest src

# What waits for the network goes with what waits for a disk, and what needs one core with what needs all.
test: $(BIN)/python
	@$(MAKE) --no-print-directory -j2 system $(VENV)/.dev
	@$(MAKE) --no-print-directory style
	@$(MAKE) --no-print-directory -j3 types docs suite

style: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/lint-imports

suite: $(VENV)/.dev
	$(BIN)/pytest tests src -n auto --dist loadfile --no-loadscope-reorder

fuzz: system $(VENV)/.dev
	$(BIN)/pytest tests -n auto -m "hypothesis and not slow" --hypothesis-profile random

bench: $(VENV)/.dev
	$(BIN)/python bench/run_all.py

docs: $(VENV)/.dev
	$(BIN)/mkdocs build --quiet --strict

# The stamps: an environment is brought up to date when what it is made from changes.
$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) hatchling editables
	$(PIP_INSTALL) --no-build-isolation -e '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) hatchling editables
	$(PIP_INSTALL) --no-build-isolation -e '.[demo,embed]'
	@touch $@

# The first interpreter that is new enough. Debian keeps venv in a package of its own.
$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  "$$python" -c 'import ensurepip' 2>/dev/null || { \
	    [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	    && apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; } || { \
	    echo "$$python has no venv module: install it first, on Debian with 'apt-get install python3-venv'" >&2; exit 1; }; \
	  echo "$$python -m venv $(VENV)"; exec "$$python" -m venv $(VENV); \
	done; \
	echo "Driftwheel needs Python 3.11 or newer; name one with 'make PYTHON=/path/to/python'" >&2; exit 1

# Only for root on Debian, and never a reason to fail. RUNLEVEL=1 keeps the packages from starting their services.
system:
	@command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] || exit 0; \
	missing=$$(for package in $(SYSTEM_PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	[ -n "$$missing" ] || exit 0; \
	echo "apt-get install" $$missing; \
	{ apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
	  apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } \
	|| echo "Some of these could not be installed; the tests that use them skip:" $$missing
