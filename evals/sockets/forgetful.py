"""``python -m evals.sockets.forgetful FILE serve ...``: a service with a seeded fault, which forgets what a returning client missed."""

from __future__ import annotations

from typing import Any

from evals.security.probed import main


def _forget() -> None:
    """Say that nothing was missed, whatever was."""
    from assistant.entrypoints.web import chat

    def nothing(*_: Any) -> list[Any]:
        return []

    setattr(chat._Connection, "_events", nothing)  # noqa: B010


if __name__ == "__main__":
    _forget()
    main()
