"""Plain questions to the demo company's knowledge base, with the real model and both real indexes."""

from __future__ import annotations

from datetime import date

import pytest

from kb.bootstrap import KnowledgeBase
from kb.cite import cite
from kb.model import Evidence, Platform, Reader, Retrieval
from kb.ports import Scope
from kb.retrieve import Question

RESTRICTED = {
    "access-banking-portal-tokens": ({"finance"}, "My token for the banking portal is broken, how do I get a new one?"),
    "access-finance-close-calendar-permissions": ({"finance"}, "Who gets permissions for the month-end close calendar?"),
    "access-payroll-system": ({"hr"}, "How do I get access to the payroll system?"),
    "joining-relocation-equipment-allowance": ({"hr"}, "What is the equipment allowance for relocation?"),
    "joining-contractors-accounts": ({"hr", "managers"}, "How do I order an account for a contractor?"),
    "joining-welcome-checklist-managers": ({"managers"}, "What must a manager do before a new employee's first day?"),
    "access-privileged-admin-accounts": ({"it-admins"}, "How do I get a privileged admin account?"),
}


def ask(base: KnowledgeBase, question: str, platform: Platform | None = None, groups: frozenset[str] = frozenset(), limit: int = 12) -> Retrieval:
    """Retrieve for a reader."""
    found = base.retriever.retrieve(Question(question), Scope(Reader(groups), platform), limit=limit)
    assert found.degraded == ""
    return found


def first(found: Retrieval) -> str:
    return found.articles[0].id


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("I forgot my password and cannot log in", {"password-reset-self-service", "account-locked"}),
        ("my account is locked after too many attempts", {"account-locked"}),
        ("I got a new phone, how do I move Approve to it?", {"mfa-new-phone"}),
        ("I lost the phone that I use to approve sign-ins", {"mfa-lost-phone"}),
        ("What does the VPN error code HC-507 mean?", {"vpn-error-codes"}),
        ("which Wi-Fi can my visitor use?", {"wifi-guest-network"}),
        ("my mailbox is full", {"email-quota-full"}),
        ("set an automatic reply while I am on holiday", {"email-out-of-office"}),
        ("I think I got a phishing mail", {"security-report-phishing"}),
        ("my laptop was stolen on the train", {"security-lost-or-stolen-device"}),
        ("get back a file that I deleted by accident", {"files-restore-deleted"}),
        ("my print job is stuck and nothing comes out of the printer", {"printing-problems"}),
        ("nobody can hear me in a Teams call", {"meetings-no-audio-teams"}),
        ("how do I request access to an application", {"access-request-group-or-app"}),
        ("Will my phone work abroad and what does it cost?", {"phone-roaming"}),
    ],
)
def test_a_plain_question_finds_its_article(demo: KnowledgeBase, question: str, expected: set[str]) -> None:
    found = ask(demo, question)
    assert first(found) in expected, [article.id for article in found.articles]


@pytest.mark.parametrize("platform", list(Platform))
def test_the_same_question_finds_the_guide_of_each_device(demo: KnowledgeBase, platform: Platform) -> None:
    found = ask(demo, "How do I install the VPN?", platform)
    assert first(found) == f"vpn-install-{platform.value}"


@pytest.mark.parametrize(
    ("question", "platform", "expected"),
    [
        ("connect to the staff Wi-Fi", Platform.LINUX, "wifi-staff-linux"),
        ("connect to the staff Wi-Fi", Platform.WINDOWS, "wifi-staff-windows"),
        ("connect to the staff Wi-Fi", Platform.ANDROID, "wifi-staff-phone"),
        ("add a printer", Platform.MACOS, "printing-add-printer-macos"),
        ("set up work e-mail", Platform.IOS, "email-set-up-ios"),
        ("change my password", Platform.MACOS, "password-change-macos"),
    ],
)
def test_a_question_finds_the_variant_for_the_device(demo: KnowledgeBase, question: str, platform: Platform, expected: str) -> None:
    assert first(ask(demo, question, platform)) == expected


@pytest.mark.parametrize("platform", list(Platform))
def test_no_guide_for_another_device_is_ever_among_the_passages(demo: KnowledgeBase, platform: Platform) -> None:
    for question in ("install the vpn", "connect to Wi-Fi", "add a printer", "set up e-mail", "change my password", "my laptop is slow"):
        for item in ask(demo, question, platform, limit=100).ranked:
            platforms = item.passage.article.platforms
            assert not platforms or platform in platforms, (question, item.passage.id)


def test_the_demo_has_the_restricted_articles_that_are_tried_here(demo: KnowledgeBase) -> None:
    assert {article.id for article in demo.store.articles() if article.audience.groups} == set(RESTRICTED)
    assert demo.store.groups() == {"finance", "hr", "it-admins", "managers"}


@pytest.mark.parametrize("article", sorted(RESTRICTED))
def test_a_restricted_article_is_found_by_insiders_and_never_by_outsiders(demo: KnowledgeBase, article: str) -> None:
    groups, question = RESTRICTED[article]
    for group in groups:
        assert first(ask(demo, question, groups=frozenset({group}))) == article
    outsiders = [frozenset(), frozenset({"finance", "hr", "it-admins", "managers"} - groups), frozenset({"everyone", "sales"})]
    title = next(one.title for one in demo.store.articles() if one.id == article)
    for outsider in outsiders:
        for asked in (question, title, article):
            assert article not in {one.id for one in ask(demo, asked, groups=outsider, limit=100).articles}


def test_every_citation_is_exactly_its_span_of_the_revision(demo: KnowledgeBase) -> None:
    checked = 0
    for article in demo.store.articles():
        text = demo.store.revision_text(article.id, article.revision)
        assert text is not None
        for passage in demo.store.passages_of(article.id):
            citation = cite(passage, date(2026, 11, 22))
            assert text[citation.start : citation.end] == citation.quote != ""
            assert (citation.article, citation.revision, citation.title) == (article.id, article.revision, article.title)
            checked += 1
    assert checked > 200


def test_what_retrieval_ranks_is_what_the_tables_hold(demo: KnowledgeBase) -> None:
    def exact(item: Evidence) -> bool:
        passage = item.passage
        text = demo.store.revision_text(passage.article.id, passage.article.revision) or ""
        return text[passage.start : passage.end] == passage.text

    for question in ("vpn error HC-610", "password", "new phone"):
        found = ask(demo, question)
        assert found.ranked
        assert all(exact(item) for item in found.ranked)


def test_a_question_of_the_field_is_surer_than_one_from_outside(demo: KnowledgeBase) -> None:
    inside = [ask(demo, question).confidence for question in ("my mailbox is full", "I lost my phone with Approve", "how do I print with my badge")]
    outside = [ask(demo, question).confidence for question in ("what is the capital of Peru", "bake a chocolate cake", "who won the football match")]
    assert min(inside) > max(outside)


@pytest.mark.parametrize("question", ["", "???", "\x00\ud800", "🙂" * 500, "word " * 20_000, "שלום עולם", "' OR 1=1 --"])
def test_any_text_may_be_asked(demo: KnowledgeBase, question: str) -> None:
    assert 0.0 <= ask(demo, question).confidence <= 1.0


def test_both_indexes_agree_with_the_tables(demo: KnowledgeBase) -> None:
    assert [(agreement.index, agreement.agrees) for agreement in demo.keeper.check()] == [("lexical", True), ("vector", True)]
