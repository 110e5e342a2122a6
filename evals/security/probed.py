"""``python -m evals.security.probed FILE serve ...``: the installed command, with a probe on the event loop of whatever it serves.

The probe sleeps 10 ms again and again and writes how late it woke, less the time its thread waited for a processor:
what is left is time in which the loop was blocked by the service itself.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

EVERY_SECONDS = 0.01
WRITTEN_FROM_MS = 20.0
SCHEDULED = Path("/proc/thread-self/schedstat")


def _waited() -> float:
    """Return for how many seconds this thread has waited for a processor so far; 0 where the system does not say."""
    try:
        return int(SCHEDULED.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


async def _probe(file: int) -> None:
    while True:
        began, waited = time.monotonic(), _waited()
        await asyncio.sleep(EVERY_SECONDS)
        late = time.monotonic() - began - EVERY_SECONDS
        blocked = late - (_waited() - waited)
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
