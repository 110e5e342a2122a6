"""A sender counts only where our own mail server vouches for exactly that address, and the directory knows it once."""

from __future__ import annotations

import pytest

from assistant.domain.configuration import Person
from assistant.entrypoints.mail.identity import Trust, address_of, person_of, vouched
from assistant.entrypoints.mail.reading import Mail, read_mail

TRUST = Trust("mx.example.org")
MARIA = Person("maria", "Maria Santos", "Maria@example.org")
PEOPLE = [MARIA, Person("jonas", "Jonas", "jonas@example.org"), Person("nobody", "No address"), Person("fremd", "Fremd", "mäx@example.org")]
PASSED = "mx.example.org; dmarc=pass header.from=example.org"


def received(*fields: str, body: str = "Hello") -> Mail:
    return read_mail("\r\n".join((*fields, "", body)).encode())


def from_maria(*above: str) -> Mail:
    return received(*(f"Authentication-Results: {one}" for one in above), "From: Maria <maria@example.org>")


def test_a_sender_for_whom_our_server_vouches_is_the_person_with_that_address() -> None:
    assert person_of(from_maria(PASSED), PEOPLE, TRUST) == MARIA


@pytest.mark.parametrize(
    "field",
    [
        "mx.example.org 1; dmarc=pass (p=reject dis=none) header.from=example.org",
        "mx.example.org;\r\n spf=pass smtp.mailfrom=b@mailer.test;\r\n  dkim=pass header.d=mailer.test;\r\n  dmarc=pass header.from=example.org",
        "mx.example.org; dkim=pass header.d=EXAMPLE.org header.s=s1 header.b=abc",
        "mx.example.org; dkim=fail header.d=other.test; dkim=pass header.d=example.org",
        "mx.example.org; spf=pass smtp.mailfrom=maria@example.org",
        "mx.example.org; dmarc=none header.from=example.org; dkim=pass header.d=example.org",
    ],
)
def test_these_verdicts_vouch_for_the_sender(field: str) -> None:
    assert person_of(from_maria(field), PEOPLE, TRUST) == MARIA


@pytest.mark.parametrize(
    "field",
    [
        "mx.example.org; none",
        "mx.example.org; dmarc=fail header.from=example.org",
        "mx.example.org; dmarc=pass header.from=evil.test",
        "mx.example.org; dmarc=pass",
        "mx.example.org; dmarc=pass header.from=example.org header.from=evil.test",
        "mx.example.org; dmarc=pass header.from=example.org; dmarc=fail header.from=example.org",
        "mx.example.org; dmarc=fail header.from=example.org; dkim=pass header.d=example.org",
        "mx.example.org; dmarc=temperror header.from=example.org; spf=pass smtp.mailfrom=example.org",
        "mx.example.org; dmarc=quarantine header.from=example.org; spf=pass smtp.mailfrom=example.org",
        "mx.example.org; spf=softfail smtp.mailfrom=example.org",
        "mx.example.org; spf=pass smtp.mailfrom=example.org.evil.test",
        "mx.example.org; spf=pass smtp.helo=example.org",
        "mx.example.org; dkim=pass header.d=evil.test header.i=@example.org",
        "mx.example.org; dkim=pass header.d=sub.example.org",
        'mx.example.org; spf=fail smtp.mailfrom="x; dmarc=pass header.from=example.org"@evil.test',
        "mx.example.org; spf=fail (dmarc=pass header.from=example.org) smtp.mailfrom=evil.test",
        "mx.example.org; spf=fail (a (b) ; dmarc=pass header.from=example.org ; c) smtp.mailfrom=evil.test",
        'mx.example.org; spf=fail reason="bad\\"; dmarc=pass header.from=example.org; " smtp.mailfrom=evil.test',
        "mx.example.org; spf=fail (never closed; dmarc=pass header.from=example.org",
        "mx.example.org) ; dmarc=pass header.from=example.org",
        "mx.example.org 2; dmarc=pass header.from=example.org",
        "mx.example.org.evil.test; dmarc=pass header.from=example.org",
        "MX.example.org; dmarc=pass header.from=example.org",
        "other.test; dmarc=pass header.from=example.org",
        "; dmarc=pass header.from=example.org",
        "dmarc=pass header.from=example.org",
    ],
)
def test_these_verdicts_do_not_vouch_for_the_sender(field: str) -> None:
    assert person_of(from_maria(field), PEOPLE, TRUST) is None


def test_no_verdict_is_no_identity() -> None:
    assert person_of(from_maria(), PEOPLE, TRUST) is None


def test_a_forged_verdict_below_that_of_our_server_never_counts() -> None:
    assert person_of(from_maria("mx.example.org; dmarc=fail header.from=example.org", PASSED), PEOPLE, TRUST) is None
    assert person_of(from_maria("mx.example.org; spf=none", PASSED), PEOPLE, TRUST) is None
    assert person_of(from_maria("relay.test; spf=none", PASSED), PEOPLE, TRUST) is None


def test_where_the_server_writes_several_fields_that_many_count_and_no_more() -> None:
    mail = from_maria("mx.example.org; spf=none", "mx.example.org; dkim=none", PASSED)
    assert person_of(mail, PEOPLE, Trust("mx.example.org", 3)) == MARIA
    assert person_of(mail, PEOPLE, Trust("mx.example.org", 2)) is None


def test_without_a_name_of_the_server_nobody_is_known() -> None:
    assert person_of(from_maria("; dmarc=pass header.from=example.org"), PEOPLE, Trust("")) is None


@pytest.mark.parametrize(
    "fields",
    [
        ("From: Maria <maria@example.org>, Eve <eve@evil.test>",),
        ("From: Maria <maria@example.org>", "From: Eve <eve@evil.test>"),
        ('From: "maria@example.org" <eve@evil.test>',),
        ("From: maria@example.org <eve@evil.test>",),
        ("From: Maria <maria@example.org> <eve@evil.test>",),
        ("From: <eve@evil.test> <maria@example.org>",),
        ("From: team: maria@example.org, eve@evil.test;",),
        ("From: =?utf-8?q?maria=40example=2Eorg?=",),
        ("From: Maria <=?utf-8?q?maria=40example=2Eorg?=>",),
        ("From: Maria <m\u0430ria@example.org>",),
        ("From: Maria <maria@ex\u0430mple.org>",),
        ("From: Maria <mäx@example.org>",),
        ("From: Maria <maria@example.org.>",),
        ('From: Maria <"maria"@example.org>',),
        ("From: Maria <maria(comment)@example.org>",),
        ("From: (maria@example.org) eve@evil.test",),
        ("From: Maria <maria@[127.0.0.1]>",),
        ("From: Maria <nobody@example.org>",),
        ("From:",),
        ("From: Maria <maria@example.org>", "Sender: eve@evil.test"),
        ("From: Maria <maria@example.org>", "Sender: maria@example.org", "Sender: eve@evil.test"),
    ],
)
def test_tricks_with_the_address_make_a_stranger(fields: tuple[str, ...]) -> None:
    assert person_of(received(f"Authentication-Results: {PASSED}", *fields), PEOPLE, TRUST) is None


def test_a_sender_field_that_names_the_same_address_changes_nothing() -> None:
    mail = received(f"Authentication-Results: {PASSED}", "From: Maria <maria@example.org>", "Sender: <Maria@example.org>")
    assert person_of(mail, PEOPLE, TRUST) == MARIA


def test_an_address_that_two_people_have_is_nobodys() -> None:
    assert person_of(from_maria(PASSED), [*PEOPLE, Person("other", "Other", "maria@example.org")], TRUST) is None


def test_a_name_with_commas_in_quotation_marks_is_one_name() -> None:
    mail = received(f"Authentication-Results: {PASSED}", 'From: "Santos, Maria \\"MS\\"" <maria@example.org>')
    assert address_of(mail) == "maria@example.org"
    assert vouched(mail, "maria@example.org", TRUST)
