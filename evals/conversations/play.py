"""One play of one case: stage, person, and what was left behind."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from evals.conversations.asker import Asker
from evals.conversations.case import Named
from evals.conversations.channel import CannotSay, ChannelBroken, Talking, connected
from evals.conversations.cost import cost_of
from evals.conversations.decisions import decided
from evals.conversations.played import Cited, Left, Played, Shown
from evals.conversations.stage import Stage, copied
from evals.conversations.wording import Voice

if TYPE_CHECKING:
    from assistant.domain.action import Action
    from assistant.domain.ticket import Ticket
    from assistant.settings import Settings


def settings_of(
    template: Path, home: Path, models: Sequence[str], steps_file: Path | None = None, channel: Mapping[str, Any] = MappingProxyType({})
) -> Settings:
    """Return the settings of a play: a copy of the template at ``home``, with the models of the run out of a steps file, and what a channel needs.

    Raises:
        BadInput: this build cannot use one of the models.
    """
    from assistant.settings import Settings
    from evals.conversations.models import with_models

    return with_models(Settings(**{**channel, "home": copied(template, home), "demo": True, "steps_file": steps_file}), models)


Ends = Callable[[Stage, str], AbstractContextManager[Talking]]
"""Opens a person's end of a channel."""


def on_the_socket(stage: Stage, person: str) -> AbstractContextManager[Talking]:
    """Talk as the widget does.

    Raises:
        ChannelBroken: the service does not welcome them.
    """
    return connected(stage.port, stage.token(person))


def perform(named: Named, repeat: int, stage: Stage, voice: Voice, end: Ends = on_the_socket) -> Played:
    """Play a case on its stage; for what the service does it never raises: then ``broken`` says what happened."""
    before = _before(stage, named)
    began, broken, cannot, asker, chat = time.perf_counter(), "", "", None, None
    try:
        with end(stage, named.case.person) as chat:
            asker = Asker(named.case, chat, stage, voice)
            asker.play()
    except ChannelBroken as error:
        broken = str(error)
    except CannotSay as error:
        cannot = str(error)
    seconds = time.perf_counter() - began
    stage.let_time_pass()
    return _played(named, repeat, stage, asker, chat, before).model_copy(update={"seconds": seconds, "broken": broken, "cannot": cannot})


def voice_of(named: Named, repeat: int, seed: int, same_words: bool) -> Voice:
    """Return how the person words it: the first repeat as the case is written, each other one by its seed."""
    return Voice(random.Random(f"{seed}/{named.name}/{repeat}"), named.case.language, varied=repeat > 0 and not same_words)


def _before(stage: Stage, named: Named) -> dict[str, Any]:
    with stage.assistant.store.read() as unit:
        known = {ticket.id: ticket.subject for ticket in unit.tickets.of_requester(named.case.person, open_only=False)}
    return {"tickets": known, "mark": stage.assistant.directory.account(named.case.person).password_mark}


def _played(named: Named, repeat: int, stage: Stage, asker: Asker | None, chat: Talking | None, before: dict[str, Any]) -> Played:
    if asker is None or chat is None:
        return Played(case=named.name, repeat=repeat)
    return Played(
        case=named.name,
        repeat=repeat,
        lines=tuple(asker.lines),
        cited=tuple(_cited(asker.lines, chat)),
        left=_left(stage, named, chat.conversation, before),
        decided=decided(stage.assistant, chat.conversation),
        turn_seconds=tuple(chat.seconds),
        cost=cost_of(stage.assistant.store.engine, chat.conversation),
    )


def _cited(lines: list[Shown], chat: Talking) -> list[Cited]:
    """Judge every sentence with a source against the quotations that stood under its answer, by the offline rule."""
    from kb.claims import claims
    from kb.support import supported

    turns = {line.text: line.turn for line in lines if line.who == "firstline"}
    found = []
    for reply in (event["reply"] for event in chat.seen if event["type"] == "reply" and event["reply"]["citations"]):
        for claim in claims(reply["text"]):
            sources = [reply["citations"][number - 1] for number in claim.numbers if 0 < number <= len(reply["citations"])]
            if not claim.numbers:
                continue
            quoted, context = "\n\n".join(one["quote"] for one in sources), "\n\n".join(f"{one['title']}\n\n{one['heading']}" for one in sources)
            why = supported(claim.text, quoted, context).reason if len(sources) == len(claim.numbers) else "it names a source that is not there"
            found.append(Cited(turn=turns.get(reply["text"], 0), sentence=claim.text, why=why))
    return found


def _left(stage: Stage, named: Named, conversation_id: str, before: dict[str, Any]) -> Left:
    from assistant.domain.action import Status

    assistant, person = stage.assistant, named.case.person
    account = assistant.directory.account(person)
    with assistant.store.read() as unit:
        conversation = unit.conversations.load(conversation_id) if conversation_id else None
        mine = unit.tickets.of_requester(person, open_only=False)
        actions = sorted(unit.actions.of_conversation(conversation_id), key=lambda one: one.created_at) if conversation_id else []
        events = unit.conversations.events(conversation_id) if conversation_id else []
        ticket = unit.tickets.ticket(conversation.episode.ticket) if conversation is not None and conversation.episode.ticket else None
    pressed = {str(event.body["choice"]) for event in events if event.body["type"] == "message"}
    begun = {one.tool: one.status.value for one in actions if one.status is not Status.PROPOSED and not _only_left(one, pressed)}
    states = {one.id: one.status.value for one in mine}
    left = Left(
        tickets=states | {subject: states[name] for name, subject in before["tickets"].items() if name in states},
        locked=account.locked,
        groups=tuple(sorted(account.groups)),
        password_reset=account.password_mark != before["mark"],
        actions=begun,
    )
    if conversation is None:
        return left
    episode = conversation.episode
    outcome = episode.outcome.value if episode.outcome else ""
    left = left.model_copy(update={"state": conversation.state.value, "outcome": outcome, "reopened": episode.reopened})
    return left.model_copy(update=_ticket(ticket, before["tickets"])) if ticket is not None else left


def _only_left(action: Action, pressed: set[str]) -> bool:
    """Say whether a card was left that nobody had pressed."""
    return action.status.value == "cancelled" and f"do:{action.id}" not in pressed


def _ticket(ticket: Ticket, known: dict[str, str]) -> dict[str, Any]:
    from assistant.domain.ticket import ASSISTANT

    people = ticket.assignee != ASSISTANT and ticket.status.is_open
    return {
        "ticket": ticket.id,
        "subject": ticket.subject,
        "queue": ticket.queue,
        "category": ticket.category,
        "with_people": people,
        "attached": ticket.id in known,
    }
