# Two commands to begin with: `make serve` and `make test`. Each sets up what it needs in .venv and says what it runs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
SETUP := setup.cfg pyproject.toml constraints.txt
SERVED := $(or $(ARTICLES),$(KB_ARTICLES),$(if $(wildcard kb.toml),,articles))
NPM := tests/browser/foreign tests/npm
BROWSER := $(shell command -v chromium-headless-shell chromium chromium-browser google-chrome 2>/dev/null | head -n 1)

.PHONY: serve test faults bench soak lint format translations docs browser imap npm wheel clean

serve: $(VENV)/.build  ## the help center on http://127.0.0.1:8000; ARTICLES=path serves another folder
	$(BIN)/kb serve $(if $(SERVED),--articles "$(SERVED)")

test: $(VENV)/.test browser imap npm  ## all tests but the slow ones
	$(BIN)/python -m pytest -m "not faults" --numprocesses=4 --dist=loadfile

faults: $(VENV)/.test browser imap  ## kills, corruption, full disks, attacks
	$(BIN)/python -m pytest -m faults

bench: $(VENV)/.bench  ## speed and memory, as ratios; EVAL=folder takes real sets, WRITE=article keeps the tables
	$(BIN)/python -m tests.bench $(if $(WRITE),--write "$(WRITE)")
	$(BIN)/python -m tests.bench.widget
	$(BIN)/python -m tests.bench.fields
	$(BIN)/python -m tests.bench.events

soak: $(VENV)/.bench  ## the long runs
	KB_SOAK=1 $(BIN)/python -m pytest -m faults tests/faults
	$(BIN)/python -m tests.bench --soak $(if $(WRITE),--write "$(WRITE)")
	$(BIN)/python -m tests.bench.events --month
	$(BIN)/python -m tests.bench.growth --minutes "$(or $(MINUTES),30)"
	$(BIN)/python -m tests.learning $(if $(EVAL),--write articles/support-leads/learning-proof.md)

lint: $(VENV)/.lint  ## format, rules, types, direction of imports, generated tables and lists up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m kb.cli.manual --check articles
	$(BIN)/python -m kb.cli.translations --check

format: $(VENV)/.lint translations  ## format, sort imports, write the generated tables and the lists of messages
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .
	$(BIN)/python -m kb.cli.manual articles

translations: $(VENV)/.build  ## new messages in every catalogue; ADD=sv adds a language
	$(BIN)/python -m kb.cli.translations $(ADD)

wheel: $(VENV)/.build  ## a wheel in dist/
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .

browser:
ifneq ($(notdir $(BROWSER)),chromium-headless-shell)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing chromium-headless-shell for the browser tests"; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null; \
	fi || true
ifeq ($(BROWSER),)
	@command -v chromium-headless-shell >/dev/null || echo "chromium is missing: the browser tests are skipped; install it with 'apt-get install chromium-headless-shell'"
endif
endif

imap:
	@if [ ! -x /usr/sbin/dovecot ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing dovecot-imapd for the tests of mailboxes"; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends dovecot-imapd >/dev/null 2>&1; \
	fi || true
	@[ -x /usr/sbin/dovecot ] || echo "dovecot is missing: the tests of mailboxes are skipped; install it with 'apt-get install dovecot-imapd'"

npm: $(NPM:%=%/node_modules/.installed)

%/node_modules/.installed: %/package-lock.json
	@if ! command -v npm >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing npm for the tests with its packages"; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends npm >/dev/null 2>&1; \
	fi || true
	@if command -v npm >/dev/null; then \
		echo "Installing the packages of $*: half a minute the first time"; \
		cd $* && npm ci --ignore-scripts --no-audit --no-fund --silent && touch node_modules/.installed; \
	else \
		echo "npm is missing: the tests with the packages of $* are skipped; install it with 'apt-get install npm'"; \
	fi || echo "npm could not install: the tests with the packages of $* are skipped; run 'make npm' again"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 serve")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.build: $(SETUP) | $(BIN)/python
	@echo "Installing into $(VENV): a few minutes the first time"
	$(PIP) --editable '.[build]'
	@touch $@

$(VENV)/.test: $(VENV)/.build
	$(PIP) --editable '.[build,test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	$(PIP) --editable '.[build,test,bench]'
	@touch $@

$(VENV)/.lint: $(VENV)/.build
	$(PIP) --editable '.[build,test,bench,lint]'
	@touch $@

clean:  ## forget the virtual environment; var/ with tickets and index is kept
	rm -rf $(VENV) build dist *.egg-info
