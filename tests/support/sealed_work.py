"""What a sealed process may be made to do by a file that takes it over: each by its first word."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path


def prepare() -> None:
    """Nothing is needed."""


def _open() -> bytes:
    with Path("/etc/hostname").open("rb"):
        return b"opened"


def _connect() -> bytes:
    with socket.socket():
        return b"opened"


def _start() -> bytes:
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return b"started"


def _swell() -> bytes:
    return bytes(len(bytearray(600_000_000)) % 2)


def _hang() -> bytes:
    time.sleep(60)
    return b""


def _crash() -> bytes:
    os.abort()


WORK = {
    b"open": _open,
    b"connect": _connect,
    b"start": _start,
    b"swell": _swell,
    b"hang": _hang,
    b"crash": _crash,
    b"flood": lambda: b"x" * 2_000_000,
    b"number": lambda: str(os.getpid()).encode(),
    b"secrets": lambda: repr(sorted(os.environ)).encode(),
    b"lie": lambda: b"image\ntext/html\n<script>",
    b"babble": lambda: b"who knows",
}


def read(content: bytes) -> bytes:
    """Do what the content says."""
    try:
        return WORK[content.split()[0]]()
    except OSError as error:
        return type(error).__name__.encode()
