# The whole set-up of a fresh machine hangs on these stamps: Python 3.11, Node 20, git and make are all it needs.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# The local Slack of the tests and the tour is a prebuilt program, one npm package for each system.
LOCAL_SLACK_VERSION := 0.1.8
LOCAL_SLACK_STAMP := .tools/.local-slack-$(LOCAL_SLACK_VERSION)

.PHONY: help test lint format sandbox tools chaos bench lock clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

# pip installs uv as it is pinned, and uv in seconds what takes pip half a minute. Where only pip knows the way to an
# index, pip installs that, too. Nothing is compiled yet: Python does that with what it imports, a small part of all.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	awk '/^[^ ]/ {uv = /^uv==/} uv' requirements.lock > .venv/uv.lock
	$(BIN)/pip install --quiet --require-hashes --requirement .venv/uv.lock
	$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes --requirement requirements.lock \
		|| $(BIN)/pip install --quiet --no-compile --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(LOCAL_SLACK_STAMP): $(STAMP)
	npm install --prefix .tools --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
		$$($(BIN)/python -c 'from sandbox.slack import package_name; print(package_name())')@$(LOCAL_SLACK_VERSION)
	@touch $@

tools: $(LOCAL_SLACK_STAMP)  ## the programs that tests start: a local Slack, a Chromium
	@$(BIN)/python -m tests.support.chromium

# API servers and kubectl trade memory for time: they collect garbage less often.
test chaos: export GOGC = 400
# Hundreds of programs of ours start: what Python has compiled is kept for the next, whoever asks it not to.
test chaos: export PYTHONDONTWRITEBYTECODE =

test: $(STAMP) tools  ## everything that must hold; half of it waits, so three workers for two cores
	$(BIN)/pytest -n 3 --dist worksteal

chaos: $(STAMP) tools  ## kill the bot or fail it at every outbound call, and click at once: the same world
	$(BIN)/pytest tests/chaos --full -n 5 --dist worksteal

lint: $(STAMP)  ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)  ## let ruff mend and lay out what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

sandbox: $(LOCAL_SLACK_STAMP)  ## the whole product in a browser, nothing to sign up for
	$(BIN)/redlight sandbox

bench: $(STAMP) tools  ## what the design promises in numbers, each beside its anchor
	$(BIN)/python -m benchmarks $(BENCH)

lock: $(STAMP)  ## pin anew what pyproject.toml asks for
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--extra sandbox --group dev --output-file requirements.lock pyproject.toml

clean:  ## remove what the set-up made
	rm -rf .venv .tools
