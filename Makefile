# Everything goes into .venv, by itself; what it takes is Python 3.11 or newer, git and make.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NEWEST := for each in $(PYTHON) python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$each; break; }; done

PYTHON ?= python3
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help dev demo test lint format bench judge docs pins clean

help: ## Show this.
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: $(STAMP) ## Install everything into .venv; 'pyproject.toml' says what.

demo: $(STAMP) ## Rebuild the outage in a temporary repository, and check it.
	@$(BIN)/lastcall demo

# Four processes keep two cores busy, since some tests wait; a hundred of them start lastcall, which is quicker once it is compiled.
test: $(STAMP) ## Run the tests; ARGS go to pytest, as in ARGS='-k freeze'.
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses=4 --dist=worksteal $(ARGS)

lint: $(STAMP) ## Check style and types.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(STAMP) ## Rewrite the code as 'make lint' wants it.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## Measure the figures that have a budget; ARGS name some of them.
	@$(BIN)/python bench/bench.py $(ARGS)

judge: $(STAMP) ## Hold the findings against a real planner on JOB, TPC-H, Chinook and Pagila; ARGS name some of them, -v tells all.
	@$(BIN)/python bench/judge.py $(ARGS)

docs: $(STAMP) ## Write docs/rules.md and the policy's schema; CHECK=1 only says whether they are fresh.
	@$(BIN)/python docs/generate.py $(if $(CHECK),--check)

pins: $(STAMP) ## Pin what the GitHub action installs to the newest versions, with hashes.
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-find-links --upgrade \
		--custom-compile-command 'make pins' pyproject.toml --output-file requirements/action.txt

clean: ## Remove .venv and everything that was built.
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests bench docs -type d -name __pycache__ -prune -exec rm -rf {} +

# pip learnt of dependency groups in 25.1.
$(STAMP): pyproject.toml
	@python=$$($(NEWEST)); \
	if [ -z "$$python" ]; then \
		echo "lastcall needs Python 3.11 or newer with venv (Debian: python3-venv); name one: make PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	$$python -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[planner]' \
		|| echo "the judge's PostgreSQL cannot be had here: its tests will be skipped" >&2
	@touch $@
