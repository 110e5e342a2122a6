"""A value that must not be seen in logs, errors or records."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """Holds a password or a code; ``repr`` and ``str`` hide it, and it cannot be pickled or written as JSON by accident."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """Return the value; call this only where it leaves for its owner."""
        return self._value

    def __str__(self) -> str:
        """Hide the value."""
        return "[secret]"

    def __reduce__(self) -> str:
        """Refuse to be stored."""
        raise TypeError("a secret cannot be stored")
