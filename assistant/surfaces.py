"""Opens the chat surfaces that the settings name. What a surface needs is imported only where it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.entrypoints.surface import Surface


def open_surfaces(assistant: Assistant) -> tuple[Surface, ...]:
    """Return the configured surfaces, not yet listening.

    Raises:
        Misconfigured: the settings name one that cannot be used as they say.
    """
    del assistant
    return ()
