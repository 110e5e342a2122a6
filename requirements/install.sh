#!/bin/sh
# Makes .venv from the lock files: requirements/install.sh run|dev
# FIRSTLINE_TORCH=auto (default): pip's configured find-links if they hold torch, else its CPU build.
#                 cpu: the CPU build.   default: whatever the package index gives (on Linux: with CUDA, several gigabytes).
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
uv_version=0.13.9
lock=requirements/$kind.lock
stamp=.venv/.installed-$kind
python=${PYTHON:-python3}
say() { printf '%s\n' "$*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "Python 3.11 or newer is needed; $("$python" --version 2>&1) was found. Set PYTHON to another one."; exit 2; }
wanted=$(cat requirements/install.sh requirements/torch.txt "$lock" pyproject.toml | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

if [ ! -x .venv/bin/python ]; then
    if ! "$python" -m venv .venv 2>/dev/null; then
        # Debian's python3 without python3-venv has no ensurepip; pip itself may still be there.
        rm -rf .venv
        "$python" -m venv --without-pip .venv
        "$python" -m pip --version >/dev/null 2>&1 || { say "This Python has neither ensurepip nor pip. On Debian: apt-get install python3-venv"; rm -rf .venv; exit 2; }
    fi
fi
if [ ! -x .venv/bin/uv ]; then
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then .venv/bin/python -m pip install --quiet "uv==$uv_version"
    else "$python" -m pip --python .venv/bin/python install --quiet "uv==$uv_version"; fi
fi
uv=.venv/bin/uv

# pip's find-links, from its files and its environment, handed on to uv, which does not read them.
links=$({ .venv/bin/python -m pip config list 2>/dev/null || "$python" -m pip config list 2>/dev/null || true; } | sed -n "s/^[^=]*find-links='\(.*\)'\$/\1/p" | sed 's/\\n/ /g' | tr ' ' '\n' | sort -u | paste -sd, -)
if [ -n "$links" ]; then UV_FIND_LINKS=${UV_FIND_LINKS:+$UV_FIND_LINKS,}$links; export UV_FIND_LINKS; fi
# An empty build of an index location that does not exist is not worth a warning on every line.
install() { "$uv" pip install --quiet --python .venv/bin/python "$@"; }

torch=$(cat requirements/torch.txt)
have=$(.venv/bin/python -c 'import importlib.metadata as m; print("torch==" + m.version("torch").split("+")[0])' 2>/dev/null || true)
if [ "$have" != "$torch" ]; then
    choice=${FIRSTLINE_TORCH:-auto}
    done=no
    if [ "$choice" = auto ] && [ -n "${UV_FIND_LINKS:-}" ] && install --no-deps --no-index --find-links "$UV_FIND_LINKS" "$torch" 2>/dev/null; then done=yes; fi
    if [ "$done" = no ] && [ "$choice" != default ] && [ "$(uname)" != Darwin ]; then
        install --no-deps --torch-backend cpu "$torch" || { say "torch's CPU build cannot be reached. Put its wheel in a folder and set PIP_FIND_LINKS to it, or accept the default build (on Linux with CUDA, several gigabytes): FIRSTLINE_TORCH=default make setup"; exit 2; }
        done=yes
    fi
    if [ "$done" = no ]; then install "$torch"; fi
fi
install --no-deps --require-hashes -r "$lock"
install --no-deps -e .
printf '%s' "$wanted" >"$stamp"
