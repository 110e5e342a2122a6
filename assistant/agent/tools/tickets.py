"""Tools over one's own tickets. They act on our record; a desk elsewhere hears of it through the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assistant.agent import wording
from assistant.agent.tools.tool import Hands, Slot, Surroundings, Tool, Undo
from assistant.desk.attaching import hand_over
from assistant.domain.action import Action, Effect, Plan
from assistant.domain.configuration import queue_for
from assistant.domain.local_time import local
from assistant.domain.ticket import ASSISTANT, Ticket, TicketBody, TicketDraft, TicketStatus
from assistant.ports.outside import Refused
from assistant.ports.store import UnitOfWork

TICKET = Slot("ticket", "Which of the caller's tickets.", "ticket")
SHOWN_WORDS = 300


def _mine(surroundings: Surroundings, ticket_id: str) -> Ticket:
    return next(ticket for ticket in surroundings.tickets if ticket.id == ticket_id)


def _own(unit: UnitOfWork, action: Action) -> Ticket:
    """Return the ticket, which has to be the person's own also at this moment."""
    ticket = unit.tickets.ticket(action.arguments["ticket"])
    if ticket is None or ticket.requester != action.subject:
        raise Refused("there is no such ticket of this person")
    return ticket


def _names(surroundings: Surroundings) -> dict[str, str]:
    return {queue.id: queue.name for queue in surroundings.queues}


# -- show -------------------------------------------------------------------------------------------------------------


def _show_mine(surroundings: Surroundings, _arguments: Mapping[str, str]) -> str:
    return wording.statuses([ticket for ticket in surroundings.tickets if ticket.status.is_open], _names(surroundings))


def _show_one(surroundings: Surroundings, arguments: Mapping[str, str]) -> str:
    ticket = surroundings.read_ticket(arguments["ticket"]) or _mine(surroundings, arguments["ticket"])
    return wording.one_status(ticket, _names(surroundings), surroundings.company.timezone)


MY_TICKETS = Tool("my_tickets", Effect.READ, "List the caller's own open tickets.", show=_show_mine)
STATUS = Tool("ticket_status", Effect.READ, "Show the state of one of the caller's own tickets.", (TICKET,), show=_show_one)


# -- create -----------------------------------------------------------------------------------------------------------


def _no_queues(hands: Hands) -> str:
    return "" if hands.workplace.queues() else "the people file names no queues"


def _with_queue(surroundings: Surroundings, values: dict[str, str]) -> dict[str, str]:
    return {**values, "queue": queue_for(values["category"], surroundings.queues)}


def _plan_create(surroundings: Surroundings, arguments: Mapping[str, str]) -> Plan:
    queue = queue_for(arguments["category"], surroundings.queues)
    said = surroundings.issue or surroundings.words
    lines = (f"Open a ticket about “{said[:SHOWN_WORDS]}” for the team {_names(surroundings).get(queue, queue)}.",)
    return Plan("Open a ticket", lines, "one new ticket in your name", "It can be withdrawn.")


