"""Machines, lists, bounces and our own mails are never answered; people are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.notify.message import Sender
from assistant.entrypoints.mail.automatic import Pace, why_automatic
from assistant.entrypoints.mail.reading import read_mail
from assistant.ports.notify import Letter, Notice

OWN = frozenset({"it-help@example.org"})
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def why(*fields: str, sender: str = "maria@example.org", subject: str = "VPN") -> str:
    head = (*fields, f"From: {sender}", f"Subject: {subject}", "Message-ID: <1@x>")
    return why_automatic(read_mail("\r\n".join((*head, "", "Hello")).encode()), OWN)


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "Precedence: bulk",
        "Precedence: list",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: out",
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, AutoReply",
        "List-Id: <all.example.org>",
        "List-Unsubscribe: <https://example.org/u>",
        "X-Mailman-Version: 2.1",
        "Return-Path: <>",
        "X-Failed-Recipients: a@example.org",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
        "Content-Type: message/delivery-status",
        "X-Firstline: reply",
    ],
)
def test_the_marks_of_programs_lists_and_servers_are_known(field: str) -> None:
    assert why(field)


@pytest.mark.parametrize(
    "sender",
    ["MAILER-DAEMON@example.org", "postmaster@example.org", "no-reply@shop.test", "donotreply@x.test", "it-help@example.org", "bounce+17=a@x.test"],
)
def test_addresses_that_nobody_reads_and_our_own_are_known(sender: str) -> None:
    assert why(sender=sender)


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: VPN",
        "AW: Automatische Antwort: VPN",
        "Abwesenheitsnotiz: VPN",
        "Réponse automatique : VPN",
        "Respuesta automática: VPN",
        "Odpowiedź automatyczna: VPN",
        "Autosvar: VPN",
        "رد تلقائي: VPN",
        "Out of Office: back on Monday",
    ],
)
def test_subjects_of_automatic_replies_are_known(subject: str) -> None:
    assert why(subject=subject)


@pytest.mark.parametrize(
    "subject",
    ["Re: VPN", "Automatic replies do not work", "How do I set up an out of office reply?", "Abwesenheitsnotiz einrichten", "Autosvar i Outlook", ""],
)
def test_a_person_who_asks_about_automatic_replies_is_answered(subject: str) -> None:
    assert why("Auto-Submitted: no", "Return-Path: <maria@example.org>", "X-Auto-Response-Suppress: DR, OOF-not", subject=subject) == ""


def test_what_we_send_is_never_answered_by_us() -> None:
    sender = Sender("IT help", "it-help@example.org", FixedClock(NOON))
    letter = sender.letter(Letter("maria@example.org", "Re: VPN", "Hello", "<p>Hello</p>", "fl.1@example.org"))
    notice = sender.message(Notice("maria@example.org", "Your one-time code", "Hello"), "key")
    for one in (letter, notice):
        del one["From"]
        one["From"] = "somebody@else.test"
        assert why_automatic(read_mail(one.as_bytes()), OWN)


def test_a_sender_and_a_thread_have_a_limit_within_an_hour() -> None:
    clock = FixedClock(NOON)
    pace = Pace(3, 2, clock.now)
    assert [pace.allows("maria", thread) for thread in ("a", "a", "a", "b")] == [True, True, False, False]
    assert pace.allows("jonas", "c")
    clock.set(NOON + timedelta(hours=1))
    assert pace.allows("maria", "a")
