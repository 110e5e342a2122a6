"""Redaction by kind: what has to go in many forms and languages, what has to stay, and how long that may take."""

from __future__ import annotations

import time

import pytest

from assistant.governance.redaction import mentions_taken_secret, redact, without_secrets
from evals.beir import BadInput
from evals.privacy.redaction import Row, measure, read_rows
from evals.privacy.samples import spoken, structured

SPOKEN = [
    ("Ich habe mein Passwort auf Kaktus!77 geändert", "Kaktus!77"),
    ("mit dem Passwort Regenbogen komme ich nicht rein", "Regenbogen"),
    ("mon mot de passe actuel est Bretagne et il est refusé", "Bretagne"),
    ("mi nueva contraseña es Sevilla2020", "Sevilla2020"),
    ("mitt lösenord är blåbär", "blåbär"),
    ("hasło do wifi to Bursztyn!9", "Bursztyn!9"),
    ("a minha palavra-passe é saudade77", "saudade77"),
    ("la password del wifi è Vesuvio79", "Vesuvio79"),
    ("mijn nieuwe wachtwoord is stroopwafel maar dat werkt niet", "stroopwafel"),
    ("Пароль: Берёзка17", "Берёзка17"),
    ("パスワード：Sakura2024", "Sakura2024"),
    ("Pelican is my password and Outlook keeps asking", "Pelican"),
    ("I log in with ana.lopez / Orchid#22", "Orchid#22"),
    ('Passphrase is "four blue ducks swim"', "four blue ducks swim"),
    ("my passphrase is four blue ducks swim and it fails", "four blue ducks swim"),
    ("backup codes: 8842 1190, 4471 0032", "4471 0032"),
    ("123 456 is your verification code", "123 456"),
    ("net use Z: \\\\files\\team /user:corp\\ana Orchid#22", "Orchid#22"),
    ("Server=sql01;User Id=svc;Password=Orchid;", "Orchid"),
    ("curl -u ana:Orchid#22 https://repo.example", "Orchid#22"),
    ("otpauth://totp/Corp:ana?secret=JBSWY3DPEHPK3PXPJBSWY3DP&issuer=Corp", "JBSWY3DPEHPK3PXPJBSWY3DP"),
    ("card 4111 1111 1111 1111 12/29 cvv 123", "4111 1111 1111 1111"),
    ("card 4111 1111 1111 1111 12/29 cvv 123", "123"),
]
PERSONAL = [
    ("mitt personnummer är 850709-9805", "850709-9805"),
    ("mi DNI es 12345678Z", "12345678Z"),
    ("PESEL 44051401359", "44051401359"),
    ("meu CPF é 529.982.247-25", "529.982.247-25"),
    ("NI number QQ 12 34 56 C", "QQ 12 34 56 C"),
    ("date of birth: 12.03.1985", "12.03.1985"),
    ("ring me on 0171 5550123 after lunch", "0171 5550123"),
    ("my home address is 12 Oak Street, Leeds", "12 Oak Street"),
]
CLEAN = [
    "Windows update KB5034441 fails with 0x80070643",
    "Error 0x800F0922 on build 10.0.19045.3930",
    "GUID {6B29FC40-CA47-1067-B31D-00DD010662DA} is not registered",
    "MAC 3C-52-82-AB-11-0F has no lease, gateway 192.168.1.1",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 broke the build",
    "The password must be at least 12 characters and contain a number",
    "Set a password that contains a mix of letters and numbers",
    "Reset the password in Active Directory Users and Computers",
    "password = `$VAULT_PASSWORD`",
    "Enter the code that the app shows, then select Verify",
    "the installer ends with code 1603",
    "IMEI 353918051234561 is not enrolled",
    "IBAN DE89 3704 0044 0532 0130 01 has a wrong checksum",
    "log file backup-20261122-0710.txt",
    "ask support@lindqvist.example or call 800-555-0199",
    "Das Passwort ist abgelaufen und läuft nicht mehr",
    "la contraseña es incorrecta",
    "hasło nie działa od wczoraj",
    "Part number 5CG1-4477 of the dock, 27UP850-W monitor",
    "DNS 2001:db8::1 answers in 20 ms",
]


@pytest.mark.parametrize(("text", "secret"), SPOKEN, ids=[text[:30] for text, _ in SPOKEN])
def test_a_secret_is_taken_out_before_a_message_is_stored(text: str, secret: str) -> None:
    kept = without_secrets(text)
    assert secret not in kept
    assert mentions_taken_secret(kept)
    assert without_secrets(kept) == kept


@pytest.mark.parametrize(("text", "number"), PERSONAL, ids=[text[:30] for text, _ in PERSONAL])
def test_personal_numbers_leave_what_others_read_but_not_the_conversation(text: str, number: str) -> None:
    assert number not in redact(text)
    assert number in without_secrets(text)


@pytest.mark.parametrize("text", CLEAN, ids=[text[:30] for text in CLEAN])
def test_what_a_desk_writes_about_stays(text: str) -> None:
    assert redact(text) == text


def test_recall_on_made_texts_holds_for_a_seed_that_nobody_tuned_on() -> None:
    tally = measure([], [], 900, seed=90_210)
    metrics = tally.metrics()
    assert metrics["recall_structured"].value >= 0.98
    assert metrics["recall_free_text"].value >= 0.90


def test_a_message_of_the_greatest_length_is_looked_through_to_its_end() -> None:
    text = "the printer is slow and so on. " * 3_200 + "My password is Orchid#22"
    began = time.process_time()
    kept = without_secrets(text)
    assert time.process_time() - began < 5
    assert kept == text.replace("Orchid#22", "[secret]")


@pytest.mark.parametrize("place", range(7_950, 8_030, 7))
def test_a_secret_at_the_edge_of_a_piece_is_found(place: int) -> None:
    text = ("word " * 4_000)[:place] + " my password is Orchid#22 today " + "word " * 400
    assert "Orchid" not in without_secrets(text)


@pytest.mark.parametrize(
    "piece", ["set a ", "DE12 ", "log in with ", '"', "http://a:", "recovery code 1234 ", "mysql ", "cookie: a=", "-----BEGIN PRIVATE KEY-----"]
)
def test_no_hostile_text_takes_long(piece: str) -> None:
    began = time.process_time()
    redact((piece * 20_000)[:20_000])
    assert time.process_time() - began < 2


def test_a_row_says_what_was_left_and_what_went_wrongly() -> None:
    assert Row("r", "my password is Orchid#22 today", ("Orchid#22",)).faults() == []
    assert len(Row("r", "the printer is slow", ("slow",)).faults()) == 1
    assert len(Row("r", "my password is Orchid#22 today", ()).faults()) == 1


def test_samples_depend_on_their_seed_alone() -> None:
    assert [*structured(40, 7), *spoken(40, 7)] == [*structured(40, 7), *spoken(40, 7)]
    assert list(structured(40, 7)) != list(structured(40, 8))


def test_a_malformed_row_is_refused_with_its_line(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "rows.jsonl"
    path.write_text(
        '{"id": "a", "payload": "x", "expected": {"redact_spans": []}}\n{"id": "b", "payload": "x", "expected": {"redact_spans": ["y"]}}\n'
    )
    with pytest.raises(BadInput, match="line 2"):
        read_rows(path)
