"""``python -m evals.security.probed FILE serve ...``: the installed command, with a probe on the event loop of whatever it serves.

The probe sleeps 20 ms again and again and writes how late it woke. From that it takes the time that its thread waited for
a processor, and the longest that any other thread of the service did, which may have held the interpreter meanwhile: what
is left is time in which the service itself blocked the loop. On a host with processors to spare nothing is taken away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

EVERY_SECONDS = 0.02
WRITTEN_FROM_MS = 20.0
THREADS = Path("/proc/self/task")


def _waited() -> dict[int, float]:
    """Return for how many seconds each thread has waited for a processor so far; nothing where the system does not say."""
    found: dict[int, float] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir(THREADS):  # noqa: PTH208
            with contextlib.suppress(OSError, IndexError, ValueError):
                found[int(name)] = int((THREADS / name / "schedstat").read_text().split()[1]) / 1e9
    return found


async def _probe(file: int) -> None:
    while True:
        began, waited = time.monotonic(), _waited()
        await asyncio.sleep(EVERY_SECONDS)
        late = time.monotonic() - began - EVERY_SECONDS
        delays = {thread: seconds - waited.get(thread, seconds) for thread, seconds in _waited().items()}
        blocked = late - delays.pop(threading.get_native_id(), 0.0) - max(delays.values(), default=0.0)
        if late * 1000 >= WRITTEN_FROM_MS:
            os.write(file, f"{time.monotonic():.3f} {late * 1000:.1f} {max(0.0, blocked) * 1000:.1f}\n".encode())


def main() -> None:
    """Run the command with the probe in every server that it starts."""
    import uvicorn

    file = os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    serve = uvicorn.Server.serve

    async def probed(self: uvicorn.Server, *arguments: Any, **named: Any) -> None:
        task = asyncio.create_task(_probe(file))
        try:
            await serve(self, *arguments, **named)
        finally:
            task.cancel()

    setattr(uvicorn.Server, "serve", probed)  # noqa: B010
    from assistant.cli import main as command

    command()


if __name__ == "__main__":
    main()
