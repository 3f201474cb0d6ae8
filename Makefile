# Assay's commands. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/ready
# A file's tests stay in one process, and what takes longest begins first (tests/conftest.py).
SIDE_BY_SIDE := --numprocesses 2 --dist loadgroup --no-loadscope-reorder
UV := uv==0.13.9
PIP_AUDIT := pip-audit==2.10.1
COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	--generate-hashes --no-annotate --custom-compile-command "make lock"

.PHONY: help
help: ## list these commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: setup
setup: $(READY) ## install everything into .venv (about a minute the first time)

$(READY): requirements-dev.lock pyproject.toml
	@if ! command -v "$(PYTHON)" >/dev/null || ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
	  echo "Assay needs Python 3.11, and neither python3.11 nor python3 is one." >&2; \
	  echo "On Debian or Ubuntu: apt-get install python3.11 python3.11-venv; elsewhere: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; \
	  exit 1; fi
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1 && ! "$(PYTHON)" -m venv --clear .venv; then \
	  echo "Python could not make a virtual environment. On Debian or Ubuntu: apt-get install python3.11-venv" >&2; \
	  rm -rf .venv; exit 1; fi
	@echo "Installing Assay into .venv (about a minute) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo
demo: setup ## verify real deployments of a real model, then serve the board (ONCE=1: stop after the table)
	@$(BIN)/python manage.py demo $(if $(ONCE),--once)

.PHONY: test
test: setup ## run all tests, two at a time (installs chromium with apt if it is missing); ARGS="-k name" for some
	@sh tests/browser/install.sh
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

.PHONY: test-story
test-story: setup ## only the long ways: the Procfile's processes, the demo, a real browser
	@sh tests/browser/install.sh
	@$(BIN)/python -m pytest tests/functional tests/functional/story.py tests/browser $(ARGS)

.PHONY: test-api
test-api: setup ## the API against its own description: 50 made-up requests an operation, twice
	@API_EXAMPLES=50 $(BIN)/python -m pytest tests/leaderboard/api tests/leaderboard/exports $(ARGS)

.PHONY: contract
contract: setup ## write the API's examples and tests/contract/openapi.yaml anew; refuses to take anything away
	@WRITE_CONTRACT=1 $(BIN)/python -m pytest tests/leaderboard/api/test_contract.py -k "example_is or keeps_what"

.PHONY: check style types imports migrations deployment
check: style types imports migrations deployment ## the quality gates (`make -k check` goes on after a failure)
style: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
types: setup
	@$(BIN)/mypy
imports: setup
	@$(BIN)/lint-imports --no-logo
migrations: setup
	@$(BIN)/python manage.py makemigrations --check --dry-run
deployment: setup
	@ALLOWED_HOSTS=assay.example.org DEBUG=false REDIS_URL=redis://127.0.0.1:6379/0 \
	  SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	  CREDENTIAL_KEYS=$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())') \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

.PHONY: translations
CATALOGUE := leaderboard/locale/zh_Hans/LC_MESSAGES/django
translations: setup ## compile the Chinese catalogue, then say what is missing in it (needs GNU gettext)
	@command -v msgfmt >/dev/null || { echo "msgfmt is missing. On Debian or Ubuntu: apt-get install gettext" >&2; exit 1; }
	@msgfmt --output-file=$(CATALOGUE).mo $(CATALOGUE).po
	@$(BIN)/python -m pytest tests/leaderboard/test_catalogue.py

.PHONY: screenshots
screenshots: setup ## pictures of every page, both themes, both widths (SCREENSHOTS=folder, PAGES=board,compare)
	@sh tests/browser/install.sh
	@$(BIN)/python -m pytest tests/browser/screenshots.py

.PHONY: bench-power
bench-power: setup ## the error budget: tokens per degradation, causes, false accusations, other methods (FULL=1: hours; KEEP=folder: go on from its answers)
	@$(BIN)/python -m tests.bench.power $(if $(FULL),--full) $(if $(KEEP),--keep $(KEEP))

