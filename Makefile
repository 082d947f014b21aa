# The commands of the project. Nothing is needed but Python 3.11 or later, make and a network.
#
#   PYTHON  the interpreter that makes the virtual environment      (make tests PYTHON=python3.13)
#   VENV    the folder of the virtual environment                   (make tests VENV=.venv-3.13)
#   ARGS    more arguments for tests, bench, bench-growth, profile  (make tests ARGS="-n auto")
#   KIND    the kind of request that profile looks at               (make profile KIND=record-get)

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
KIND ?= record-get

PY = $(VENV)/bin/python
# setuptools is never upgraded here: Pyramid and Cornice need one that has pkg_resources.
PIP_INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --no-input

# What `make tests` and `make docs` import beside the package itself.
BACKENDS = postgresql,redis,memcached,monitoring

# One stamp for each set of packages: pip is called only when the metadata is newer than it.
BASE = $(VENV)/.installed-base
TESTS = $(VENV)/.installed-tests
DOCS = $(VENV)/.installed-docs
DEV = $(VENV)/.installed-dev
METADATA = setup.py pyproject.toml

SERVER = http://127.0.0.1:8888/v1

.DEFAULT_GOAL := help
# Two pips must not write one virtual environment at once.
.NOTPARALLEL:

.PHONY: help
help: ## Show this help.
	@echo "Usage: make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16

# -- Installation ---------------------------------------------------------------------------------

.PHONY: install venv
install: $(BASE) ## Make the virtual environment and install cliquet in it.
	@echo "==> cliquet is installed in $(VENV)"

venv: $(PY) ## Make the virtual environment only.

# Links of an interpreter that is gone would be kept, and used.
$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed, and '$(PYTHON)' is not. Name another one:"; \
	  echo "  make $(MAKECMDGOALS) PYTHON=/path/to/python3"; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments: its ensurepip is missing. Either"; \
	  echo "  install the package python3-venv (Debian, Ubuntu: apt-get install python3-venv), or"; \
	  echo "  name another interpreter: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; \
	  exit 1; }
	@echo "==> Making the virtual environment $(VENV) with $$($(PYTHON) --version)"
	@rm -f $(VENV)/bin/python $(VENV)/bin/python3 $(VENV)/bin/python3.*
	@$(PYTHON) -m venv $(VENV)

# What the stamps say is void when the interpreter is gone.
ifneq ($(shell test -x $(PY) && echo yes),yes)
.PHONY: reinstallation
$(BASE) $(TESTS) $(DOCS) $(DEV): reinstallation
endif

$(BASE): $(METADATA) | $(PY)
	@echo "==> Installing cliquet in $(VENV) (half a minute the first time)"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	@$(PIP_INSTALL) -e .
	@touch $@

$(TESTS): $(METADATA) | $(PY)
	@echo "==> Installing cliquet and what its tests need in $(VENV) (a minute the first time)"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	@$(PIP_INSTALL) -e ".[testing,$(BACKENDS)]"
	@touch $@ $(BASE)

$(DOCS): $(METADATA) | $(PY)
	@echo "==> Installing cliquet and what its documentation needs in $(VENV)"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	@$(PIP_INSTALL) -e ".[docs,testing,$(BACKENDS)]"
	@touch $@ $(TESTS) $(BASE)

$(DEV): $(METADATA) | $(PY)
	@echo "==> Installing cliquet and the tools of its developers in $(VENV)"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	@$(PIP_INSTALL) -e ".[dev]"
	@touch $@ $(DOCS) $(TESTS) $(BASE)

# -- Running --------------------------------------------------------------------------------------

.PHONY: serve
serve: $(BASE) ## Serve the example application on http://127.0.0.1:8888/v1/.
	@echo "==> Serving examples/readinglist on $(SERVER)/ (Ctrl-C stops it)"
	@echo
	@echo "    In another terminal, create an article:"
	@echo "      curl -u alice:secret -H 'Content-Type: application/json' -d '{\"data\": {\"title\": \"A first article\", \"url\": \"http://example.com/1\", \"added_by\": \"laptop\"}}' $(SERVER)/articles"
	@echo "    list the articles of alice:"
	@echo "      curl -u alice:secret $(SERVER)/articles"
	@echo "    poll what changed after a timestamp (that of the ETag of the last answer):"
	@echo "      curl -i -u alice:secret '$(SERVER)/articles?_since=1'"
	@echo
	@exec $(VENV)/bin/cliquet start --ini examples/readinglist/readinglist.ini

.PHONY: bench
bench: $(TESTS) ## Measure the server against bare WSGI, Pyramid and Cornice.
	@echo "==> Measuring ($(strip python -m benchmarks $(ARGS)))"
	@$(PY) -m benchmarks $(ARGS)

.PHONY: bench-growth
bench-growth: $(TESTS) ## Measure what the size of a collection costs.
	@echo "==> Measuring ($(strip python -m benchmarks.growth $(ARGS)))"
	@$(PY) -m benchmarks.growth $(ARGS)

.PHONY: profile
profile: $(TESTS) ## Show where the time of one kind of request goes.
	@echo "==> Profiling $(KIND) (make profile KIND=... for another)"
	@$(PY) -m benchmarks.profile $(KIND) $(ARGS)

# -- Checks ---------------------------------------------------------------------------------------

# Last in .ci/run, whose output has to end with pytest's closing line: add no command below pytest.
.PHONY: tests
tests: $(TESTS) ## Run the whole test suite with coverage.
	@echo "==> Running the tests with coverage ($(strip pytest --cov $(ARGS)))"
	@$(PY) -m pytest --cov $(ARGS)

.PHONY: faults
faults: $(TESTS) ## Run the tests that kill, stop and cut off servers alone.
	@echo "==> Running the tests of faults (pytest tests/faults)"
	@$(PY) -m pytest tests/faults $(ARGS)

# The environment `lint` of tox.ini runs the same commands.
.PHONY: lint
lint: $(DEV) ## Check style, format, types, layers, docstrings and budgets.
	@echo "==> Style (ruff check)"
	@$(VENV)/bin/ruff check .
	@echo "==> Format (ruff format --check)"
	@$(VENV)/bin/ruff format --check .
	@echo "==> Types (mypy)"
	@$(VENV)/bin/mypy
	@echo "==> Layers (import-linter)"
	@$(VENV)/bin/lint-imports
	@echo "==> Docstrings (interrogate)"
	@$(VENV)/bin/interrogate cliquet
	@echo "==> Budgets of size (tools/budgets.py)"
	@$(PY) tools/budgets.py cliquet benchmarks docs examples setup.py tests tools

.PHONY: docs
docs: $(DOCS) ## Build the documentation, warnings being errors.
	@echo "==> Building the documentation (sphinx-build -W)"
	@$(PY) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "==> The documentation is in docs/_build/html/index.html"

# -- Files ----------------------------------------------------------------------------------------

.PHONY: format
format: $(DEV) ## Rewrite the code in the project's format.
	@echo "==> Formatting (ruff)"
	@$(VENV)/bin/ruff check --fix-only .
	@$(VENV)/bin/ruff format .

.PHONY: dist
dist: $(DEV) ## Build the source distribution and the wheel in dist/.
	@echo "==> Building dist/"
	@rm -rf build dist
	@$(PY) -m build

.PHONY: clean
clean: ## Remove what was built, and caches; the virtual environment stays.
	@echo "==> Removing what was built"
	@rm -rf build dist *.egg-info docs/_build htmlcov .coverage .coverage.*
	@rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .tox
	@find benchmarks cliquet docs examples tests tools -name __pycache__ -prune -exec rm -rf {} +
