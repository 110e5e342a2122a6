"""Every mail is read within limits, or refused before it costs anything; what is read is words and files, never what they point to."""

from __future__ import annotations

import contextlib
import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from assistant.entrypoints.mail.charsets import decoded
from assistant.entrypoints.mail.reading import DECORATION_BYTES, MOST_BYTES, Mail, Unreadable, read_mail

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * DECORATION_BYTES


def written() -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"] = "Maria <maria@example.org>"
    made["Subject"] = "VPN"
    made["Message-ID"] = "<1@laptop.example>"
    return made


def raw(*lines: str) -> Mail:
    return read_mail("\r\n".join(lines).encode("utf-8", "surrogateescape"))


class TestWords:
    def test_the_plain_form_is_read_where_there_are_two(self) -> None:
        made = written()
        made.set_content("plain words")
        made.add_alternative("<p>other words</p>", subtype="html")
        assert read_mail(made.as_bytes()).text == "plain words"

    def test_the_text_of_the_html_is_read_where_that_is_all_there_is(self) -> None:
        made = written()
        made.set_content("<p>My <b>VPN</b> fails</p><img src='https://evil.test/pixel.png'>", subtype="html")
        assert read_mail(made.as_bytes()).text == "My VPN fails"
        made = written()
        made.set_content(" \n")
        made.add_alternative("<p>My VPN fails</p>", subtype="html")
        assert read_mail(made.as_bytes()).text == "My VPN fails"

    @pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "iso-2022-jp", "koi8-r", "utf-16"])
    def test_common_charsets_are_read(self, charset: str) -> None:
        words = {"koi8-r": "Не работает", "iso-2022-jp": "動きません"}.get(charset, "Gerät gestört")
        made = b"Content-Type: text/plain; charset=" + charset.encode() + b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + words.encode(charset)
        assert read_mail(made).text == words

    @pytest.mark.parametrize("charset", ["no-such-charset", "idna", "unicode_escape", "zlib", "base64", "\udcff", "x" * 5_000, "utf-7"])
    def test_an_unknown_or_unfit_charset_is_read_as_utf8_or_windows(self, charset: str) -> None:
        assert decoded("Gerät".encode(), charset) == "Gerät"
        assert decoded("Gerät".encode("cp1252"), charset) == "Gerät"

    def test_words_between_files_are_all_read(self) -> None:
        first = "Content-Type: text/plain\r\n\r\nbefore"
        picture = "Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo="
        last = "Content-Type: text/plain\r\n\r\nafter"
        mail = raw("Content-Type: multipart/mixed; boundary=B", "", *(f"--B\r\n{one}" for one in (first, picture, last)), "--B--")
        assert mail.text == "before\n\nafter"
        assert [file.name for file in mail.files] == ["a.png"]

    def test_the_subject_is_decoded_and_one_line(self) -> None:
        assert raw("Subject: =?utf-8?q?Ger=C3=A4t?=\r\n =?utf-8?b?IGZlaGx0?=", "", "x").subject == "Gerät fehlt"
        assert raw("Subject: =?utf-8?q?a=0D=0ABcc:_x?=", "", "x").subject == "a Bcc: x"
        assert raw("Subject: =?no-such?q?a?=", "", "x").subject == "a"
        assert raw("Subject: Gerät", "", "x").subject == "Gerät"


