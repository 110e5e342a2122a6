#!/bin/sh
# Resolves each peer's requirements anew into NAME.lock, for every platform, with hashes and without addresses.
# torch is left out: each environment gets the version that Firstline itself has (see ../environments.py).
set -eu
cd "$(dirname "$0")"
project=../../..
for name in langchain llamaindex haystack txtai; do
    "$project/.venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-package torch \
        --overrides "$project/requirements/overrides.txt" "$name.in" "$project/requirements/torch-needs.txt" -o "$name.lock"
done
