"""A letter says in plain text and in HTML the same, is threaded, and holds nothing that a mail program would load or obey."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.notify.folder import FolderNotifier
from assistant.adapters.notify.message import Sender
from assistant.domain.reply import CONFIRMATION, ActionView, Choice, CitationView, Reply, ReplyKind
from assistant.entrypoints.links import LIFE, LinkRefused, Links
from assistant.entrypoints.mail.writing import Around, numbered, plain, written_not_kept, written_reply, written_words
from assistant.governance.rendering import render
from assistant.ports.notify import Letter
from assistant.ports.outside import Refused

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENDER = Sender("IT help", "it-help@example.org", FixedClock(NOON))
CITED = CitationView(
    article="vpn", revision=2, title="Set up <the> VPN", heading="Connect", quote="Press **Connect**.", start=0, end=18, updated="2026-10-01",
    review_by="2026-11-01", overdue=True,
)  # fmt: skip
PAGE = "https://help.example.org/console/answer/t"


def reply(
    text: str = "Press **Connect** [1].", choices: tuple[Choice, ...] = CONFIRMATION, language: str = "en", action: ActionView | None = None
) -> Reply:
    html = render(text, ("example.org",))
    return Reply(
        conversation="c_1",
        state="open",
        kind=ReplyKind.ANSWER,
        text=text,
        html=html,
        citations=(CITED,),
        choices=choices,
        language=language,
        action=action,
    )


def test_the_answer_its_sources_and_the_links_stand_in_both_forms() -> None:
    letter = written_reply(reply(), Around(page=PAGE))
    for form in (letter.text, letter.html):
        for words in (
            "Connect",
            "2026-10-01",
            "2026-11-01",
            "Press Connect.",
            f"{PAGE}?press=yes",
            f"{PAGE}?press=no",
            f"{PAGE}?press=person",
            "Reply to this mail",
        ):
            assert words in form, words
    assert "Set up <the> VPN" in letter.text
    assert "Set up &lt;the&gt; VPN" in letter.html


def test_other_choices_are_numbered_and_what_carries_something_out_is_on_the_page_only() -> None:
    choices = (
        Choice(id="topic:1", label="The first"),
        Choice(id="file", label="Open a ticket"),
        Choice(id="do:a_1", label="Yes, do it"),
        *CONFIRMATION,
    )
    card = ActionView(id="a_1", tool="reset", title="Reset the password", needs="press", status="proposed")
    letter = written_reply(reply(choices=choices, action=card), Around(page=PAGE))
    assert [choice.id for choice in numbered(choices)] == ["topic:1", "file"]
    assert "  1. The first\n  2. Open a ticket\n" in letter.text
    assert "Yes, do it" not in letter.text
    assert f"Reset the password: {PAGE}\n" in letter.text
    assert "you sign in first" in letter.text


def test_nothing_in_a_letter_is_loaded_or_run() -> None:
    hostile = "<script>alert(1)</script> ![x](https://evil.test/p.png) [y](javascript:alert(1)) <img src=x onerror=alert(1)> [z](https://evil.test/)"
    choices = (Choice(id="topic:1", label="<img src=x onerror=alert(1)>"), *CONFIRMATION)
    letter = written_reply(reply(hostile, choices), Around(page=PAGE, not_kept=(("<b>.png", "<script>"),)))
    assert not re.search(r"<(script|img|iframe|object|link|form|input|video|svg)\b", letter.html, re.IGNORECASE)
    assert not re.search(r"\b(?:src|background|onerror|onload)\s*=\s*[\"']", letter.html.replace("&#34;", ""))
    assert "url(" not in letter.html
    assert set(re.findall(r'href="([^"?]+)', letter.html)) == {PAGE}


def test_a_stranger_is_told_so_and_a_known_person_is_not() -> None:
    assert "could not confirm" in written_reply(reply(), Around(stranger=True)).text
    assert "could not confirm" not in written_reply(reply(), Around()).text


def test_it_speaks_the_language_of_the_reply() -> None:
    assert "Antworten Sie auf diese Mail" in written_reply(reply(language="de"), Around("de", PAGE)).text
    assert '<html lang="ar" dir="rtl">' in written_reply(reply(language="ar"), Around("ar", PAGE)).html


def test_words_of_a_person_name_them_and_stay_as_they_were_typed() -> None:
    letter = written_words("Sam <Oduya>", "<p>a &lt;b&gt;</p>", "a <b>", Around())
    assert "Sam <Oduya> writes:\n\na <b>" in letter.text
    assert "Sam &lt;Oduya&gt; writes:" in letter.html


def test_files_that_were_not_kept_are_named_with_the_reason() -> None:
    assert "- a.exe: not taken" in written_not_kept(Around(not_kept=(("a.exe", "not taken"),))).text


def test_plain_text_shows_no_marks_of_markdown() -> None:
    assert (
        plain("## Head\n\n1. Press **Go** and `x` [1]\n2. [Shelf](https://shelf.example)")
        == "Head\n\n1. Press Go and x [1]\n2. Shelf (https://shelf.example)"
    )


def sent(**changed: object) -> bytes:
    facts = {"address": "maria@example.org", "subject": "Re: VPN", "text": "Hello\n", "html": "<p>Hello</p>", "id": "fl.1@example.org"} | changed
    return SENDER.letter(Letter(**facts)).as_bytes()  # type: ignore[arg-type]


def test_a_letter_is_threaded_and_marked_as_one_of_a_program() -> None:
    follows = tuple(f"{'x' * 180}{number}@laptop.example" for number in range(12))
    shown = sent(follows=follows)
    message = message_from_bytes(shown, policy=default)
    assert message["In-Reply-To"] == f"<{follows[-1]}>"
    references = message["References"].split()
    assert (references[0], references[-1], len(references)) == (f"<{follows[0]}>", f"<{follows[-1]}>", 9)
    assert b"=?" not in shown.partition(b"\n\n")[0].replace(b"\r", b"")
    assert max(map(len, shown.splitlines())) <= 998
    assert message["Auto-Submitted"] == "auto-replied"
    assert message.get_body(("plain",)).get_content().strip() == "Hello"  # type: ignore[union-attr]


@pytest.mark.parametrize("changed", [{"subject": "a\nBcc: x@y.z"}, {"address": "a@b.c, d@e.f"}, {"address": "a@b.c\nBcc: x@y.z"}])
def test_no_word_begins_another_header(changed: dict[str, object]) -> None:
    with pytest.raises(Refused):
        sent(**changed)


def test_a_letter_that_is_sent_twice_is_one_file(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "mail"
    letters = FolderNotifier(folder, SENDER)
    for _ in range(2):
        letters.post(Letter("maria@example.org", "Re: VPN", "Hello", "<p>Hello</p>", "fl.1@example.org"))
    assert len(list(folder.glob("*.eml"))) == 1


class TestLinks:
    LINKS = Links(b"key")

    def test_a_link_is_for_one_person_one_reply_and_fourteen_days(self) -> None:
        token = self.LINKS.token("c_ab", 4, "maria", NOON)
        link = self.LINKS.checked(token, "maria", NOON + LIFE)
        assert (link.conversation, link.number) == ("c_ab", 4)
        assert self.LINKS.conversation_in(token) == "c_ab"
        for person, at in (("jonas", NOON), ("maria", NOON + LIFE + timedelta(seconds=1))):
            with pytest.raises(LinkRefused):
                self.LINKS.checked(token, person, at)
        with pytest.raises(LinkRefused):
            Links(b"other").checked(token, "maria", NOON)

    def test_no_changed_character_is_accepted(self) -> None:
        token = self.LINKS.token("c_ab", 4, "maria", NOON)
        for place in range(len(token)):
            for other in "0a.":
                changed = token[:place] + other + token[place + 1 :]
                if changed != token:
                    with pytest.raises(LinkRefused):
                        self.LINKS.checked(changed, "maria", NOON)

    def test_two_links_are_two_messages_and_one_link_is_one(self) -> None:
        first, again, other = (self.LINKS.checked(self.LINKS.token("c_ab", number, "maria", NOON), "maria", NOON).press for number in (4, 4, 6))
        assert first == again != other
        assert len(first) <= 64

    def test_a_message_id_of_ours_names_its_conversation_and_a_made_up_one_does_not(self) -> None:
        name = self.LINKS.message_name("c_ab", 4, "1@laptop.example")
        assert name == self.LINKS.message_name("c_ab", 4, "1@laptop.example")
        assert self.LINKS.conversation_named(f"{name}@example.org") == "c_ab"
        for forged in (name.replace("c_ab", "c_ac"), Links(b"other").message_name("c_ab", 4, "x"), "fl.c_ab.4.00000000." + "0" * 16, "x", ""):
            assert self.LINKS.conversation_named(f"{forged}@example.org") == ""

    def test_a_link_is_no_message_id_and_no_message_id_is_a_link(self) -> None:
        assert self.LINKS.conversation_named(self.LINKS.token("c_ab", 4, "maria", NOON)) == ""
        assert self.LINKS.conversation_in(self.LINKS.message_name("c_ab", 4, "x")) == ""