class TestFiles:
    def test_files_come_with_their_names_without_folders_and_marks(self) -> None:
        made = written()
        made.set_content("see these")
        made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../../etc/rechnung \u202egnp.pdf")
        made.add_attachment("line", subtype="plain", filename="log.txt")
        names = [(file.name, file.declared) for file in read_mail(made.as_bytes()).files]
        assert names == [(".._.._etc_rechnung \u202egnp.pdf", "application/pdf"), ("log.txt", "text/plain")]

    def test_a_picture_in_the_text_is_a_file_and_a_logo_is_not(self) -> None:
        made = written()
        made.set_content("<img src='cid:a'>", subtype="html")
        made.add_related(PICTURE, maintype="image", subtype="png", cid="<a>")
        made.add_related(PICTURE[:500], maintype="image", subtype="png", cid="<logo>")
        assert [len(file.content) for file in read_mail(made.as_bytes()).files] == [len(PICTURE)]

    def test_a_signature_is_no_file(self) -> None:
        mail = raw(
            "Content-Type: multipart/signed; boundary=B", "", "--B\r\nContent-Type: text/plain\r\n\r\nsigned words",
            "--B\r\nContent-Type: application/pgp-signature; name=s.asc\r\n\r\nabc", "--B--",
        )  # fmt: skip
        assert (mail.text, mail.files) == ("signed words", ())

    def test_of_a_mail_that_was_cut_short_only_the_words_are_taken(self) -> None:
        made = written()
        made.set_content("see this")
        made.add_attachment(b"x" * 50_000, maintype="image", subtype="png", filename="a.png")
        mail = read_mail(made.as_bytes()[:20_000], cut_short=True)
        assert (mail.text, mail.files) == ("see this", ())


class TestNames:
    def test_a_mail_without_a_usable_id_gets_one_from_its_content(self) -> None:
        for field in ("X: y", "Message-ID: nothing", "Message-ID: <a b@c>", "Message-ID: <a@b>\r\nMessage-ID: <c@d>", f"Message-ID: <{'a' * 500}@b>"):
            first, again, other = raw(field, "", "x"), raw(field, "", "x"), raw(field, "", "y")
            assert first.id == again.id != other.id
            assert first.id.endswith("@without-message-id")

    def test_what_it_answers_is_read_nearest_first(self) -> None:
        mail = raw("In-Reply-To: <c@x>", "References: <a@x>\r\n <b@x>", " <c@x>", "", "x")
        assert mail.answers == ("c@x", "b@x", "a@x")

    def test_thousands_of_references_are_cut(self) -> None:
        assert len(raw("References: " + " ".join(f"<{number}@x>" for number in range(5_000)), "", "x").answers) == 50


HOSTILE = {
    "a head without an end": b"X-A: " + b"a" * 300_000,
    "too many fields": b"".join(b"X-%d: a\r\n" % number for number in range(2_000)) + b"\r\nx",
    "too many lines of one field": b"X: a\r\n" + b" a\r\n" * 2_000 + b"\r\nx",
    "too many parts": b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n\r\nx\r\n" * 10_000 + b"--B--",
    "parts inside one another": b"".join(b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n) for n in range(1_000)),
    "mails inside one another": b"Content-Type: message/rfc822\r\n\r\n" * 3_000,
    "too large": b"X: a\r\n\r\n" + b"x" * MOST_BYTES,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_goes_beyond_a_limit_is_refused_at_once(kind: str) -> None:
    began = time.perf_counter()
    with pytest.raises(Unreadable) as refused:
        read_mail(HOSTILE[kind])
    assert time.perf_counter() - began < 3
    assert len(str(refused.value)) < 100


STRANGE = [
    b"",
    b"\r\n\r\n",
    b"\x00\xff\xfe" * 1_000,
    b"From: a\r\nContent-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\r\nx",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n!!!",
    b"Content-Type: text/plain; charset*=utf-8'en'%FF%FE\r\n\r\nx",
    b"Content-Type: application/octet-stream; name*0*=utf-8''a; name*1=b; name*9999999999=c\r\n\r\nx",
    b"Content-Type: ////\r\n\r\nx",
    b"Content-Disposition: attachment; filename*=utf-8''%00%01../x\r\nContent-Type: image/png\r\n\r\nx",
    b"Subject: " + b"=?utf-8?q?a?=" * 5_000 + b"\r\n\r\nx",
    b"From: " + b"(" * 50_000 + b"\r\n\r\nx",
    b"Content-Type: multipart/alternative; boundary=B\r\n\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\nx\r\n--B--",
    b"Content-Type: message/partial; number=1; total=3\r\n\r\nx",
    b"Content-Type: text/html\r\n\r\n" + b"<div>" * 50_000,
]


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_strange_mails_are_read_or_refused_and_nothing_else(number: int) -> None:
    began = time.perf_counter()
    with contextlib.suppress(Unreadable):
        read_mail(STRANGE[number])
    assert time.perf_counter() - began < 5
