# Every target makes what it needs first. Windows has no make: CONTRIBUTING.md gives the same commands for it.
.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check format bench package clean

python := .venv/bin/python
# Candidates are run, not looked up: a version manager's shim may exist and yet start nothing.
starters := $(python) python3.13 python3 python $(HOME)/.pyenv/versions/3.13*/bin/python3.13 \
  /usr/local/bin/python3.13 /opt/homebrew/bin/python3.13 /usr/local/bin/python3 /usr/bin/python3

help: ## Show this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

setup: ## Install everything into .venv and .local (done once)
	@for starter in $(starters); do \
	  if "$$starter" -c 'import sys; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1; then \
	    exec "$$starter" tools/setup.py; \
	  fi; \
	done; \
	echo 'No Python found. Install Python 3.13 (from python.org, your package manager or pyenv) and run make again.' >&2; \
	exit 1

demo: setup ## Run the main job on this machine and show its outcome
	@$(python) -m factory demo

serve: setup ## The same, and stay up with the dashboard
	@$(python) -m factory serve

test: setup ## Run every test and report the branch coverage of shared/
	@$(python) -m pytest -n auto --maxprocesses 4 --dist loadfile --cov --cov-report term

check: setup ## Format, lint, strict types, import contracts, infra and workflows
	@$(python) -m tools.check

format: setup ## Format the code and fix what the linter can
	@$(python) -m ruff check --quiet --fix-only .
	@$(python) -m ruff format --quiet .

bench: setup ## Measure what the design promises
	@$(python) -m benchmarks

package: setup ## Build the folder that is deployed, .local/package
	@$(python) -m tools.package

clean: ## Remove everything that was installed or made here
	@rm -rf .venv .local .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
