#!/bin/sh
# Resolves pyproject.toml anew into run.lock and dev.lock, for every platform, with hashes and without addresses.
# torch is left out (see install.sh); what torch itself needs is listed in torch-needs.txt.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
lock() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-package torch --overrides requirements/overrides.txt pyproject.toml requirements/torch-needs.txt "$@"; }
lock -o requirements/run.lock
lock --extra dev --extra postgresql -c requirements/run.lock -o requirements/dev.lock
