# `make dev` and `make test` set everything up by themselves; all they need is python3, git and make.
# `make test PYTHON=3.12` is with another Python (a version or a path) than that of .python-version.
.PHONY: dev test fuzz soak compat setup lint format bench clean system-packages

export UV_PROJECT_ENVIRONMENT := .venv
TOOLS := .tools
READY := .venv/.ready-$(or $(subst /,-,$(PYTHON)),default)
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo $(TOOLS)/uv/bin/uv)

dev: setup
	.venv/bin/vercel-emu dev templates/fastapi --python .venv

test: setup system-packages
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/pytest -n auto -q

# 100,000 connections; `make test` plays 2,000 of them.
SEEDS ?= 20
CONNECTIONS ?= 5000

fuzz: setup
	.venv/bin/python -m tests.fuzz --seeds $(SEEDS) --connections $(CONNECTIONS)

setup: $(READY)

# An environment with another Python is made anew; it is ready for the one that was asked for last.
# pyenv shows uv only the version that is chosen.
$(READY): pyproject.toml $(UV)
	$(if $(PYTHON),PYENV_VERSION=$(PYTHON)) $(UV) sync --quiet --all-extras $(if $(PYTHON),--python $(PYTHON))
	@rm -f .venv/.ready-*
	@touch $@

$(TOOLS)/uv/bin/uv:
	python3 -m venv $(TOOLS)/uv
	$(TOOLS)/uv/bin/pip install --quiet --disable-pip-version-check uv

# redis-server and chromium for the tests that need them: installed where we may (root with apt).
# Elsewhere those tests are skipped by name, and with CI=true a missing one fails.
system-packages:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  missing=""; \
	  command -v redis-server >/dev/null 2>&1 || missing="$$missing redis-server"; \
	  command -v chromium >/dev/null 2>&1 || missing="$$missing chromium"; \
	  if [ -n "$$missing" ]; then \
	    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive \
	      apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  fi; \
	fi

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

format: setup
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: setup
	.venv/bin/python benchmarks/edge.py
	.venv/bin/python benchmarks/reload.py
	.venv/bin/python benchmarks/cache_in_requests.py
	.venv/bin/python benchmarks/cache.py
	.venv/bin/python benchmarks/functions_api.py
	.venv/bin/python benchmarks/routing.py

# Long runs, each with one line of result: SAVES saves, and KILLS kills, under CLIENTS clients.
SAVES := 5000
KILLS := 1000
CLIENTS := 8

soak: setup
	@failed=0; \
	.venv/bin/python -m tests.soak.saves --saves $(SAVES) --clients $(CLIENTS) || failed=1; \
	.venv/bin/python -m tests.soak.kills --kills $(KILLS) --clients $(CLIENTS) || failed=1; \
	exit $$failed

# Projects of every family, each with an environment of its own; beside `vercel dev` where VERCEL_CLI
# names the official command line. PROJECTS="flask-app gradio-app" are only these.
PROJECTS :=

compat: setup
	.venv/bin/python -m tests.real.compat $(PROJECTS)

clean:
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis
