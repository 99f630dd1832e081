# Two commands from nothing but python 3.11 and make: `make demo` and `make test`. Each makes .venv and installs into it
# what constraints.txt pins, and is quick the second time. `make test-all` is what `.ci/run` runs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# `.ci/run` adds spark, which alone takes a minute to install: without it, the tests of that engine are skipped.
EXTRAS ?= train,dev
# A little under what was measured, lines and branches, in percent.
FLOOR  := 95

.PHONY: demo test test-all test-repeated test-oldest ratios docs images lint format wheel clean
.DEFAULT_GOAL := test

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "send_screen needs Python 3.11 or later; name one with: make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[$(EXTRAS)]'
	touch $@

demo: $(STAMP)          ## the whole job on a synthetic England, into ./demo
	$(BIN)/send-screen demo --out demo

lint: $(STAMP)          ## style, types, the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Each worker begins with half of the tests and takes from the other's when it is done: what a file's tests share is made once.
PYTEST := pytest -n 2 --dist worksteal

test: lint              ## lint, then doctests and the quick tests
	$(BIN)/$(PYTEST) -m "not slow"

# Coverage is of the quick tests: it makes tests half as slow again. Many examples are drawn beside the slow ones, without it.
test-all: lint          ## all tests, more examples, coverage; then the site, the oldest dependencies and the benchmark
	$(BIN)/$(PYTEST) -m "not slow" --cov --cov-report=json --cov-report=
	$(BIN)/coverage report --format=total --fail-under=$(FLOOR)
	HYPOTHESIS_PROFILE=all $(BIN)/$(PYTEST) -m "(slow or hypothesis) and not repeated"
	$(MAKE) -j 2 docs $(OLDEST)/.installed
	$(MAKE) test-oldest ratios

test-repeated: $(STAMP) ## every alteration of a store at more seeds; by hand, before a release
	$(BIN)/$(PYTEST) -m repeated

ratios: $(STAMP)        ## how much faster than its peers, in ratios; fails where one is off by ten times
	$(BIN)/python experiments/benchmarks/ratios/run.py

# The gallery's examples are run at each build, and a page that would fetch anything from elsewhere fails it.
docs: $(STAMP)          ## the site, into docs/_build/html; any warning is an error
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env docs docs/_build/html

images: $(STAMP)        ## renew the README's pictures from the demo; needs chromium
	$(BIN)/python docs/images/renew.py

OLDEST := .venv-oldest

$(OLDEST)/.installed: $(STAMP) constraints-oldest.txt
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(OLDEST)
	VIRTUAL_ENV=$(OLDEST) $(BIN)/uv pip install --quiet --constraint constraints-oldest.txt --editable '.[train,ebm,linkage,postgres]' \
	  openpyxl pip pytest pytest-timeout pytest-xdist filelock grimp hypothesis markdown-it-py polars
	touch $@

# What other versions of dependencies cannot change is left out: what asks none of them for anything (pip, pages in a
# browser, commits), Spark, which is not installed there, forgeries, and the arithmetic of attacks. Audits and trainings of the rest call all that these do.
NOT_AT_OLDEST := install browser serving docs school_kit test_habits.py audit/test_audit_alterations.py audit/test_audit_cli.py \
  batches/test_batches_spark.py hard_rules/test_disclosure.py real/test_disclosure_real.py evaluation/test_evaluation_disclosure.py evaluation/test_disclosure_experiment.py

test-oldest: $(OLDEST)/.installed   ## the quick tests that a dependency can change, at the lower bound of each
	HYPOTHESIS_PROFILE=oldest $(OLDEST)/bin/$(PYTEST) -m "not slow" $(NOT_AT_OLDEST:%=--ignore=tests/%)

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

wheel: $(STAMP)         ## dist/send_screen-*.whl
	rm -rf dist
	$(BIN)/uv build --quiet --wheel --out-dir dist .

clean:
	rm -rf $(VENV) $(OLDEST) demo dist docs/_build docs/gallery docs/api
