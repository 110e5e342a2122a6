"""What every way to send notices promises: mail by a mail server, mail as files, and the list in memory."""

from __future__ import annotations

import logging
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.notifier import MemoryNotifier
from assistant.adapters.notify.folder import FolderNotifier
from assistant.adapters.notify.message import Sender, check_sender
from assistant.adapters.notify.smtp import MailSecurity, SmtpNotifier
from assistant.adapters.notify.smtp import MailServer as MailPlace
from assistant.domain.secret import Secret
from assistant.ports.notify import Notice, Notifier
from assistant.ports.outside import Refused, Unavailable, Uncertain
from tests.support.mail_server import PASSWORD, USER, MailServer, running_mail
from tests.support.service import free_port

SENDER = Sender("IT help", "it-help@x.example", FixedClock(datetime(2026, 11, 23, 8, 30, tzinfo=UTC)))
CODE = "482913-and-more"
NOTICE = Notice("ann@home.example", "Your code – für Åsa", "Somebody asked for a code.\n\nWas it not you? Tell the desk. 紙\n", Secret(CODE))


@dataclass
class Post:
    """A way to send, and what arrived by it: the message ids with the messages."""

    notifier: Notifier
    arrived: Callable[[], list[EmailMessage]]


def place(port: int, security: str = "none", user: str = "", password: str = "", ca_file: str = "") -> MailPlace:
    return MailPlace("127.0.0.1", port, MailSecurity(security), user, Secret(password), ca_file, 3.0)


def of_files(folder: Path) -> list[EmailMessage]:
    return [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.iterdir())]  # type: ignore[misc]


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailServer]:
    with running_mail(tmp_path) as server:
        yield server


