"""The service as ``evals.security.probed`` runs it, with a seeded fault: a file is what its sender says, and is kept as it came."""

from __future__ import annotations

from typing import Any

from assistant.adapters.files.checking import IsolatedCheck
from assistant.domain.attachment import CheckedFile, FileKind
from evals.security.probed import main


def _believed(_check: Any, name: str, content: bytes) -> CheckedFile:
    return CheckedFile(name, FileKind.TEXT, "text/plain", content)


if __name__ == "__main__":
    setattr(IsolatedCheck, "check", _believed)  # noqa: B010
    main()
