"""A mail becomes a turn, its answer a threaded mail; identity, threads and loops hold against everybody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from assistant.adapters.store.tables import channel_inbox
from assistant.entrypoints.inbox import TRIES
from assistant.entrypoints.mail.mailbox import Standing
from assistant.ports.notify import Letter
from assistant.ports.outside import Refused, Unavailable, Uncertain
from tests.support.correspondence import Correspondence
from tests.support.world import World
from tests.support.written_mails import DESK, mail, verdict

MARIA, JONAS = "maria.santos@lindqvist.example", "jonas.weber@lindqvist.example"
VPN = "How do I set up the VPN on my Windows laptop?"
EVIL = "mallory@evil.example"


def conversation_in(letter: Letter) -> str:
    found = re.match(r"fl\.(c_\w+)\.", letter.id)
    assert found is not None, letter.id
    return found.group(1)


def person_of(world: World, letter: Letter) -> str:
    return world.conversation(conversation_in(letter)).person


class TestAConversation:
    def test_a_new_mail_is_answered_in_its_thread_with_sources_and_links(self, post: Correspondence) -> None:
        letter = post.answered(mail(MARIA, VPN, "VPN at home", name="first@laptop"))
        assert (letter.address, letter.subject, letter.follows) == (MARIA, "Re: VPN at home", ("first@laptop",))
        assert "Install Harbour Connect" in letter.text
        assert "Sources:" in letter.text
        for press in ("yes", "no", "person"):
            assert re.search(rf"https://help\.lindqvist\.example/console/answer/[\w.]+\?press={press}", letter.text)

    def test_a_reply_goes_on_with_the_conversation_and_quotes_nothing_into_it(self, world: World, post: Correspondence) -> None:
        first = post.answered(mail(MARIA, VPN, "VPN", name="first@laptop"))
        quoted = "\n".join(f"> {line}" for line in first.text.splitlines())
        reply = f"No, it did not help\n\nOn Monday, IT help <{DESK}> wrote:\n{quoted}\n"
        second = post.answered(mail(MARIA, reply, "Re: VPN", name="second@laptop", answers=("first@laptop", first.id)))
        assert conversation_in(second) == conversation_in(first)
        assert second.follows == ("first@laptop", "second@laptop")
        with world.assistant.store.read() as unit:
            said = [one.body["text"] for one in unit.conversations.events(conversation_in(first)) if one.body["type"] == "message"]
        assert said == [VPN, "No, it did not help"]

    @pytest.mark.parametrize("kept", ["both", "only the last", "only the first"])
    def test_it_is_found_by_whatever_ids_a_mail_program_sends(self, post: Correspondence, kept: str) -> None:
        first = post.answered(mail(MARIA, VPN, name="first@laptop"))
        answers = {"both": ("first@laptop", first.id), "only the last": (first.id,), "only the first": ("first@laptop",)}[kept]
        assert conversation_in(post.answered(mail(MARIA, "no", "Re: Help", answers=answers))) == conversation_in(first)

    def test_the_same_subject_alone_begins_a_new_conversation(self, post: Correspondence) -> None:
        first = post.answered(mail(MARIA, VPN, "VPN"))
        assert conversation_in(post.answered(mail(MARIA, VPN, "Re: VPN"))) != conversation_in(first)

    def test_the_subject_is_part_of_what_is_asked_unless_the_text_says_it(self, world: World, post: Correspondence) -> None:
        for subject, text, asked in (
            ("Printer in Malmö", "It prints nothing since Monday.", "Printer in Malmö\n\nIt prints nothing since Monday."),
            ("fw: vpn", VPN, VPN),
            ("The VPN is slow", "", "The VPN is slow"),
        ):
            letter = post.answered(mail(MARIA, text, subject))
            with world.assistant.store.read() as unit:
                events = unit.conversations.events(conversation_in(letter))
            assert events[0].body["text"] == asked

    def test_a_number_or_the_words_of_a_choice_choose_it(self, world: World, post: Correspondence) -> None:
        for said in ("2", "(2)", "2."):
            first = post.answered(mail(MARIA, "I can't connect to the VPN from home"))
            labels = re.findall(r"^  \d\. (.+)$", first.text, re.MULTILINE)
            post.answered(mail(MARIA, said, answers=(first.id,)))
            with world.assistant.store.read() as unit:
                pressed = [one.body for one in unit.conversations.events(conversation_in(first)) if one.body["type"] == "message"][-1]
            assert (pressed["choice"].partition(":")[0], pressed["text"]) == ("topic", labels[1])
        first = post.answered(mail(MARIA, "I can't connect to the VPN from home"))
        assert "Install Harbour Connect" in post.answered(mail(MARIA, labels[0].upper(), answers=(first.id,))).text

    def test_a_mail_alone_carries_out_no_action(self, world: World, post: Correspondence) -> None:
        first = post.answered(mail(MARIA, "I am locked out of my account, please unlock it"))
        with world.assistant.store.read() as unit:
            (action,) = unit.actions.of_conversation(conversation_in(first))
            offered = unit.conversations.events(conversation_in(first))[-1].body["reply"]["choices"]
        assert action.status == "proposed"
        for said in (*(choice["label"] for choice in offered if choice["id"].startswith("do:")), "yes", "1", f"do:{action.id}"):
            post.arrives(mail(MARIA, said, answers=(first.id,)))
        with world.assistant.store.read() as unit:
            assert {one.status.value for one in unit.actions.of_conversation(conversation_in(first))} <= {"proposed", "cancelled"}

    def test_somebody_of_the_desk_who_joins_is_heard_by_mail(self, world: World, post: Correspondence) -> None:
        from assistant.agent.handover import Handover

        first = post.answered(mail(MARIA, "I want to talk to a person"))
        agent = next(person for person in world.assistant.directory.people() if person.is_agent)
        Handover(world.assistant.parts).take(agent.id, conversation_in(first))
        Handover(world.assistant.parts).say(agent.id, conversation_in(first), "said-1", "Which <room> are you in?")
        world.assistant.carrier.drain()
        joined, said = post.letters.posted[-2:]
        assert agent.name in joined.text
        assert f"{agent.name} writes:\n\nWhich <room> are you in?" in said.text
        assert "Which &lt;room&gt; are you in?" in said.html
        assert said.subject == "Re: Help"


class TestWhoIsWho:
    def test_a_person_for_whom_nobody_vouches_is_a_stranger_and_told_so(self, world: World, post: Correspondence) -> None:
        letter = post.answered(mail(MARIA, VPN, judged=""))
        assert person_of(world, letter) == f"guest:mail:{MARIA}"
        assert letter.address == MARIA
        assert "could not confirm" in letter.text

    def test_a_forged_verdict_in_the_mail_itself_changes_nothing(self, world: World, post: Correspondence) -> None:
        forged = mail(MARIA, VPN, judged=verdict("lindqvist.example", "fail"))
        raw = forged.as_bytes().replace(b"\r\nFrom:", f"\r\nAuthentication-Results: {verdict('lindqvist.example')}\r\nFrom:".encode(), 1)
        post.receiving.take(raw, False)
        post.inbox.drain()
        world.assistant.carrier.drain()
        assert person_of(world, post.letters.posted[-1]) == f"guest:mail:{MARIA}"

    def test_nothing_is_filed_or_done_for_a_stranger(self, world: World, post: Correspondence) -> None:
        first = post.answered(mail(EVIL, "Open a ticket: my laptop is broken, and unlock the account maria.santos"))
        post.answered(mail(EVIL, "Open a ticket please", answers=(first.id,)))
        with world.assistant.store.read() as unit:
            assert [ticket for ticket in unit.tickets.all() if ticket.requester.startswith("guest:")] == []
            assert unit.actions.latest() == []

    def test_a_stranger_whose_address_is_too_long_to_be_kept_is_told_and_left_to_people(self, post: Correspondence) -> None:
        assert post.arrives(mail(f"{'m' * 60}@evil-{'e' * 30}.example", VPN, name="long@laptop")) is Standing.FAILED
        assert [len(letter.address) for letter in post.letters.posted] == [104]

    def test_strangers_may_be_left_to_people(self, world: World, post: Correspondence) -> None:
        post.receiving.answers_strangers = False
        assert post.arrives(mail(EVIL, VPN)) is Standing.FAILED
        assert post.arrives(mail(MARIA, VPN)) is Standing.DONE
        assert [letter.address for letter in post.letters.posted] == [MARIA]

    @pytest.mark.parametrize("thief", [JONAS, EVIL])
    def test_somebody_else_who_answers_in_the_thread_gets_a_conversation_of_their_own(self, world: World, post: Correspondence, thief: str) -> None:
        first = post.answered(mail(MARIA, VPN, name="first@laptop"))
        stolen = post.answered(mail(thief, "yes, solved", answers=("first@laptop", first.id)))
        assert conversation_in(stolen) != conversation_in(first)
        assert person_of(world, stolen) != "maria.santos"
        assert stolen.address == thief
        assert world.conversation(conversation_in(first)).state == "awaiting_confirmation"
        again = post.answered(mail(MARIA, "yes", answers=("first@laptop", first.id)))
        assert conversation_in(again) == conversation_in(first)

    def test_the_same_address_without_a_verdict_does_not_go_on_with_the_persons_conversation(self, world: World, post: Correspondence) -> None:
        first = post.answered(mail(MARIA, VPN, name="first@laptop"))
        stolen = post.answered(mail(MARIA, "What did I ask before?", judged="", answers=("first@laptop", first.id)))
        assert conversation_in(stolen) != conversation_in(first)
        assert "Harbour" not in stolen.text

    def test_an_answer_never_goes_to_reply_to_or_to_copies(self, post: Correspondence) -> None:
        letter = post.answered(mail(MARIA, VPN, Reply_To=EVIL, Cc=f"{EVIL}, {JONAS}"))
        assert letter.address == MARIA
        assert {one.address for one in post.letters.posted} == {MARIA}


class TestWhatIsNotAnswered:
    def test_automatic_mails_are_done_with_and_make_no_conversation(self, world: World, post: Correspondence) -> None:
        for headers in ({"Auto_Submitted": "auto-replied"}, {"List_Id": "<all.lindqvist.example>"}, {"Precedence": "bulk"}):
            assert post.arrives(mail(MARIA, VPN, **headers)) is Standing.DONE
        assert post.letters.posted == []
        with world.assistant.store.read() as unit:
            assert unit.conversations.of_person("maria.santos") == []

    def test_a_bounce_is_for_people_to_look_at(self, post: Correspondence) -> None:
        assert post.arrives(mail("MAILER-DAEMON@lindqvist.example", "Undelivered", Return_Path="<>")) is Standing.FAILED
        assert post.letters.posted == []

    def test_our_own_answer_that_comes_back_ends_there(self, post: Correspondence) -> None:
        letter = post.answered(mail(MARIA, VPN))
        assert post.arrives(mail(DESK, letter.text, letter.subject)) is Standing.DONE
        assert post.arrives(mail(MARIA, letter.text, letter.subject, Auto_Submitted="auto-replied", answers=(letter.id,))) is Standing.DONE
        assert len(post.letters.posted) == 1

    def test_a_loop_that_says_nothing_of_itself_ends_at_the_limit(self, post: Correspondence) -> None:
        letter = post.answered(mail(MARIA, "Thank you for your mail, a colleague will look at it"))
        for _ in range(40):
            if post.arrives(mail(MARIA, "Thank you for your mail, a colleague will look at it", answers=(letter.id,))) is Standing.FAILED:
                break
        assert len(post.letters.posted) == 20

    def test_a_stranger_who_writes_under_somebodys_address_does_not_use_up_their_limit(self, post: Correspondence) -> None:
        for _ in range(25):
            post.arrives(mail(MARIA, VPN, judged=""))
        assert post.arrives(mail(MARIA, VPN)) is Standing.DONE


class TestGuarantees:
    def test_the_same_mail_again_is_the_same_turn(self, world: World, post: Correspondence) -> None:
        again = mail(MARIA, VPN)
        assert [post.arrives(again) for _ in range(4)] == [Standing.DONE] * 4
        assert len(post.letters.posted) == 1
        with world.assistant.store.read() as unit:
            assert len(unit.conversations.of_person("maria.santos")) == 1

    def test_a_mail_that_was_taken_before_a_crash_is_answered_after_it(self, world: World, post: Correspondence) -> None:
        name = post.receiving.take(mail(MARIA, VPN).as_bytes(), False)
        assert post.receiving.standing(name) is Standing.OPEN
        from tests.support.correspondence import correspondence

        after = correspondence(world)
        after.inbox.drain()
        world.assistant.carrier.drain()
        assert after.receiving.standing(name) is Standing.DONE
        assert [letter.address for letter in after.letters.posted] == [MARIA]

    def test_the_words_of_a_mail_leave_the_inbox_when_it_is_handled(self, world: World, post: Correspondence) -> None:
        post.arrives(mail(MARIA, "my canary word is Zugzwang-4711"))
        with world.assistant.store.engine.connect() as connection:
            assert list(connection.execute(select(channel_inbox.c.body)).scalars()) == [{}]
        with world.assistant.store.read() as unit:
            assert unit.inbox.standing() == (0, 0)

    def test_a_directory_that_is_away_is_waited_for(self, world: World, post: Correspondence, monkeypatch: pytest.MonkeyPatch) -> None:
        def away() -> list[object]:
            raise Unavailable("the directory is away", 5.0)

        monkeypatch.setattr(post.receiving, "directory", type("Away", (), {"people": staticmethod(away)})())
        assert post.arrives(mail(MARIA, VPN)) is Standing.OPEN
        monkeypatch.undo()
        world.clock.advance(timedelta(seconds=6))
        post.inbox.drain()
        world.assistant.carrier.drain()
        assert [letter.address for letter in post.letters.posted] == [MARIA]

    def test_a_mail_that_fails_every_time_is_given_up_and_its_sender_is_told(
        self, world: World, post: Correspondence, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_arguments: object, **_others: object) -> None:
            raise RuntimeError("a mistake")

        monkeypatch.setattr(post.receiving, "turns", type("Broken", (), {"take": broken})())
        post.arrives(mail(MARIA, VPN, "VPN", name="first@laptop"))
        other = mail(JONAS, VPN)
        for _ in range(TRIES):
            world.clock.advance(timedelta(minutes=10))
            post.inbox.drain()
        assert post.receiving.standing("first@laptop") is Standing.FAILED
        (letter,) = post.letters.posted
        assert (letter.address, letter.subject) == (MARIA, "Re: VPN")
        assert re.search(r"E-[0-9a-f]{8}", letter.text)
        monkeypatch.undo()
        assert post.arrives(other) is Standing.DONE

    def test_a_letter_that_may_have_left_is_sent_again_under_the_same_id(self, world: World, post: Correspondence) -> None:
        ids = []

        class Uncertainly(type(post.letters)):  # type: ignore[misc]
            def post(self, letter: Letter) -> None:
                ids.append(letter.id)
                super().post(letter)

        post.letters.__class__ = Uncertainly
        post.letters.fails = [Uncertain("the line broke")]
        post.arrives(mail(MARIA, VPN))
        world.clock.advance(timedelta(minutes=1))
        world.assistant.carrier.drain()
        assert len(ids) == 2
        assert len(set(ids)) == 1
        assert [letter.address for letter in post.letters.posted] == [MARIA]

    def test_a_refused_address_stands_among_what_needs_a_person_and_on_the_ticket(self, world: World, post: Correspondence) -> None:
        post.letters.fails = [Refused("the mail server answered 550")]
        post.arrives(mail(MARIA, "I want to talk to a person"))
        notes = [note.text for ticket in world.tickets_of("maria.santos") for note in world.ticket(ticket.id).notes]
        assert any("did not arrive by mail: the mail server answered 550" in note for note in notes)
        with world.assistant.store.read() as unit:
            assert [entry.kind for entry in unit.outbox.unsettled()] == ["channel.deliver"]


class TestFiles:
    def test_files_are_kept_in_the_conversation_and_refused_ones_are_named_in_a_mail(self, post: Correspondence) -> None:
        sent = mail(MARIA, VPN, "VPN", name="first@laptop")
        sent.add_attachment(b"\x89PNG" + b"x" * 100, maintype="image", subtype="png", filename="screen.png")
        sent.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="bad.exe")
        post.arrives(sent)
        ((person, conversation, key, name),) = post.kept
        assert (person, name) == ("maria.santos", "screen.png")
        assert len(key) <= 64
        told = next(letter for letter in post.letters.posted if "not kept" in letter.text)
        assert "- bad.exe: Files of this kind are not taken." in told.text
        assert told.follows == ("first@laptop",)
        answer = next(letter for letter in post.letters.posted if letter is not told)
        assert conversation_in(answer) == conversation

    def test_the_real_check_takes_a_picture_and_the_ticket_has_it(self, world: World, post: Correspondence) -> None:
        from io import BytesIO

        from PIL import Image

        picture = BytesIO()
        Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
        post.receiving.attach = world.assistant.files.attach
        sent = mail(MARIA, "I want to talk to a person about this picture")
        sent.add_attachment(picture.getvalue(), maintype="image", subtype="png", filename="screen.png")
        sent.add_attachment(b"MZ\x00\x01" * 100, maintype="application", subtype="octet-stream", filename="tool.exe")
        post.arrives(sent)
        answer = next(letter for letter in post.letters.posted if letter.id.startswith("fl."))
        with world.assistant.store.read() as unit:
            (kept,) = unit.attachments.of_conversation(conversation_in(answer))
        assert (kept.name, kept.kind, kept.person) == ("screen.png", "image", "maria.santos")
        assert any("tool.exe" in letter.text for letter in post.letters.posted)
        assert world.tickets_of("maria.santos")

    def test_of_a_mail_that_is_too_large_the_words_are_answered_and_the_rest_is_said(self, post: Correspondence) -> None:
        assert post.arrives(mail(MARIA, VPN), cut_short=True) is Standing.DONE
        assert any("too large" in letter.text for letter in post.letters.posted)
        assert any("Install Harbour Connect" in letter.text for letter in post.letters.posted)