@pytest.fixture(params=["memory", "folder", "smtp"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Post:
    if request.param == "smtp":
        server = request.getfixturevalue("mail")
        return Post(SmtpNotifier(place(server.port), SENDER), lambda: server.taken)
    if request.param == "folder":
        return Post(FolderNotifier(tmp_path / "mail", SENDER), lambda: of_files(tmp_path / "mail"))
    memory = MemoryNotifier(SENDER)
    return Post(memory, lambda: [SENDER.message(notice, key) for key, notice in memory.sent.items()])


def test_a_notice_arrives_whole_with_its_secret_as_the_last_line(post: Post) -> None:
    post.notifier.send(NOTICE, "act_1-code")
    (message,) = post.arrived()
    assert (message["To"], message["From"], message["Subject"]) == (NOTICE.address, "IT help <it-help@x.example>", NOTICE.subject)
    assert message.get_content().splitlines() == [*NOTICE.text.splitlines(), "", CODE]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == SENDER.clock.now()


def test_a_notice_without_a_secret_ends_with_its_text(post: Post) -> None:
    post.notifier.send(Notice("ann@home.example", "Reminder", "Please decide."), "k")
    assert post.arrived()[0].get_content().splitlines() == ["Please decide."]


def test_the_same_key_has_the_same_message_id_and_another_key_another(post: Post) -> None:
    for key in ("a", "b", "a"):
        post.notifier.send(NOTICE, key)
    ids = {message["Message-ID"] for message in post.arrived()}
    assert len(ids) == 2
    assert all(found.startswith("<firstline.") and found.endswith("@x.example>") for found in ids)


@pytest.mark.parametrize("key", ["x\r\nBcc: eve@evil.example", "../../etc/passwd", "", "a/b", "é" * 300, ".hidden", "x" * 400, "nul\x00"])
def test_no_key_leaves_its_place(post: Post, key: str, tmp_path: Path) -> None:
    before = {path for path in tmp_path.rglob("*") if path.parent.name != "mail"}
    post.notifier.send(NOTICE, key)
    (message,) = post.arrived()
    assert message["Bcc"] is None
    assert message["Message-ID"].count("@") == 1
    assert {path for path in tmp_path.rglob("*") if path.parent.name != "mail"} - {tmp_path / "mail"} == before - {tmp_path / "mail"}


BAD_ADDRESSES = [
    "",
    "ann",
    "ann@",
    "@home.example",
    "ann@home.example, eve@evil.example",
    "Ann <ann@home.example>",
    "ann@home.example\r\nBcc: e@evil.example",
]
BAD_ADDRESSES += [
    "ann@home.example\n",
    " ann@home.example",
    "ann@home.example>",
    "<ann@home.example>",
    "ann@home .example",
    "ann@home.example\x00",
    "a b@home.example",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_only_one_plain_address_is_written_to(post: Post, address: str) -> None:
    with pytest.raises(Refused):
        post.notifier.send(Notice(address, "s", "t"), "k")
    if isinstance(post.notifier, FolderNotifier):
        assert not post.notifier.folder.exists()
    else:
        assert post.arrived() == []


@pytest.mark.parametrize("subject", ["hello\r\nBcc: eve@evil.example", "hello\nX-Other: 1", "hello\r there"])
def test_a_subject_cannot_begin_another_header(post: Post, subject: str) -> None:
    with pytest.raises(Refused):
        post.notifier.send(Notice("ann@home.example", subject, "t"), "k")


@pytest.mark.parametrize("text", [".\r\nQUIT\r\n", ".\n", "a\n.\nRCPT TO:<eve@evil.example>\n", "From here on\n", "x" * 5_000])
def test_a_text_is_only_text(post: Post, text: str) -> None:
    post.notifier.send(Notice("ann@home.example", "s", text), "k")
    (message,) = post.arrived()
    assert message.get_content().splitlines() == text.splitlines()


def test_a_secret_is_not_logged_or_shown(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post.notifier.send(NOTICE, "k")
    said = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # the test's own mail server writes down what it gets
    assert CODE not in f"{said} {NOTICE!r} {post.notifier!r}"


class TestTheFolder:
    def test_files_are_for_their_owner_only_and_nothing_half_written_stays(self, tmp_path: Path) -> None:
        folder = tmp_path / "home" / "mail"
        FolderNotifier(folder, SENDER).send(NOTICE, "act_1-code")
        assert [path.name for path in folder.iterdir()] == ["act_1-code.eml"]
        assert (folder / "act_1-code.eml").stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_the_same_key_is_the_same_file_with_the_latest_secret(self, tmp_path: Path) -> None:
        notifier = FolderNotifier(tmp_path, SENDER)
        notifier.send(NOTICE, "k")
        notifier.send(Notice(NOTICE.address, NOTICE.subject, NOTICE.text, Secret("later")), "k")
        (path,) = tmp_path.iterdir()
        assert "later" in path.read_text()
        assert CODE not in path.read_text()

    def test_keys_that_are_no_file_names_stay_apart(self, tmp_path: Path) -> None:
        notifier = FolderNotifier(tmp_path, SENDER)
        for key in ("a/b", "a:b", "a b", "a-b"):
            notifier.send(NOTICE, key)
        assert len(list(tmp_path.iterdir())) == 4

    def test_a_folder_that_cannot_be_written_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "mail").write_text("a file stands there")
        with pytest.raises(Unavailable):
            FolderNotifier(tmp_path / "mail", SENDER).send(NOTICE, "k")


class TestEndsOfMail:
    ENDS = [
        ("550 no such user", Refused),
        ("553 relaying denied", Refused),
        ("451 try later", Unavailable),
        ("421 closing", Unavailable),
        ("drop", Unavailable),
    ]

    @pytest.mark.parametrize(("answer", "end"), ENDS)
    def test_before_the_message_nothing_was_sent(self, mail: MailServer, answer: str, end: type[Exception]) -> None:
        mail.on_recipient[NOTICE.address] = answer
        with pytest.raises(end) as caught:
            SmtpNotifier(place(mail.port), SENDER).send(NOTICE, "k")
        assert mail.taken == []
        assert "user" not in str(caught.value)

    @pytest.mark.parametrize(("answer", "end"), [("554 spam", Refused), ("452 full", Unavailable), ("drop", Uncertain)])
    def test_after_the_message_only_an_answer_tells(self, mail: MailServer, answer: str, end: type[Exception]) -> None:
        mail.on_data[NOTICE.address] = answer
        with pytest.raises(end):
            SmtpNotifier(place(mail.port), SENDER).send(NOTICE, "k")
        assert len(mail.taken) == (1 if answer == "drop" else 0)

    def test_a_server_that_is_not_there_is_unavailable(self) -> None:
        with pytest.raises(Unavailable):
            SmtpNotifier(place(free_port()), SENDER).send(NOTICE, "k")

    def test_a_server_that_says_nothing_is_given_up(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable):
            SmtpNotifier(place(silent.getsockname()[1]), SENDER).send(NOTICE, "k")

    def test_memory_ends_as_it_is_told(self) -> None:
        memory = MemoryNotifier(SENDER)
        memory.ends[NOTICE.address] = Uncertain("lost")
        with pytest.raises(Uncertain):
            memory.send(NOTICE, "k")
        assert memory.sent == {}

    def test_the_envelope_names_one_person(self, mail: MailServer) -> None:
        SmtpNotifier(place(mail.port), SENDER).send(NOTICE, "k")
        assert mail.envelopes == [("it-help@x.example", ["ann@home.example"])]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed")
class TestProtectedMail:
    @pytest.mark.filterwarnings("ignore:Requiring AUTH")  # the test's mail server does not see that all of its line is TLS
    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_a_notice_goes_over_tls_with_a_sign_in(self, tmp_path: Path, security: str) -> None:
        with running_mail(tmp_path, security, sign_in=True) as server:
            SmtpNotifier(place(server.port, security, USER, PASSWORD, str(tmp_path / "server.pem")), SENDER).send(NOTICE, "k")
        assert len(server.taken) == 1

    @pytest.mark.parametrize("security", ["starttls", "tls"])
    def test_a_certificate_that_nobody_vouches_for_gets_nothing(self, tmp_path: Path, security: str) -> None:
        with running_mail(tmp_path, security) as server, pytest.raises(Unavailable, match="Cert"):
            SmtpNotifier(place(server.port, security), SENDER).send(NOTICE, "k")
        assert server.taken == []

    def test_a_server_without_tls_gets_nothing(self, mail: MailServer) -> None:
        with pytest.raises(Unavailable):
            SmtpNotifier(place(mail.port, "starttls", USER, PASSWORD), SENDER).send(NOTICE, "k")
        assert mail.taken == []

    def test_a_wrong_password_is_said_and_not_shown(self, tmp_path: Path) -> None:
        with running_mail(tmp_path, "starttls", sign_in=True) as server, pytest.raises(Unavailable) as caught:
            SmtpNotifier(place(server.port, "starttls", USER, "wr0ng-one", str(tmp_path / "server.pem")), SENDER).send(NOTICE, "k")
        assert "wr0ng-one" not in repr(caught.value)


@pytest.mark.parametrize("address", ["", "it help@x.example", "IT <it@x.example>", "it@x.example\r\nBcc: e@evil.example"])
def test_only_a_plain_address_may_be_the_sender(address: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        check_sender(address)
