"""Articles that people call wrong or outdated come to their authors, until they are edited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assistant.desk.opinions import doubted
from assistant.ports.attachments import Feedback
from kb.model import Article, Audience

EDITED = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def article(name: str) -> Article:
    return Article(name, name.title(), "it", Audience(), frozenset(), None, (), "folder", f"{name}.md", 1, "hash", EDITED)


HEADS = {name: article(name) for name in ("vpn", "mail", "printer")}


def said(about: str, reason: str = "", hours: int = 1, helpful: bool = False, note: str = "", person: str = "ann") -> Feedback:
    message = f"m{hours}-{person}-{reason}"
    return Feedback(f"c_{person}", message, person, helpful, reason, note, tuple(about.split()), EDITED + hours * HOUR)


def article_of(name: str) -> Article | None:
    return HEADS.get(name)


def test_articles_called_wrong_or_outdated_come_first_by_how_many_say_so() -> None:
    rows = doubted([said("vpn", "wrong"), said("mail", "outdated", 2), said("mail", "wrong", 3), said("printer", "unclear")], article_of)
    assert [(row.article, row.title, row.against) for row in rows] == [("mail", "Mail", 2), ("vpn", "Vpn", 1)]


def test_every_count_of_a_listed_article_is_shown_those_it_is_listed_for_first() -> None:
    given = [said("vpn", "unclear", 1), said("vpn", "unclear", 2), said("vpn", "outdated", 3), said("vpn", helpful=True, hours=4)]
    [row] = doubted(given, article_of)
    assert row.reasons == (("outdated", 1), ("unclear", 2))
    assert row.helpful == 1


def test_what_was_said_before_an_article_was_edited_does_not_count() -> None:
    assert doubted([said("vpn", "wrong", -1)], article_of) == []
    [row] = doubted([said("vpn", "wrong", -1), said("vpn", "wrong", 1, note="still")], article_of)
    assert (row.against, row.notes) == (1, ("still",))


def test_an_article_that_the_reader_may_not_read_is_not_named() -> None:
    assert doubted([said("secret", "wrong")], article_of) == []


def test_notes_come_newest_first_and_without_who_wrote_them() -> None:
    given = [said("vpn", "wrong", 1, note="The menu has moved.", person="ann"), said("vpn", "wrong", 2, note="Nothing there.", person="bo")]
    [row] = doubted(given, article_of)
    assert row.notes == ("Nothing there.", "The menu has moved.")
    assert not {"ann", "bo", "c_ann", "c_bo"} & set(vars_of(row))


def vars_of(row: object) -> list[str]:
    return [str(getattr(row, name)) for name in row.__slots__]  # type: ignore[attr-defined]
