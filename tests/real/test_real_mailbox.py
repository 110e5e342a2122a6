"""E-mail against Debian's dovecot and a real SMTP server: what only a real mailbox shows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.entrypoints.mail.mailbox import Folders, Mailbox, Security, Server, Standing, Unfit
from assistant.entrypoints.mail.standing import mailbox_standing
from assistant.ports.outside import Unavailable
from tests.support.dovecot_server import PASSWORD, USER, Dovecot, running_dovecot
from tests.support.mail_server import running_mail
from tests.support.service import copy_demo, firstline, running, served_here
from tests.support.written_mails import DESK, SERVER, mail, verdict

pytestmark = pytest.mark.real
MARIA = "maria.santos@lindqvist.example"
JUDGED = verdict("lindqvist.example")
VPN = "How do I set up the VPN on my Windows laptop?"
DONE, FAILED = Folders().done, Folders().failed
NO_IDLE = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE LITERAL+ UIDPLUS"
PLAINEST = "IMAP4rev1 ID"
PATIENCE = 20.0


def until(said: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def subject(raw: bytes) -> str:
    return next(line for line in raw.decode().splitlines() if line.startswith("Subject: ")).removeprefix("Subject: ")


@dataclass
class Keeping:
    """Takes mails and remembers when; what becomes of them is said by their subjects."""

    taken: list[str] = field(default_factory=list)
    cut_short: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)
    away: bool = False

    def take(self, raw: bytes, cut_short: bool) -> str:
        name = subject(raw)
        if self.away:
            raise Unavailable("the database is away")
        if name == "unfit":
            raise Unfit("a reason")
        if name == "mistake":
            raise RuntimeError("a mistake")
        self.taken.append(name)
        self.cut_short += [name] if cut_short else []
        return name

    def standing(self, mail_id: str) -> Standing:
        return Standing.OPEN if mail_id in self.open else Standing.FAILED if mail_id.startswith("failed") else Standing.DONE


def server_of(dovecot: Dovecot, **changed: Any) -> Server:
    return Server(
        **({"host": "127.0.0.1", "port": dovecot.port, "security": Security.NONE, "user": USER, "password": PASSWORD, "timeout": 5.0} | changed)
    )


@pytest.fixture
def dovecot(tmp_path: Path) -> Iterator[Dovecot]:
    with running_dovecot(tmp_path) as started:
        yield started


def arrives(dovecot: Dovecot, name: str, text: str = "words") -> None:
    dovecot.put(mail(MARIA, text, name, judged=JUDGED).as_bytes())


@pytest.fixture
def following() -> Iterator[Callable[..., tuple[Mailbox, Keeping]]]:
    """Begins to follow; all that were begun end with the test."""
    begun: list[Mailbox] = []

    def begin(server: Server, keeping: Keeping | None = None, **changed: Any) -> tuple[Mailbox, Keeping]:
        keeping = keeping or Keeping()
        box = Mailbox(server, Folders(), keeping, **({"max_bytes": 1_000_000, "renew": 8.0} | changed))
        begun.append(box)
        box.start()
        return box, keeping

    yield begin
    for box in begun:
        box.stop()


Following = Callable[..., tuple[Mailbox, Keeping]]


def test_mails_that_are_there_and_mails_that_come_are_taken_and_put_away(dovecot: Dovecot, following: Following) -> None:
    arrives(dovecot, "before")
    box, keeping = following(server_of(dovecot))
    until(lambda: keeping.taken == ["before"])
    until(lambda: not box.trouble)
    began = time.monotonic()
    arrives(dovecot, "during")
    until(lambda: "during" in keeping.taken)
    assert time.monotonic() - began < 3, "IDLE tells at once; polling would have taken half a minute"
    until(lambda: dovecot.subjects(DONE) == ["before", "during"])
    assert dovecot.subjects() == []


def test_what_is_open_stays_in_the_folder_and_what_failed_goes_to_people(dovecot: Dovecot, following: Following) -> None:
    keeping = Keeping(open={"waits"})
    for name in ("waits", "failed one", "unfit", "mistake", "fine"):
        arrives(dovecot, name)
    following(server_of(dovecot), keeping)
    until(lambda: dovecot.subjects(DONE) == ["fine"] and sorted(dovecot.subjects(FAILED)) == ["failed one", "mistake", "unfit"])
    assert dovecot.subjects() == ["waits"]
    keeping.open.clear()
    until(lambda: dovecot.subjects(DONE) == ["fine", "waits"])
    assert keeping.taken.count("waits") == 1


def test_idle_is_begun_anew_before_the_server_ends_it(dovecot: Dovecot, following: Following) -> None:
    box, keeping = following(server_of(dovecot), renew=1.5)
    until(lambda: not box.trouble)
    time.sleep(5)
    assert box.trouble == ""
    arrives(dovecot, "after three rounds")
    until(lambda: keeping.taken == ["after three rounds"])


@pytest.mark.parametrize("capability", [NO_IDLE, PLAINEST])
def test_a_server_without_idle_is_asked_and_one_without_move_is_copied_to(tmp_path: Path, following: Following, capability: str) -> None:
    with running_dovecot(tmp_path, capability=capability) as dovecot:
        _, keeping = following(server_of(dovecot), poll=0.5)
        arrives(dovecot, "asked for")
        until(lambda: keeping.taken == ["asked for"])
        until(lambda: dovecot.subjects(DONE) == ["asked for"])
        with dovecot.client() as client:
            client.select_folder("INBOX", readonly=True)
            assert client.search(["UNDELETED"]) == []
        arrives(dovecot, "another")
        until(lambda: keeping.taken == ["asked for", "another"])


def test_a_restart_of_the_server_is_outlived(dovecot: Dovecot, following: Following) -> None:
    box, keeping = following(server_of(dovecot))
    until(lambda: not box.trouble)
    dovecot.stop()
    until(lambda: bool(box.trouble))
    time.sleep(3)
    dovecot.start()
    arrives(dovecot, "after the restart")
    until(lambda: keeping.taken == ["after the restart"])
    until(lambda: not box.trouble)


def test_another_numbering_of_the_mailbox_loses_and_doubles_nothing_that_is_told_by_its_id(dovecot: Dovecot, following: Following) -> None:
    keeping = Keeping(open={"first", "second"})
    arrives(dovecot, "first")
    box, _ = following(server_of(dovecot), keeping)
    until(lambda: keeping.taken == ["first"])
    dovecot.stop()
    dovecot.renumber()
    dovecot.start()
    arrives(dovecot, "second")
    until(lambda: sorted(set(keeping.taken)) == ["first", "second"])
    keeping.open.clear()
    until(lambda: sorted(dovecot.subjects(DONE)) == ["first", "second"])


def test_a_start_after_a_crash_finds_what_was_taken_and_not_put_away(dovecot: Dovecot, following: Following) -> None:
    keeping = Keeping(open={"taken"})
    arrives(dovecot, "taken")
    box, _ = following(server_of(dovecot), keeping)
    until(lambda: keeping.taken == ["taken"])
    box.stop()
    keeping.open.clear()
    following(server_of(dovecot), keeping)
    until(lambda: dovecot.subjects(DONE) == ["taken"])


def test_while_nothing_can_be_taken_mails_stay_where_they_are(dovecot: Dovecot, following: Following) -> None:
    keeping = Keeping(away=True)
    arrives(dovecot, "patient")
    box, _ = following(server_of(dovecot), keeping)
    until(lambda: "Unavailable" in box.trouble)
    assert dovecot.subjects() == ["patient"]
    keeping.away = False
    until(lambda: dovecot.subjects(DONE) == ["patient"])


def test_of_a_long_mail_only_the_beginning_is_read(dovecot: Dovecot, following: Following) -> None:
    _, keeping = following(server_of(dovecot), max_bytes=300_000)
    arrives(dovecot, "long", "line of words\n" * 60_000)
    arrives(dovecot, "short")
    until(lambda: keeping.taken == ["long", "short"])
    assert keeping.cut_short == ["long"]


def test_a_mail_that_somebody_takes_out_meanwhile_stops_nothing(dovecot: Dovecot, following: Following) -> None:
    keeping = Keeping(open={"gone"})
    arrives(dovecot, "gone")
    following(server_of(dovecot), keeping)
    until(lambda: keeping.taken == ["gone"])
    with dovecot.client() as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search("ALL"))
        client.expunge()
    arrives(dovecot, "next")
    until(lambda: keeping.taken == ["gone", "next"])


def test_a_wrong_password_is_said_and_tried_again_slowly(dovecot: Dovecot, following: Following) -> None:
    box, _ = following(server_of(dovecot, password="wrong"))
    until(lambda: "refuses the user or the password" in box.trouble)
    with pytest.raises(Unavailable, match="refuses"):
        mailbox_standing(server_of(dovecot, password="wrong", timeout=30.0), Folders())


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_tls_is_used_and_a_certificate_that_nobody_vouches_for_ends_it(tmp_path: Path, following: Following, security: Security) -> None:
    with running_dovecot(tmp_path, tls=True) as dovecot:
        port = dovecot.tls_port if security is Security.TLS else dovecot.port
        box, keeping = following(server_of(dovecot, security=security, port=port, ca_file=str(tmp_path / "server.pem")))
        arrives(dovecot, "over tls")
        until(lambda: keeping.taken == ["over tls"])
        box.stop()
        other, _ = following(server_of(dovecot, security=security, port=port))
        until(lambda: "SSL" in other.trouble)
        plain, _ = following(server_of(dovecot, security=Security.TLS))
        until(lambda: plain.tried and bool(plain.trouble))


def test_the_doctor_sees_what_is_open_what_failed_and_whose_verdicts_stand_there(dovecot: Dovecot) -> None:
    arrives(dovecot, "one")
    dovecot.put(mail("x@evil.example", "words", "two", judged="").as_bytes())
    found = mailbox_standing(server_of(dovecot), Folders())
    assert (found.open, found.failed, found.tells) == (2, 0, True)
    assert dict(found.verdicts) == {SERVER: 1, "": 1}


def settings_for(dovecot: Dovecot, smtp_port: int) -> dict[str, Any]:
    box = {"imap_host": "127.0.0.1", "imap_port": dovecot.port, "imap_security": "none", "imap_user": USER, "imap_password": PASSWORD}
    return {**box, "smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_security": "none", "mail_from": DESK, "mail_authserv_id": SERVER}


class TestTheService:
    def test_a_mail_is_answered_its_link_pressed_and_its_thread_goes_on(self, dovecot: Dovecot, tmp_path: Path, model_home: Path) -> None:
        home = copy_demo(tmp_path / "home", model_home)
        with running_mail(tmp_path) as smtp, served_here(home, **settings_for(dovecot, smtp.port)) as service:
            dovecot.put(mail(MARIA, VPN, "VPN", judged=JUDGED, name="first@laptop").as_bytes())
            until(lambda: len(smtp.taken) == 1)
            answer = smtp.taken[0]
            assert (answer["To"], answer["Subject"], answer["In-Reply-To"]) == (MARIA, "Re: VPN", "<first@laptop>")
            text = answer.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            link = next(word for word in text.split() if word.endswith("press=no"))
            page = link.partition("?")[0]
            assert httpx.get(link, trust_env=False).status_code == 200
            pressed = httpx.post(page, data={"choice": "no"}, headers={"Origin": service.url}, trust_env=False)
            assert pressed.status_code == 303
            until(lambda: len(smtp.taken) == 2)
            second = smtp.taken[1]
            ids = ("first@laptop", str(second["Message-ID"]).strip("<>"))
            dovecot.put(mail(MARIA, "yes, that solved it", "Re: VPN", judged=JUDGED, answers=ids).as_bytes())
            until(lambda: len(smtp.taken) == 3)
            with service.assistant.store.read() as unit:
                (conversation,) = unit.conversations.of_person("maria.santos")
            assert conversation.state == "resolved"
            until(lambda: dovecot.subjects(DONE) == ["VPN", "Re: VPN"])
            assert httpx.get(f"{service.url}/healthz", trust_env=False).json()["channels"]["mail"]["state"] == "ready"

    def test_the_doctor_says_how_the_mailbox_stands_and_whose_verdicts_are_there(self, dovecot: Dovecot, tmp_path: Path, model_home: Path) -> None:
        home = copy_demo(tmp_path / "home", model_home)
        arrives(dovecot, "one")
        settings = {name: str(value) for name, value in settings_for(dovecot, 25).items()}
        said = " ".join(firstline(home, "doctor", **settings).stdout.split())
        assert "1 mails open, 0 in Firstline failed" in said
        assert f"verdicts of {SERVER} count; topmost on the latest mails: {SERVER} on 1" in said
        other = " ".join(firstline(home, "doctor", **settings | {"mail_authserv_id": "other.example"}).stdout.split())
        assert "FIRSTLINE_MAIL_AUTHSERV_ID" in other
        dovecot.stop()
        assert "mailbox" in firstline(home, "doctor", **settings).stdout

    def test_killed_and_started_anew_it_answers_every_mail_once(self, dovecot: Dovecot, tmp_path: Path, model_home: Path) -> None:
        home = copy_demo(tmp_path / "home", model_home)
        with running_mail(tmp_path) as smtp:
            settings = {name: str(value) for name, value in settings_for(dovecot, smtp.port).items()}
            with running(home, **settings) as service:
                for number in range(12):
                    dovecot.put(mail(f"nobody{number}@lindqvist.example", VPN, f"VPN {number}", judged="").as_bytes())
                    if number % 4 == 3:
                        service.kill()
                        service.start()
                until(lambda: len({str(one["To"]) for one in smtp.taken}) == 12, 60)
                until(lambda: len(dovecot.subjects(DONE)) == 12, 60)
            ids = {(str(one["To"]), str(one["Message-ID"])) for one in smtp.taken}
            assert len(ids) == 12, "whatever was sent again has the id that it had"