.PHONY: bench-peers
bench-peers: setup ## the published methods alone, beside the figures that bench-power wrote (FULL=1, KEEP=folder: as there)
	@$(BIN)/python -m tests.bench.power --only-peers $(if $(FULL),--full) $(if $(KEEP),--keep $(KEEP))

.PHONY: bench-runner
bench-runner: setup ## what our runner costs beside a bare httpx loop and the openai SDK in a thread pool
	@$(BIN)/python -m tests.bench.runner $(ARGS)

.PHONY: bench-healthy
bench-healthy: setup ## a healthy llama.cpp server fails no check: whole runs over ten seeds (some 40 minutes; ARGS="--seeds 2")
	@$(BIN)/python -m tests.bench.healthy $(ARGS)

.PHONY: bench-broken
bench-broken: setup ## what the lab breaks is found by the check meant for it alone, with the real model (up to an hour)
	@$(BIN)/python -m tests.bench.broken $(ARGS)

.PHONY: bench-own
bench-own: setup ## sixty prompts of a user's own rank five real deployments by their true distance (some minutes)
	@$(BIN)/python -m tests.bench.own_prompts

.PHONY: fuzz
fuzz: setup ## a million made-up answers for the parsers: each ends as an answer or in a typed failure
	@$(BIN)/python -m tests.fuzz $(ARGS)

.PHONY: fuzz-guided
fuzz-guided: setup ## the same parsers, by inputs that atheris grows by what they reach (some minutes; where it installs)
	@if ! $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
	  -r tests/fuzz/guided.lock 2>/dev/null; then \
	  echo "atheris can't be installed: expected Linux on x86-64 with CPython 3.11 and a package index. \`make fuzz\` runs everywhere." >&2; \
	  exit 2; fi
	@folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; $(BIN)/python -m tests.fuzz.guided "$$folder" $(ARGS)

.PHONY: test-egress test-hostile test-canary
test-egress: setup ## every address, spelling, name and sequence that must be refused, a line each
	@$(BIN)/python -m pytest -vv $(addprefix tests/verifier/client/test_,addresses.py egress.py own_host.py ports.py resolver.py target.py txt.py url_rules.py) $(ARGS)
test-hostile: setup ## every hostile answer and its typed outcome, with time and memory, a line each
	@$(BIN)/python -m pytest -vv $(addprefix tests/verifier/client/test_,outcomes.py memory.py http.py exchange.py retry.py) $(ARGS)
test-canary: setup ## a key that its server tells in every answer is nowhere in what a running site keeps or shows
	@$(BIN)/python -m pytest -vv tests/functional/test_canary.py $(ARGS)

.PHONY: chaos
chaos: setup ## a thousand runs while workers, Redis and PostgreSQL are killed under them (ARGS="--few": what CI does)
	@$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: bench-web
bench-web: setup ## how many readers the site bears while four runs are under way (with wrk; some minutes)
	@sh tests/bench/install_wrk.sh
	@$(BIN)/python -m tests.bench.web $(ARGS)

.PHONY: lock
lock: setup ## make the lock files again from pyproject.toml
	@$(BIN)/python -m pip install -qq --disable-pip-version-check $(UV)
	@$(COMPILE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --output-file requirements-dev.lock --constraint requirements.lock --extra dev pyproject.toml

.PHONY: audit
audit: setup ## known vulnerabilities in what requirements.lock pins (asks pypi.org's advisories; 2: nobody could be asked)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check $(UV)
	@report=$$(mktemp); trap 'rm -f "$$report"' EXIT; \
	  $(BIN)/uv tool run --quiet --from $(PIP_AUDIT) pip-audit --requirement requirements.lock --require-hashes \
	    --disable-pip --progress-spinner off --timeout 20 --format json --output "$$report" >/dev/null 2>&1 || true; \
	  $(BIN)/python .ci/audit.py "$$report" requirements.lock

.PHONY: clean
clean: ## remove .venv, caches and the development state (var/)
	@rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache var
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
