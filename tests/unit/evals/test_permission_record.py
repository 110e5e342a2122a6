"""The record that the permission draws are judged by."""

from __future__ import annotations

import random
from dataclasses import replace

from evals.permissions.canaries import Maker, Record
from kb.model import Audience


def test_what_changes_nothing_of_a_live_article_is_no_revision() -> None:
    record, canary = Record(), Maker(random.Random(3)).canary("canaries/one", frozenset({"hr"}))
    record.put(canary)
    record.put(canary)
    assert record.audiences["canaries/one"] == [frozenset({"hr"})]
    moved = replace(canary, document=replace(canary.document, audience=Audience(frozenset({"legal"}))))
    record.put(moved)
    assert record.audiences["canaries/one"] == [frozenset({"hr"}), frozenset({"legal"})]


def test_an_article_that_comes_back_after_it_was_deleted_has_a_new_revision() -> None:
    record, canary = Record(), Maker(random.Random(3)).canary("canaries/one", frozenset({"hr"}))
    record.put(canary)
    record.drop("canaries/one")
    record.put(canary)
    assert len(record.audiences["canaries/one"]) == 2
