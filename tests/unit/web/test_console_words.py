"""What pages call the things that leave the house."""

from __future__ import annotations

from pathlib import Path

from assistant.bootstrap import open_assistant
from assistant.desk.authoring import WRITE
from assistant.desk.fulfilment import CODE_EXPIRES
from assistant.desk.mirroring import ATTACH, COMMENT, FILE, MOVE, STATUS
from assistant.entrypoints.web.site import TEMPLATES
from assistant.settings import Settings
from assistant.workflows.errands import RECONCILE, RELATE

ELSEWHERE = {ATTACH, COMMENT, FILE, MOVE, STATUS, RECONCILE, RELATE, WRITE, CODE_EXPIRES}
"""Kinds that are carried out with a desk or a repository elsewhere only, and the one that begins a key alone."""


def test_every_kind_of_errand_has_a_name_that_people_understand(tmp_path: Path) -> None:
    parts = TEMPLATES.env.get_template("_parts.html").module
    assistant = open_assistant(Settings(home=tmp_path))
    try:
        assert set(parts.ERRANDS) == {*assistant.carrier.errands.kinds, *ELSEWHERE}  # type: ignore[attr-defined]
    finally:
        assistant.close()
