# Two commands: `make run` and `make test`. The others are parts of them.
PORT   ?= 8000
DATA   ?= var
SAMPLE ?= demo

# The first Python on the PATH that is new enough.
PYTHON := $(or $(PYTHON),$(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done))
VENV := .venv/bin/python

.PHONY: help run setup test lint bench ledgers chaos differential sequences lock migration clean
help:
	@echo 'make run  [PORT=8000] [DATA=var] [SAMPLE=demo|large|none]   start everything, Ctrl-C stops it'
	@echo 'make test [ARGS="-k words"]                           lint, types, floors, every test'
	@echo 'make chaos [ARGS="--seed 7 --only soak"]               kill everything everywhere, then look what is lost'
	@echo 'make setup | lint | bench | differential | sequences | ledgers | lock | migration M="what changed" | clean'

run: setup
	@exec $(VENV) -m scripts.run --port '$(PORT)' --data '$(DATA)' --sample '$(SAMPLE)'

setup: python
	@$(PYTHON) -m scripts.setup

test: python
	@$(PYTHON) -m scripts.setup --tests
	@exec $(VENV) -m scripts.check $(ARGS)

lint: python
	@$(PYTHON) -m scripts.setup --tests
	@exec $(VENV) -m scripts.check --lint-only

bench: python
	@$(PYTHON) -m scripts.setup --tests
	@exec $(VENV) -m bench

# 2,400 random processes, step by step, against a model and against stock SpiffWorkflow (`make test` plays 180).
differential: python
	@$(PYTHON) -m scripts.setup --tests
	@exec $(VENV) -m tests.engine.compared 2400

# 100,000 random lives of certificates and their papers against a model, in memory (`make test` plays some hundreds);
# ARGS="--seed 7" plays one again, ARGS="--from 50000 50000" the second half, beside the first.
sequences: python
	@$(PYTHON) -m scripts.setup --tests
	@exec $(VENV) -m tests.registry.sequences $(ARGS)

# 120,000 certificates as old ledgers with planted defects, read on both databases and held against their answers; then
# the registers of other countries, where shared/material is there; then all of them as one workbook at a running site,
# stopped and killed on its way. ARGS="--seed 7" for another group.
ledgers: python
	@$(PYTHON) -m scripts.setup --tests
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(VENV) -m registry.sample --ledger "$$folder" $(ARGS) && \
		$(VENV) -m tests.conformance.ledger "$$folder" && \
		$(VENV) -m tests.conformance.ledger "$$folder" --database sqlite && \
		$(VENV) -m tests.conformance.ledger "$$folder" --database postgresql && \
		$(VENV) -m tests.conformance.registers && $(VENV) -m tests.conformance.registers --database postgresql && \
		$(VENV) -m tests.conformance.long_import --folder "$$folder" && \
		$(VENV) -m tests.conformance.long_import --folder "$$folder" --database postgresql

chaos: python
	@$(PYTHON) -m scripts.setup --tests
	@exec $(VENV) -m tests.chaos $(ARGS)

# New versions: edit pyproject.toml, run this, commit both.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra dev --constraint requirements.lock --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet \
		--output-file requirements-dev.lock

# The next numbered migration, from what the models say and a scratch database does not have yet.
migration:
	@rm -rf .migration && LICET_DATA=.migration $(VENV) -m migrations.run && \
		LICET_DATA=.migration $(VENV) -m migrations.run revise '$(or $(M),changes)'; rm -rf .migration

clean:
	rm -rf .venv node_modules web/static/built .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.PHONY: python
python:
	@test -n '$(PYTHON)' || { echo 'Licet needs Python 3.11 or newer (Debian: apt-get install python3).'; exit 1; }
