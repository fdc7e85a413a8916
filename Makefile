# `make demo` and `make test` need Python 3.10 or later, make and a package index, and nothing else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
#: The CPU build of torch is 180 MB where the default one brings several GB of CUDA; it is taken where it can be had.
TORCH := torch==2.13.0
DEMO := out/demo.db

.PHONY: demo test test-slow check lint types bench clean

# Scores the sample calls and prints their scorecards. OPEN=1 then opens the coach's room in a browser.
demo: $(STAMP)
	@mkdir -p out
	$(BIN)/listening batch sample_calls --db $(DEMO)
	@$(BIN)/listening report --all --format terminal --db $(DEMO)
	@$(BIN)/listening report --all --db $(DEMO) -o out/sample_calls.html >/dev/null
	@echo
	@echo "The same as a page, with the sound:   file://$(CURDIR)/out/sample_calls.html"
	@echo "To hear, correct and compare them:    $(BIN)/listening serve --open --db $(DEMO)"
	@echo "(its page Moments begins with the worst interruption)"
ifdef OPEN
	$(BIN)/listening serve --open --db $(DEMO)
endif

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(STAMP)
	$(BIN)/python -m pytest

check: lint types test

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/listening bench

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $(STAMP)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
