# Thin on purpose: each target is one or two lines, the work is in `mp-approvals` and the tools.
PYTHON ?= python3
BIN := .venv/bin
.PHONY: demo run test slow check bench soak lock mutants browser pictures setup setup-dev

demo: setup  ## the whole story in the terminal, without a Slack account
	$(BIN)/mp-approvals demo

run: setup  ## the bot for real; settings from the environment or .env
	$(BIN)/mp-approvals run

test: setup-dev  ## the quick tests, on SQLite and, where they differ, on PostgreSQL
	$(BIN)/pytest -n auto -m "not slow and not browser"

slow: setup-dev  ## the rest on PostgreSQL; the bot by its other way in; what starts processes: kills, replicas, a short soak
	$(BIN)/pytest -n auto -m "slow and not browser"

check: setup-dev  ## lint, format, types, imports
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

soak: setup-dev  ## faults for MINUTES on DATABASE: nothing lost, nothing twice
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),2) --database $(or $(DATABASE),postgresql) $(if $(SEED),--seed $(SEED)) $(if $(LOGS),--logs $(LOGS))

bench: setup-dev  ## every figure beside its floor; SMALL=1 in some minutes
	$(BIN)/python -m tests.bench $(if $(SMALL),--small)

mutants: setup-dev  ## change one operator at a time: does a test notice? COUNT, SEED, PATHS, TESTS
	$(BIN)/python -m tests.mutants --count $(or $(COUNT),40) $(if $(SEED),--seed $(SEED)) \
		$(if $(TESTS),--tests "$(TESTS)") $(PATHS)

browser: .venv/.ui  ## the page in a real browser
	$(BIN)/pytest -m browser tests/browser

pictures: .venv/.ui  ## the README's pictures, taken from the running page
	$(BIN)/python -m tests.browser.pictures

# Without extras in the lock pip looks up `coverage[toml]` anew, finds a newer version, and refuses it.
lock: setup-dev  ## renew the lock files
	$(BIN)/uv pip compile pyproject.toml --group build --universal --no-strip-extras --generate-hashes --upgrade -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --no-strip-extras --generate-hashes --upgrade -q -o requirements-dev.lock
	$(BIN)/uv pip compile --group ui -c requirements-dev.lock --universal --no-strip-extras --generate-hashes --upgrade -q -o requirements-ui.lock

setup: .venv/.runtime
setup-dev: .venv/.dev

.venv/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=python3.12, for example.")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e . && touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(BIN)/pip install -q --require-hashes -r requirements-dev.lock && touch $@

# Fonts for emoji and Chinese: without them the pictures show boxes.
.venv/.ui: requirements-ui.lock .venv/.dev
	$(BIN)/pip install -q --require-hashes -r requirements-ui.lock
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromium >/dev/null; then \
	  apt-get update -qq && apt-get install -y -qq chromium fonts-noto-color-emoji fonts-noto-cjk; fi
	touch $@
