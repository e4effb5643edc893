# Everything from a bare clone: Python >= 3.11, Node.js >= 20 and make are all it takes.

PYTHON ?= python3
BIN := .venv/bin
JOBS ?= auto
# What the build leaves for JupyterLab is linked into .venv, where it is never stale.
EXTENSION := share/jupyter/labextensions/nbexplain
# Jupyter refuses to run as root unless told that it may, as in a container.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help setup demo test lab dev picture bench lock clean

help:
	@echo "make demo    explain two networks in a real kernel; leaves a notebook and a page in out/"
	@echo "make test    check everything, JupyterLab in a real browser included"
	@echo "make lab     open JupyterLab on a copy of the tutorials"
	@echo "make dev     the same, and rebuild the front end whenever its sources change"
	@echo "make picture takes the README's picture"
	@echo "make bench   measure speed and memory against the floor and the peers"
	@echo "make lock    pin the newest versions of what developing needs"
	@echo "make clean   remove all that make has made"

setup: .venv/.installed
	@$(BIN)/python hatch_build.py

.venv/.locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("nbexplain needs Python >= 3.11; this one is " + sys.version.split()[0] + ". Say which: make PYTHON=python3.11")'
	@echo "Installing the pinned dependencies into .venv (a few minutes, once)."
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --requirement requirements.lock
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml hatch_build.py
	@echo "Building the front end and installing nbexplain into .venv."
	@$(BIN)/python hatch_build.py
	@$(BIN)/pip install --quiet --no-build-isolation --no-deps --editable .
	@mkdir -p .venv/$(dir $(EXTENSION)) && ln -sfn $(CURDIR)/$(EXTENSION) .venv/$(EXTENSION)
	@touch $@

demo: setup
	@$(BIN)/nbexplain demo

lab: setup
	@$(BIN)/nbexplain lab --folder out/tutorials $(AS_ROOT)

dev: setup
	@npm run --silent watch & watcher=$$!; trap "kill $$watcher" EXIT INT TERM; \
	  ANYWIDGET_HMR=1 $(BIN)/nbexplain lab --folder out/tutorials $(AS_ROOT)

picture: setup
	@$(BIN)/python -m docs.picture

bench: setup
	@$(BIN)/python -m benchmarks

# Each step says one line and more only where something is wrong; pytest's closing line is the last.
test: setup
	@echo "ruff" && $(BIN)/ruff check --quiet && $(BIN)/ruff format --quiet --check
	@echo "pyright" && $(BIN)/pyright --pythonpath $(BIN)/python
	@echo "TypeScript" && npm run --silent check && npm run --silent test
	@$(BIN)/python tests/browser/chromium.py
	@echo "pytest" && OMP_NUM_THREADS=1 $(BIN)/pytest \
	  --numprocesses=$(JOBS) --maxprocesses=4 --dist=loadgroup -r fEs

lock:
	@rm -rf out/lock && $(PYTHON) -m venv out/lock && out/lock/bin/pip install --quiet --upgrade pip
	@out/lock/bin/pip install --quiet --group dev .[lab]
	@{ echo "# What nbexplain is developed and tested with; made by \`make lock\` from pyproject.toml."; \
	  out/lock/bin/pip freeze --exclude nbexplain | sed 's/+cpu$$//'; } > requirements.lock
	@rm -rf out/lock

clean:
	@rm -rf .venv node_modules nbexplain/static share out dist .pytest_cache .ruff_cache .hypothesis