def _create(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    conversation = unit.conversations.load(action.conversation)
    words = str(conversation.memory.get("issue", "")) if conversation else ""
    if not words:
        raise Refused("the conversation does not say what it is about")
    category, queue = action.arguments["category"], action.arguments["queue"]
    draft = TicketDraft(action.id, action.subject, words[:90], queue, category, TicketBody(words), action.conversation)
    ticket = unit.tickets.create(draft, at)
    if ticket.assignee == ASSISTANT:
        ticket = unit.tickets.file(ticket.id, ticket.body, queue, at)
        hand_over(unit, action.conversation, ticket.id, at)
    return {"changed": True, "ticket": ticket.id}


def _undo_create(action: Action) -> Undo | None:
    return Undo("withdraw_ticket", {"ticket": str(action.result["ticket"])})


CREATE = Tool(
    "create_ticket",
    Effect.WRITE,
    "Open a ticket for the caller about what this conversation is about.",
    (Slot("category", "What it is about.", "category"),),
    whole=_with_queue,
    plan=_plan_create,
    inside=_create,
    undo=_undo_create,
    missing=_no_queues,
    done="I opened ticket {ticket}.",
)


# -- status -----------------------------------------------------------------------------------------------------------


def _plan_close(surroundings: Surroundings, arguments: Mapping[str, str]) -> Plan:
    ticket = _mine(surroundings, arguments["ticket"])
    return Plan(f"Close {ticket.id}", (f"Close your ticket {ticket.id}: {ticket.subject}",), f"your ticket {ticket.id}", "It can be reopened.")


def _plan_reopen(surroundings: Surroundings, arguments: Mapping[str, str]) -> Plan:
    ticket = _mine(surroundings, arguments["ticket"])
    return Plan(f"Reopen {ticket.id}", (f"Reopen your ticket {ticket.id}: {ticket.subject}",), f"your ticket {ticket.id}", "It can be closed again.")


def _set(unit: UnitOfWork, action: Action, status: TicketStatus, why: str, at: datetime) -> dict[str, Any]:
    """Set a status; an undo brings back the one from before."""
    ticket, status = _own(unit, action), TicketStatus(action.arguments.get("status", status.value))
    if ticket.status.is_open == status.is_open:
        return {"changed": False, "ticket": ticket.id}
    unit.tickets.change_status(ticket.id, status, action.actor, why, at)
    return {"changed": True, "ticket": ticket.id, "before": ticket.status.value}


def _close(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    return _set(unit, action, TicketStatus.CLOSED, "closed by the requester", at)


def _reopen(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    return _set(unit, action, TicketStatus.OPEN, "reopened by the requester", at)


def _withdraw(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    return _set(unit, action, TicketStatus.CLOSED, "withdrawn", at)


def _opposite(tool: str) -> Any:
    def undo(action: Action) -> Undo | None:
        before = {"ticket": action.arguments["ticket"], "status": str(action.result.get("before"))}
        return Undo(tool, before) if action.result.get("changed") else None

    return undo


CLOSE = Tool(
    "close_ticket",
    Effect.WRITE,
    "Close one of the caller's own tickets.",
    (TICKET,),
    plan=_plan_close,
    inside=_close,
    undo=_opposite("reopen_ticket"),
    done="Ticket {ticket} is closed.",
    unchanged="Ticket {ticket} was closed already, so I changed nothing.",
)
REOPEN = Tool(
    "reopen_ticket",
    Effect.WRITE,
    "Reopen one of the caller's own tickets.",
    (TICKET,),
    plan=_plan_reopen,
    inside=_reopen,
    undo=_opposite("close_ticket"),
    done="Ticket {ticket} is open again.",
    unchanged="Ticket {ticket} was open already, so I changed nothing.",
)
WITHDRAW = Tool("withdraw_ticket", Effect.WRITE, "Withdraw a ticket.", inside=_withdraw, offered=False, done="The ticket is withdrawn.")


# -- update -----------------------------------------------------------------------------------------------------------


def _plan_update(surroundings: Surroundings, arguments: Mapping[str, str]) -> Plan:
    ticket, category = _mine(surroundings, arguments["ticket"]), arguments["category"]
    queue = queue_for(category, surroundings.queues)
    line = f"Move your ticket {ticket.id} to {category}, with the team {_names(surroundings).get(queue, queue)}: {ticket.subject}"
    return Plan(f"Move {ticket.id}", (line,), f"your ticket {ticket.id}", "It can be moved back.")


def _update(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    ticket = _own(unit, action)
    before = {"category": ticket.category, "queue": ticket.queue}
    wanted = {"category": action.arguments["category"], "queue": action.arguments["queue"]}
    if before == wanted:
        return {"changed": False, "ticket": ticket.id}
    unit.tickets.move(ticket.id, wanted["category"], wanted["queue"], action.actor, at)
    return {"changed": True, "ticket": ticket.id, "before": before}


def _undo_update(action: Action) -> Undo | None:
    if not action.result.get("changed"):
        return None
    return Undo("update_ticket", {"ticket": action.arguments["ticket"], **action.result["before"]})


UPDATE = Tool(
    "update_ticket",
    Effect.WRITE,
    "Put one of the caller's own tickets under another category, and so with another team.",
    (TICKET, Slot("category", "What it really is about.", "category")),
    whole=_with_queue,
    plan=_plan_update,
    inside=_update,
    undo=_undo_update,
    missing=_no_queues,
    done="Ticket {ticket} is under {category} now.",
    unchanged="Ticket {ticket} was under {category} already, so I changed nothing.",
)


# -- comment ----------------------------------------------------------------------------------------------------------


def _with_message(surroundings: Surroundings, values: dict[str, str]) -> dict[str, str]:
    return {**values, "message": surroundings.message, "zone": surroundings.company.timezone}


def _plan_comment(surroundings: Surroundings, arguments: Mapping[str, str]) -> Plan:
    ticket = _mine(surroundings, arguments["ticket"])
    lines = (f"Add your message to ticket {ticket.id}: {ticket.subject}",)
    undo = "It can be withdrawn; those who have read it have read it."
    return Plan(f"Add to {ticket.id}", lines, f"your ticket {ticket.id}", undo)


def _comment(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    ticket = _own(unit, action)
    message = unit.conversations.message(action.conversation, action.arguments["message"])
    if message is None or not message.text:
        raise Refused("there is no message to add")
    unit.tickets.comment(ticket.id, action.subject, message.text, at)
    return {"changed": True, "ticket": ticket.id, "at": at.isoformat()}


def _take_back(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    ticket = _own(unit, action)
    written = local(datetime.fromisoformat(action.arguments["at"]), action.arguments.get("zone", "UTC"))
    unit.tickets.comment(ticket.id, action.subject, f"Please disregard my note of {written}; I withdraw it.", at)
    return {"changed": True, "ticket": ticket.id}


def _undo_comment(action: Action) -> Undo | None:
    zone = action.arguments.get("zone", "UTC")
    return Undo("withdraw_comment", {"ticket": action.arguments["ticket"], "at": str(action.result["at"]), "zone": zone})


COMMENT = Tool(
    "comment_ticket",
    Effect.WRITE,
    "Add the caller's message, word for word, to one of their own tickets.",
    (TICKET,),
    whole=_with_message,
    plan=_plan_comment,
    inside=_comment,
    undo=_undo_comment,
    done="I added your message to ticket {ticket}.",
)
TAKE_BACK = Tool("withdraw_comment", Effect.WRITE, "Withdraw a note.", inside=_take_back, offered=False, done="The note is withdrawn.")
TOOLS = (MY_TICKETS, STATUS, CREATE, UPDATE, COMMENT, CLOSE, REOPEN, WITHDRAW, TAKE_BACK)
