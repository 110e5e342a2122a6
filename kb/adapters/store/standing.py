"""What has become of cited revisions, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, select, tuple_

from kb.adapters.store.tables import articles, revisions


def standing_rows(connection: Connection, cited: Sequence[tuple[str, int]]) -> list[Any]:
    """Return a row of ``articles`` for every cited article that is live, once for each of its cited revisions that exist.

    ``cited`` in the row is that revision (None when no cited one exists), ``same`` says whether title and text are still the same.
    """
    then, now = revisions.alias(), revisions.alias()
    same = and_(then.c.text == now.c.text, then.c.title == now.c.title).label("same")
    query = (
        select(articles, then.c.number.label("cited"), same)
        .join(now, and_(now.c.article_id == articles.c.id, now.c.number == articles.c.revision))
        .outerjoin(then, and_(then.c.article_id == articles.c.id, tuple_(then.c.article_id, then.c.number).in_(cited)))
        .where(articles.c.withdrawn_at.is_(None), articles.c.id.in_({article for article, _ in cited}))
    )
    return list(connection.execute(query).mappings())
