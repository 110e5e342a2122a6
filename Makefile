# make run   sets up and starts Firstline with a demo company on 127.0.0.1:8080
# make test  sets up and runs every check that needs nothing else
# make screenshots  keeps a picture of every state of the widget in artifacts/widget, and of every page of the console in artifacts/console
# make monday-pictures  plays the Monday in a browser and makes the pictures of docs/guide/monday.md
# make test-real  installs and starts real servers from Debian (as root) and tests against them
.PHONY: help setup setup-dev run test screenshots monday-pictures test-real lint types contracts tests clean
SHELL := /bin/sh
FIRSTLINE := .venv/bin/firstline
export FIRSTLINE_HOME ?= $(CURDIR)/var

help:
	@sed -n 's/^# //p' Makefile

setup:
	@requirements/install.sh run

setup-dev: setup
	@requirements/install.sh dev

run: setup
	@stamp="$$FIRSTLINE_HOME/demo-loaded"; \
	if [ ! -e "$$stamp" ] || [ -n "$$(find kb/articles -newer "$$stamp" -print -quit)" ]; then \
		$(FIRSTLINE) prepare && $(FIRSTLINE) ingest sync kb/articles && $(FIRSTLINE) people load kb/articles/company.toml && touch "$$stamp"; \
	fi
	@FIRSTLINE_DEMO=true exec $(FIRSTLINE) serve

lint: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check --quiet .

contracts: setup-dev
	.venv/bin/lint-imports --no-cache

types: setup-dev
	.venv/bin/mypy

tests: setup-dev
	.venv/bin/pytest -m "not real" -n auto --dist loadfile $(PYTEST)

test: lint contracts types tests

screenshots: setup-dev
	.venv/bin/pytest tests/e2e/test_widget_states_on_a_desktop.py tests/e2e/test_widget_states_on_a_phone.py tests/e2e/test_widget_states_on_a_narrow_window.py \
		tests/e2e/test_console_pages.py -n 2 --dist loadfile

monday-pictures: setup-dev
	.venv/bin/pytest tests/e2e/test_monday_scenes.py
	.venv/bin/python -m tests.support.small_pictures artifacts docs/guide/monday monday-

test-real: setup-dev
	tests/real/run.sh

clean:
	rm -rf .venv var artifacts
