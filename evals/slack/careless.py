"""``python -m evals.slack.careless FILE serve ...``: a service with a seeded fault, which takes every delivery for a new one."""

from __future__ import annotations

import uuid
from typing import Any

from evals.security.probed import main


def _take_all_for_new() -> None:
    """Give what arrives an id of its own each time, in the inbox and in the conversation."""
    from assistant.entrypoints.slack import arriving
    from assistant.entrypoints.slack.places import Spot

    row, message_id = arriving._row, Spot.message_id

    def fresh(_own: str, *others: Any) -> Any:
        return row(uuid.uuid4().hex, *others)

    def new(spot: Spot, _own: str) -> str:
        return message_id(spot, uuid.uuid4().hex)

    setattr(arriving, "_row", fresh)  # noqa: B010
    setattr(Spot, "message_id", new)  # noqa: B010


if __name__ == "__main__":
    _take_all_for_new()
    main()
