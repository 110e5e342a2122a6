"""Takes people out of drafts, their trials and the record of revisions. What was published stays: two people read it, and it names nobody."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, cast, delete, or_, select, update

from assistant.adapters.store import tables as t
from kb.adapters.store.tables import drafts, revision_facts, trials
from kb.drafts import DraftState

SEARCHED = (drafts, revision_facts, trials)
"""Tables in which others may have written about somebody."""


def erase_words(connection: Connection, person: str) -> int:
    """Take the words of somebody's tickets out of drafts, and delete the trials that hold their questions; return how many of both."""
    mine = set(connection.execute(select(t.tickets.c.id).where(t.tickets.c.requester == person)).scalars())
    number = 0
    for row in connection.execute(select(drafts.c.id, drafts.c.text, drafts.c.provenance)).mappings().all():
        gone = [one["sentence"] for one in row["provenance"] if _is_of(one, mine)]
        if gone:
            kept = [one for one in row["provenance"] if one["sentence"] not in gone]
            values = {"text": _without(row["text"], gone), "provenance": kept}
            connection.execute(update(drafts).where(drafts.c.id == row["id"]).values(**values))
            number += 1
    holds = cast(trials.c.tried, Text).contains(f'"person": {json.dumps(person)}', autoescape=True)
    return number + connection.execute(delete(trials).where(holds)).rowcount


def _is_of(provenance: dict[str, Any], tickets: Collection[str]) -> bool:
    return any(origin["asked"] and origin["ticket"] in tickets for origin in provenance["origins"])


def _without(text: str, sentences: Collection[str]) -> str:
    lines = (line for line in text.split("\n") if not any(sentence in line for sentence in sentences))
    return "\n".join(lines)


def erase_authors(connection: Connection, person: str, nobody: str) -> int:
    """Take somebody's id from what they wrote or reviewed; return how many entries that were."""
    number = 0
    for column in (drafts.c.author, drafts.c.reviewer, revision_facts.c.author, revision_facts.c.reviewer, trials.c.asked_by):
        number += connection.execute(update(column.table).where(column == person).values({column.name: nobody})).rowcount
    return number


def forget_drafts(connection: Connection, before: datetime) -> int:
    """Delete what is left of drafts that were over before then, and trials that are as old; return how many.

    Of a published draft who wrote and reviewed it stays, and not its text: that is a revision.
    """
    old, over = drafts.c.updated_at < before, DraftState.PUBLISHED.value
    gone = connection.execute(delete(drafts).where(old, drafts.c.state == DraftState.DISCARDED.value)).rowcount
    held = or_(drafts.c.text != "", drafts.c.note != "")
    emptied = update(drafts).where(old, drafts.c.state == over, held).values(text="", note="", provenance=[])
    return gone + connection.execute(emptied).rowcount + connection.execute(delete(trials).where(trials.c.asked_at < before)).rowcount
