"""A reply as Slack blocks: whatever it holds, Slack takes it, reads no mark of others in it, and nothing of the answer is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.domain.reply import ActionView, Choice, CitationView, DeviceView, Reply, ReplyKind, TicketView
from assistant.entrypoints.slack.blocks import Shown, pressed, said
from assistant.entrypoints.slack.mrkdwn import SECTION_LIMIT, escaped, pieces, plain, sections
from assistant.entrypoints.slack.places import Spot, tag_of, words_of
from assistant.entrypoints.slack.views import Consent, ask_form, code_form, consent, home, refuse_form
from evals.slack.people import labels, words
from evals.slack.rules import marked, message_faults, view_faults

HOSTS = ("intranet.example",)
SHOWN = Shown(HOSTS, date(2026, 11, 23), "41", (("LT-1", "Laptop (Windows 11)"), ("LT-2", "Phone (iOS 18)")))
HOSTILE = (
    "<!channel> <!here|here> <@U0123ABC> <#C0123ABC|general> <!subteam^S012|@all> @here @channel @EVERYONE <https://evil.test|click> "
    "[pay](https://evil.test/?q=1) ![x](https://evil.test/p.png) [js](javascript:alert(1)) "
    "[ok](https://intranet.example/a?b=1&c=<d>) &lt;!channel&gt; `<!here>`"
)


def reply(text: str = "Open **Settings** [1].", **more: object) -> Reply:
    facts = {"conversation": "c_0123456789abcdef", "state": "awaiting_confirmation", "kind": ReplyKind.ANSWER, "text": text}
    return Reply.model_validate({**facts, **more})


def shown(made: Reply, how: Shown = SHOWN) -> dict[str, object]:
    message = said(made, how)
    arguments = {"text": message.text, "blocks": list(message.blocks)}
    assert list(message_faults(arguments)) == []
    return arguments


class TestMarkdown:
    def test_numbered_steps_keep_their_numbers_and_stand_under_one_another(self) -> None:
        (text,) = sections(pieces("Do this:\n\n3. **Open** the app\n4. Press _Add_\n   - then `OK`\n5. Done", ()))
        assert text == "Do this:\n\n3. *Open* the app\n4. Press _Add_\n    • then `OK`\n5. Done"

    def test_headings_quotes_code_rules_and_tables_are_shown_as_slack_can(self) -> None:
        text = "\n".join(pieces("## Steps\n\n> careful\n\n```\na < b\n```\n\n---\n\n| key | value |\n|---|---|\n| a | b |", ()))
        assert text == "*Steps*\n> careful\n```\na &lt; b\n```\n———\n• *key:* a · *value:* b"

    def test_only_links_to_allowed_hosts_lead_somewhere_and_they_name_their_host(self) -> None:
        assert pieces("[portal](https://intranet.example/a?b=1&c=2)", HOSTS) == ["<https://intranet.example/a?b=1&amp;c=2|portal> (intranet.example)"]
        assert pieces("[portal](https://evil.test) <https://evil.test> [x](http://intranet.example)", HOSTS) == ["portal &lt;https://evil.test&gt; x"]
        assert pieces("[a|b>c](https://intranet.example/x|y>z)", HOSTS) == ["<https://intranet.example/x%7Cy%3Ez|a¦b&gt;c> (intranet.example)"]

    @pytest.mark.parametrize("word", ["@here", "@channel", "@everyone", "@Here", "@GROUP"])
    def test_nobody_is_called_by_words(self, word: str) -> None:
        assert word not in escaped(f"hello {word}, hello") and word not in plain(word)

    @settings(deadline=None)
    @given(st.text(st.characters(codec="utf-8"), max_size=400))
    def test_no_text_becomes_a_mark_of_slack(self, text: str) -> None:
        for part in [*sections(pieces(text, HOSTS)), escaped(text)]:
            assert list(marked(part, "it")) == []

    @settings(deadline=None)
    @given(
        st.lists(
            st.sampled_from([HOSTILE, "word " * 300, "&<>" * 400, "1. step\n2. step", "x" * 5_000, "```\n" + "code line\n" * 500 + "```"]), max_size=6
        )
    )
    def test_every_section_is_within_the_limit_and_nothing_is_half_escaped(self, parts: list[str]) -> None:
        for text in sections(pieces("\n\n".join(parts), HOSTS)):
            assert 0 < len(text) <= SECTION_LIMIT
            assert list(marked(text, "it")) == []
            assert text.count("```") % 2 == 0

    def test_a_long_answer_is_cut_between_its_steps_and_keeps_every_word(self) -> None:
        steps = [f"{number}. Step {number}: " + "press the button and wait " * 12 for number in range(1, 41)]
        texts = sections(pieces("\n".join(steps), ()))
        assert len(texts) > 3
        assert "\n".join(texts).split() == "\n".join(steps).split()
        assert all(text.startswith(tuple(f"{n}." for n in range(1, 41))) for text in texts)


class TestReplies:
    def test_an_answer_shows_its_sources_with_age_device_and_quote_and_its_ways_on(self) -> None:
        view = CitationView(
            article="a",
            revision=3,
            title="VPN & you",
            heading="Set up",
            quote="Open <Settings>",
            start=0,
            end=15,
            updated="2026-11-11",
            platforms=("macos",),
        )
        message = shown(reply(citations=(view,), choices=(Choice(id="yes", label="Yes, solved"), Choice(id="no", label="No"))))
        assert "[1] *VPN &amp; you* · Set up · updated 12 days ago · macOS\n> Open &lt;Settings&gt;" in words(message)
        assert labels(message) == ["Yes, solved", "No", "Talk to a person"]

    def test_what_was_withdrawn_has_no_quote_and_names_nothing_that_is_closed(self) -> None:
        gone = CitationView(article="", revision=0, title="", heading="", quote="", start=0, end=0, withdrawn="unavailable")
        changed = CitationView(article="a", revision=2, title="VPN", heading="", quote="", start=0, end=0, withdrawn="changed")
        text = words(shown(reply(citations=(gone, changed))))
        assert "[1] This part of the answer was withdrawn" in text and "[2] *VPN*\nThis part of the answer was withdrawn" in text

    def test_the_device_can_be_changed_in_private_and_is_not_named_in_public(self) -> None:
        made = reply(device=DeviceView(id="LT-1", name="Laptop", os="Windows 11", platform="windows"))
        assert "For Laptop (Windows 11)" in words(shown(made))
        (menu,) = [block["accessory"] for block in shown(made)["blocks"] if "accessory" in block]  # type: ignore[attr-defined]
        assert [one["value"] for one in menu["options"]] == ["device:LT-2"]
        assert "Laptop" not in words(shown(made, Shown(HOSTS, SHOWN.today, "1", private=False)))

    def test_a_card_says_what_will_be_done_and_asks_for_its_code_in_a_form(self) -> None:
        action = ActionView(
            id="a_1",
            tool="reset_password",
            title="Reset <your> password",
            lines=("One",),
            blast_radius="your account",
            undo="No",
            status="challenged",
            needs="code",
        )
        proposed = words(shown(reply(action=action.model_copy(update={"status": "proposed", "needs": "press"}), kind=ReplyKind.ACTION)))
        assert proposed.startswith("*Reset &lt;your&gt; password*\n• One\n*Waits for you* · It touches your account · No")
        message = shown(reply(action=action, kind=ReplyKind.ACTION))
        assert labels(message)[0] == "Enter the code"
        assert "*Waits for your code* · Reset &lt;your&gt; password" in words(message)
        assert "Reset" not in words(shown(reply(action=action), Shown(HOSTS, SHOWN.today, "1", private=False)))

    def test_hostile_words_anywhere_in_a_reply_are_words(self) -> None:
        view = CitationView(article="a", revision=1, title=HOSTILE, heading=HOSTILE, quote=HOSTILE, start=0, end=1, platforms=(HOSTILE,))
        action = ActionView(id="a_1", tool="x", title=HOSTILE, lines=(HOSTILE,), blast_radius=HOSTILE, undo=HOSTILE, status="proposed")
        ticket = TicketView(id="T-1", subject=HOSTILE, status="open", queue=HOSTILE)
        device = DeviceView(id="D", name=HOSTILE, os=HOSTILE, platform="windows")
        made = reply(HOSTILE, citations=(view,), action=action, ticket=ticket, device=device, choices=(Choice(id="topic:1", label=HOSTILE),))
        text = str(shown(made)["blocks"])
        assert "<https://evil.test" not in text
        assert "<!" not in text and "<@" not in text and "<#" not in text

    @settings(deadline=None)
    @given(
        st.text(max_size=300),
        st.integers(0, 60),
        st.integers(0, 30),
        st.sampled_from(["x" * 4_000, "word " * 900, "", "&" * 3_000, "\n" * 50 + "a"]),
    )
    def test_whatever_a_reply_holds_slack_takes_it(self, words_of_it: str, choices: int, sources: int, long: str) -> None:
        view = CitationView(article="a", revision=1, title=long or "t", heading=long, quote=long, start=0, end=1, updated="not a day")
        action = ActionView(id="a_1", tool="x", title=long or "t", lines=(long,) * 5, blast_radius=long[:2_000], undo=long[:500], status="done")
        made = reply(
            f"{words_of_it}\n\n{long * 4}",
            citations=(view,) * sources,
            choices=tuple(Choice(id=f"topic:{n}", label=long or "t") for n in range(choices)),
            action=action,
        )
        message = shown(made)
        assert "Talk to a person" in labels(message)

    def test_a_reply_without_words_still_says_something(self) -> None:
        assert shown(reply(""))["text"] == "There is a new reply."

    def test_only_the_pressed_row_gives_way(self) -> None:
        message = said(reply(choices=(Choice(id="yes", label="Yes"),)), SHOWN)
        row = next(block for block in message.blocks if block["type"] == "actions")
        left = pressed(message.blocks, row["block_id"], "You chose: <Yes>")
        assert labels({"blocks": left}) == [] and "You chose: &lt;Yes&gt;" in words({"blocks": left})
        assert len(left) == len(message.blocks)


class TestViews:
    def test_every_form_and_home_is_one_that_slack_takes(self) -> None:
        from assistant.entrypoints.slack.views import Home

        long = HOSTILE * 30
        asked = Consent("a_0123456789abcdef-u0", "f" * 64, long, long, (long,) * 8, long, long, "2026-11-24", long)
        forms = [ask_form("en", [("a", long), ("b", "x")], long), code_form("en", "a_1", long, True), refuse_form("en", asked.value, long)]
        for view in [
            *forms,
            home(
                Home(long, False, (), {}, [replace(asked, action=f"a_{n}") for n in range(12)], [(long, 3)] * 9, "https://help.example/console/gaps")
            ),
        ]:
            assert list(view_faults(view)) == []
        message = consent(asked)
        assert list(message_faults({"text": message.text, "blocks": list(message.blocks)})) == []


class TestPlaces:
    def test_what_was_typed_is_read_as_it_was_meant(self) -> None:
        typed = "<@U0BOT> the <https://x.test/a?b=1&amp;c=2|portal> says &lt;error&gt; to <@U2|sam> in <#C1|it>, <mailto:a@b.test|a@b.test> <!here>"
        assert words_of(typed, "U0BOT") == "the https://x.test/a?b=1&c=2 says <error> to @sam in #it, a@b.test @here"

    def test_a_spot_is_found_again_from_its_place_and_its_messages_name_it(self) -> None:
        spot = Spot("T1", "C1", "17.2", "U1", "heard")
        assert Spot.of(spot.place) == spot and spot.place.public
        assert not Spot("T1", "D1", "17.2", "U1").place.public and not Spot("T1", "C1", "17.2", "U1", "alone").place.public
        assert tag_of(spot.message_id("x")) == spot.tag and len(spot.message_id("x" * 500)) <= 64
        assert tag_of("0b0f2f60-1111-4222-8333-444455556666") == ""
