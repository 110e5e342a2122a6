"""Articles drafted from tickets that people solved: every sentence with its ticket, or a refusal that says whom to ask what."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.adapters.memory.scripted_chat import Said
from assistant.domain.ticket import TicketStatus
from assistant.operations import draft_from
from tests.support.chatting import Script, scripted_world
from tests.support.world import MONDAY, World

ASKED = "The badge printer on the third floor jams every time I print a visitor card"
FIX = "Open the side flap and remove the torn card. Set the card thickness to 0.76 mm in the printer menu. Thank you Maria Santos."
DRAFTS = 'draft = "scripted"'


def solved_ticket(world: World, note: str, public: bool = True, by: str = "sam.oduya") -> str:
    """Let Maria hand an issue over, and the desk solve it with a note."""
    maria = world.talk("maria.santos")
    maria.say(ASKED)
    handed = maria.press("person")
    assert handed.ticket is not None
    with world.assistant.store.write() as unit:
        if note:
            unit.tickets.comment(handed.ticket.id, by, note, MONDAY, public) if not public else unit.tickets.comment(
                handed.ticket.id, by, note, MONDAY
            )
        unit.tickets.change_status(handed.ticket.id, TicketStatus.RESOLVED, by, "solved", MONDAY)
    return handed.ticket.id


def test_a_local_draft_has_the_words_of_both_sides_and_the_ticket_of_each_sentence(world: World) -> None:
    ticket = solved_ticket(world, FIX)
    made = draft_from(world.assistant, [ticket])
    assert not made.refused
    lines = made.text.splitlines()
    assert lines[0].startswith("# ")
    assert f"- {ASKED} [{ticket}]" in lines
    assert f"1. Open the side flap and remove the torn card. [{ticket}]" in lines
    assert f"2. Set the card thickness to 0.76 mm in the printer menu. [{ticket}]" in lines
    assert "Maria" not in made.text
    assert "Santos" not in made.text


def test_tickets_that_do_not_say_how_are_refused_with_whom_to_ask_what(world: World) -> None:
    ticket = solved_ticket(world, "Done, ok.")
    made = draft_from(world.assistant, [ticket])
    assert made.text == ""
    assert f"{ticket} does not say how it was solved" in made.refused
    assert "Ask Sam Oduya" in made.refused


def test_an_internal_note_of_the_desk_never_gets_into_a_draft(world: World) -> None:
    made = draft_from(world.assistant, [solved_ticket(world, "The vendor's service code for this printer is 4711-A.", public=False)])
    assert made.text == ""
    assert "4711" not in made.refused


def test_an_open_ticket_and_one_that_does_not_exist_are_refused(world: World) -> None:
    maria = world.talk("maria.santos")
    maria.say(ASKED)
    handed = maria.press("person")
    assert handed.ticket is not None
    assert "still open" in draft_from(world.assistant, [handed.ticket.id]).refused
    with pytest.raises(LookupError, match="T-99999"):
        draft_from(world.assistant, ["T-99999"])


def test_a_model_drafts_and_what_no_ticket_says_is_left_out(demo_home: Path) -> None:
    text = (
        "# The badge printer jams\n\n## Symptoms\n\nThe badge printer jams when I print a visitor card. [t1]\n\n## Solution\n\n"
        "1. Open the side flap and remove the torn card. [t1]\n2. Set the card thickness to 0.76 mm in the printer menu. [t1]\n"
        "3. Reformat the printer's disk. [t1]\n4. Call the vendor. [t9]"
    )
    script = Script({"draft": lambda told, ask: Said(text)})
    with scripted_world(demo_home, script, DRAFTS) as world:
        ticket = solved_ticket(world, FIX)
        made = draft_from(world.assistant, [ticket])
        with world.assistant.store.read() as unit:
            assert unit.model_calls.spent("").calls == 1
    assert made.model == "scripted:1"
    assert made.prompt.startswith("draft/1@")
    assert f"2. Set the card thickness to 0.76 mm in the printer menu. [{ticket}]" in made.text
    assert "Reformat" not in made.text
    assert "vendor" not in made.text
    (told,) = script.of("draft")
    assert "Santos" not in str(told)


@pytest.mark.parametrize("said", ["# Title only", "1. Open the side flap. [t1]", "# T\n\n1. Buy a new printer. [t1]\n2. Burn the old one. [t1]"])
def test_a_draft_of_the_wrong_form_is_made_locally(demo_home: Path, said: str) -> None:
    with scripted_world(demo_home, Script({"draft": lambda told, ask: Said(said)}), DRAFTS) as world:
        made = draft_from(world.assistant, [solved_ticket(world, FIX)])
    assert made.model == "local-draft/1"
    assert "side flap" in made.text


def test_a_model_that_finds_no_solution_refuses(demo_home: Path) -> None:
    with scripted_world(demo_home, Script({"draft": lambda told, ask: Said("NOTHING")}), DRAFTS) as world:
        made = draft_from(world.assistant, [solved_ticket(world, FIX)])
    assert made.text == ""
    assert "no solution" in made.refused
