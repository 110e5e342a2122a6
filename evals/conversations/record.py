"""Turns a stored conversation into a case: people replaced, what other systems answered kept, and what happened as what must happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from evals.beir import BadInput
from evals.conversations.case import Case
from evals.conversations.language import language_of
from evals.conversations.outside import CALLS
from evals.conversations.scrub import Scrubber

if TYPE_CHECKING:
    from assistant.adapters.store.organisation import OpenTicket
    from assistant.bootstrap import Assistant
    from assistant.domain.action import Action
    from assistant.domain.configuration import Organisation
    from assistant.domain.conversation import Conversation
    from assistant.domain.ticket import Ticket
    from assistant.ports.store import Event

FIRST_TICKET = 1001
HEAD = """# Recorded from a real conversation. People, addresses and numbers were replaced; read it before you share it: a name that is in no
# directory stays. What happened is what is expected. The goal is taken from what the person confirmed: correct it where you know better.
"""


@dataclass(frozen=True)
class _Stored:
    """Everything that is kept of a conversation."""

    conversation: Conversation
    events: Sequence[Event]
    actions: Sequence[Action]
    ticket: Ticket | None
    before: Sequence[Ticket]
    votes: dict[str, list[tuple[int, str, bool]]]
    codes: frozenset[str]
    """Actions whose one-time code was accepted."""


def recorded(assistant: Assistant, conversation_id: str) -> str:
    """Return a case, as YAML, that plays a stored conversation again in the demo company.

    Raises:
        BadInput: there is no such conversation, or nothing was said in it.
    """
    from assistant.adapters.store.organisation import read_people_file
    from evals.world import DEMO_ARTICLES

    demo, tickets = read_people_file(DEMO_ARTICLES / "company.toml")
    stored = _stored(assistant, conversation_id)
    made = _Recording(assistant, stored, demo, tickets).case()
    Case.model_validate(made)
    return HEAD + yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=140)


def _stored(assistant: Assistant, conversation_id: str) -> _Stored:
    with assistant.store.read() as unit:
        conversation = unit.conversations.load(conversation_id)
        if conversation is None:
            raise BadInput(f"there is no conversation {conversation_id} in {assistant.settings.home}")
        events = unit.conversations.events(conversation_id)
        actions = sorted(unit.actions.of_conversation(conversation_id), key=lambda one: one.created_at)
        ticket = unit.tickets.ticket(conversation.episode.ticket) if conversation.episode.ticket else None
        mine = unit.tickets.of_requester(conversation.person, open_only=False)
        approvals = {one.id: unit.approvals.load(one.id) for one in actions}
        challenges = {one.id: unit.challenges.challenge(one.id) for one in actions}
    if not any(event.body["type"] == "message" for event in events):
        raise BadInput(f"nothing was said in {conversation_id}")
    before = sorted((one for one in mine if one.opened_at < conversation.opened_at), key=lambda one: one.opened_at)
    votes = {key: [(vote.stage, vote.approver, vote.approves) for vote in one.votes] for key, one in approvals.items() if one is not None}
    codes = frozenset(key for key, one in challenges.items() if one is not None and one.used_at is not None)
    return _Stored(conversation, events, actions, ticket, before, votes, codes)


def _in_demo(article_id: str, text: str) -> bool:
    """Say whether the demo company has an article with this text."""
    from evals.world import DEMO_ARTICLES

    files = list(DEMO_ARTICLES.glob(f"*/{article_id}.md"))
    return bool(files) and "".join(text.split()) in "".join(files[0].read_text(encoding="utf-8").split())


class _Recording:
    """One conversation on its way to a case."""

    def __init__(self, assistant: Assistant, stored: _Stored, demo: Organisation, tickets: Sequence[OpenTicket]) -> None:
        self._assistant, self._stored, self._demo, self._tickets = assistant, stored, demo, tickets
        self._scrub = Scrubber(assistant.directory.people(), assistant.workplace.company(), demo)
        person = assistant.directory.person(stored.conversation.person)
        if person is None:
            raise BadInput(f"the directory no longer knows {stored.conversation.person}")
        self._asker = self._scrub.asker(person, tuple(assistant.workplace.devices_of(person.id)))
        self._name_roles()
        self._opened = self._number_tickets()

    def case(self) -> dict[str, Any]:
        """Return the case as plain values."""
        said = [event for event in self._stored.events if event.body["type"] == "message"]
        if said[0].body["choice"]:
            raise BadInput("the conversation begins with a press, which cannot be played again")
        first = self._scrub.text(str(said[0].body["text"]))
        made: dict[str, Any] = {
            "title": self._title(first),
            "group": "multi_turn",
            "person": self._asker.id,
            "language": language_of(first) or "en",
            "says": [first],
            "goal": self._goal(),
            "gives_up": "leave",
            "silent": True,
        }
        made |= {"approvers": approvers} if (approvers := self._approvers()) else {}
        made["then"] = [*(turn for event in said[1:] for turn in self._turns(event)), {"leaves": True}]
        made |= {"world": world} if (world := self._world()) else {}
        return made | {"expect": self._end()}

    def _title(self, first: str) -> str:
        return f"Recorded: {' '.join(first.split())[:80] or 'a press of a button'}"

    def _name_roles(self) -> None:
        """Let whoever decided stand where that role stands in the demo company, so that they may decide there as well."""
        for key, votes in self._stored.votes.items():
            action = next(one for one in self._stored.actions if one.id == key)
            manager = next((one for one in self._demo.people if one.id == self._asker.manager), None)
            for stage, approver, _ in votes:
                if stage == 0 and manager is not None:
                    self._scrub.person(approver, manager)
                else:
                    owner = next((one.owner for one in self._demo.entitlements if one.id == action.arguments.get("group")), "")
                    self._scrub.person(approver, next((one for one in self._demo.people if one.id == owner), None))

    def _number_tickets(self) -> list[Ticket]:
        """Map the ids of tickets; return those that have to be opened before the play."""
        there = {ticket.subject for ticket in self._tickets if ticket.requester == self._asker.id}
        made = [ticket for ticket in self._stored.before if ticket.subject not in there and ticket.status.is_open]
        number = FIRST_TICKET + len(self._tickets)
        for place, ticket in enumerate(made):
            self._scrub.tickets[ticket.id] = f"T-{number + place}"
        if self._stored.ticket is not None and self._stored.ticket.id not in self._scrub.tickets and self._stored.ticket not in self._stored.before:
            self._scrub.tickets[self._stored.ticket.id] = f"T-{number + len(made)}"
        return made

    # -- what was said ------------------------------------------------------------------------------------------------

    def _turns(self, event: Event) -> list[dict[str, Any]]:
        choice = str(event.body["choice"])
        if not choice:
            return [{"says": [self._scrub.text(str(event.body["text"]))]}]
        name, _, argument = choice.partition(":")
        if name == "do":
            return [{"presses": "do"}, *([{"code": "right"}] if argument in self._stored.codes else [])]
        if name in ("drop", "show", "undo"):
            return [{"presses": name}]
        if name == "topic" and event.body.get("article"):
            return [{"presses": f"topic:{event.body['article']}"}]
        if name == "device" and argument in self._scrub.devices:
            return [{"presses": f"device:{self._scrub.devices[argument].id}"}]
        return [{"presses": choice}]

    def _approvers(self) -> dict[str, str]:
        said = [(approver, approves) for votes in self._stored.votes.values() for _, approver, approves in sorted(votes)]
        return {self._scrub.person(approver).id: "approves" if approves else "refuses" for approver, approves in said}

    # -- the world ----------------------------------------------------------------------------------------------------

    def _world(self) -> dict[str, Any]:
        tickets = [{"subject": self._scrub.text(one.subject), "category": one.category} for one in self._opened]
        parts = {
            "locked": [self._asker.id] if self._changed("unlock_account") else [],
            "members": {action.arguments["group"]: [self._asker.id] for action in self._stored.actions if action.tool == "give_up_access"},
            "tickets": tickets,
            "articles": self._articles(),
            "entitlements": self._entitlements(),
            "outside": self._outside(),
        }
        return {name: value for name, value in parts.items() if value}

    def _changed(self, tool: str) -> bool:
        return any(one.tool == tool and one.result.get("changed") for one in self._stored.actions)

    def _outside(self) -> dict[str, Any]:
        """Return how the directory answered each tool, in a form in which it answers so again."""
        answers = {"failed": "refused", "unknown": "uncertain"}
        made = {}
        for action in self._stored.actions:
            status = action.status.value
            if action.tool in CALLS and status in answers:
                made[action.tool] = {"answer": answers[status]}
            elif action.tool in CALLS and status == "done" and action.result.get("changed") is False:
                made[action.tool] = {"answer": "unchanged"}
        return made

    def _entitlements(self) -> list[dict[str, Any]]:
        asked = {action.arguments["group"] for action in self._stored.actions if "group" in action.arguments}
        mine = [one for one in self._assistant.workplace.entitlements() if one.id in asked and one not in self._demo.entitlements]
        return [
            {
                "id": one.id,
                "name": one.name,
                "description": self._scrub.text(one.description),
                "owner": self._scrub.person(one.owner).id,
                "category": one.category,
                "cost": one.cost,
            }
            for one in mine
        ]

    def _articles(self) -> list[dict[str, Any]]:
        """Return the articles that were cited, with their words of then, where the demo company does not have them so."""
        store = self._assistant.knowledge_base.store
        made = []
        for article_id, revision in self._cited():
            text, head = store.revision_text(article_id, revision), store.article(article_id)
            if text is None or _in_demo(article_id, text):
                continue
            made.append(
                {
                    "id": article_id,
                    "title": self._scrub.text(head.title if head is not None else article_id),
                    "text": self._scrub.text(text),
                    "category": head.category if head is not None else "general",
                    "platforms": sorted(platform.value for platform in head.platforms) if head is not None else [],
                }
            )
        return made

    # -- what must happen ---------------------------------------------------------------------------------------------

    def _cited(self) -> list[tuple[str, int]]:
        replies = [event.body["reply"] for event in self._stored.events if event.body["type"] == "reply"]
        return list(dict.fromkeys((one["article"], one["revision"]) for reply in replies for one in reply["citations"]))

    def _goal(self) -> dict[str, Any]:
        outcome = self._stored.conversation.episode.outcome
        done = next((one.tool for one in self._stored.actions if one.status.value == "done"), "")
        if outcome is None or not outcome.value.startswith("RESOLVED"):
            return {}
        return {**({"articles": [article for article, _ in self._cited()]} if self._cited() else {}), **({"action": done} if done else {})}

    def _end(self) -> dict[str, Any]:
        from assistant.domain.ticket import ASSISTANT

        conversation, ticket = self._stored.conversation, self._stored.ticket
        outcome = conversation.episode.outcome
        pressed = {str(event.body["choice"]) for event in self._stored.events if event.body["type"] == "message"}
        stood = [one for one in self._stored.actions if one.status.value != "cancelled" or f"do:{one.id}" in pressed]
        begun = {one.tool: one.status.value for one in stood if one.status.value != "proposed"}
        end: dict[str, Any] = {"state": conversation.state.value, **({"outcome": outcome.value} if outcome else {})}
        ways = {"TICKET_FILED": "filed", "HANDED_OFF": "handed_off"}
        end["ticket"] = ways.get(outcome.value if outcome else "", "none")
        if ticket is not None and ticket.assignee != ASSISTANT and ticket.queue in {queue.id for queue in self._demo.queues}:
            end["queue"] = ticket.queue
        return end | {"actions": begun} | ({"cites": [article for article, _ in self._cited()]} if self._cited() else {})
