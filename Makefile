# Thin on purpose: each target is one or two lines, the work is in `mp-approvals` and the tools.
PYTHON ?= python3
BIN := .venv/bin
.PHONY: demo run test check lock setup setup-dev

demo: setup  ## the whole story in the terminal, without a Slack account
	$(BIN)/mp-approvals demo

run: setup  ## the bot for real; settings from the environment or .env
	$(BIN)/mp-approvals run

test: setup-dev  ## every test, on SQLite and on PostgreSQL
	$(BIN)/pytest -n auto

check: setup-dev  ## lint, format, types, imports
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

lock: setup-dev  ## renew both lock files
	$(BIN)/uv pip compile pyproject.toml --group build --universal --generate-hashes --upgrade -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --upgrade -q -o requirements-dev.lock

setup: .venv/.runtime
setup-dev: .venv/.dev

.venv/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=python3.12, for example.")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e . && touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(BIN)/pip install -q --require-hashes -r requirements-dev.lock && touch $@
