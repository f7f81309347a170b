# Nothing but Python 3.11 to 3.13 and make is needed beforehand; everything else is installed into .venv.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test test-all lint format typecheck bench bench-large canary clean

help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,warc,remote,s3]'
	@touch $(READY)

run: $(READY)  ## set everything up and run the main job on data/sample
	$(BIN)/dedup run --config data/sample/dedup.toml --warehouse warehouse

test: $(READY)  ## set everything up and pass the tests
	$(BIN)/python -m pytest -n auto --dist loadfile

test-all: $(READY)  ## also the slow tests (minutes)
	$(BIN)/python -m pytest -m 'slow or not slow'

lint: $(READY)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## speed, memory and correctness beside other tools, which are installed into .bench-venv (half an hour)
	$(BIN)/python -m benchmarks.run

bench-large: $(READY)  ## the same with a scaling curve up to a million sections (6 GB of disk, 8 GB of memory)
	$(BIN)/python -m benchmarks.run --large

canary:  ## the tests against the newest versions that the requirements allow
	$(PYTHON) -m venv .canary-venv
	.canary-venv/bin/python -m pip install --quiet --upgrade -e '.[dev,warc,remote,s3]'
	.canary-venv/bin/python -m pytest

clean:  ## remove what the commands above made
	rm -rf $(VENV) .canary-venv .bench-venv .bench warehouse build dist src/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
