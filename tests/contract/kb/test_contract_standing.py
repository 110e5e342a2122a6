"""What every ``ArticleStore`` says of revisions that were cited."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event as sql

from kb.adapters.store.articles import IN_LIMIT, SqlArticleStore
from kb.ports import ArticleStore
from tests.support.kb_samples import document, publish


def test_a_cited_revision_stands_while_title_and_text_stay(store: ArticleStore) -> None:
    one = document("vpn", "Install it.")
    [first] = publish(store, one)
    assert store.standing([("vpn", 1)]) == {("vpn", 1): (first, True)}
    [second] = publish(store, replace(one, owner="other@lindqvist.example"))
    assert store.standing({("vpn", 1), ("vpn", 2)}) == {("vpn", 1): (second, True), ("vpn", 2): (second, True)}
    [third] = publish(store, replace(one, text="Install the new one."))
    assert store.standing({("vpn", 1), ("vpn", 3)}) == {("vpn", 1): (third, False), ("vpn", 3): (third, True)}


@pytest.mark.parametrize("change", [{"title": "About something else"}, {"text": "install it."}])
def test_a_changed_title_or_letter_counts(store: ArticleStore, change: dict[str, str]) -> None:
    one = document("vpn", "Install it.")
    publish(store, one)
    publish(store, replace(one, **change))
    assert store.standing([("vpn", 1)])["vpn", 1][1] is False


def test_what_is_gone_or_never_was_is_missing(store: ArticleStore) -> None:
    publish(store, document("vpn"), document("mfa"))
    store.withdraw(["vpn"])
    assert set(store.standing({("vpn", 1), ("mfa", 1), ("nothing", 1)})) == {("mfa", 1)}
    assert store.standing([]) == {}


def test_a_revision_that_never_was_names_its_article_only(store: ArticleStore) -> None:
    [mfa] = publish(store, document("mfa"))
    assert store.standing({("mfa", 0), ("mfa", 9)}) == {("mfa", 0): (mfa, False), ("mfa", 9): (mfa, False)}


def test_all_citations_of_a_page_are_one_query(store: ArticleStore) -> None:
    if not isinstance(store, SqlArticleStore):
        pytest.skip("counts statements of a database")
    names = [f"a{i}" for i in range(12)]
    publish(store, *(document(name) for name in names))
    seen: list[str] = []
    sql.listen(store.engine, "before_cursor_execute", lambda _c, _k, statement, *_: seen.append(statement))
    assert len(store.standing({(name, 1) for name in names})) == 12
    assert len([statement for statement in seen if statement.startswith("SELECT")]) == 1
    assert len(store.standing({(name, number) for name in names for number in range(1, 2 + IN_LIMIT // 12)})) > IN_LIMIT
