"""What the entries of actions are called, how long each waits, and how an action is said to have moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from assistant.domain.action import Action, Status

PROPOSAL_LIFE = timedelta(minutes=30)
CODE_LIFE = timedelta(minutes=30)
"""After which an action whose code nobody entered ends: the life of a code, and the time that sending it may take."""
DAY = timedelta(hours=24)
ENDS_AGAIN = timedelta(hours=1)
MOST_ENDS = 168
"""How often a timed grant is tried to be ended while that fails: each hour for a week. People hear of it after the first time."""
SYSTEM = "firstline"
OPERATOR = "operator"
RUN, CODE, NOTICE, REMIND, EXPIRE, END = "action.run", "code.send", "notice", "approval.remind", "approval.expire", "grant.end"
ASK, SHOW = "approval.ask", "approval.show"
APPROVAL = "approval/"
"""Begins what is noted of messages that asked approvers: the id of the action follows."""
CODE_EXPIRES = "code.expire"
"""Begins the key of the entry that every action gets whose person is asked for a code."""
NOT_OFFERED = "this access cannot be asked for any more"
UNCOUNTED = frozenset({Status.PROPOSED, Status.CANCELLED, Status.EXPIRED, Status.REFUSED})
"""Of these a person may have any number a day, unless a code was asked for: codes must not be guessed again and again."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An action after something happened to it, and what decided that; ``why`` is in words for the person, "" when all went on."""

    action: Action
    rule: str = ""
    why: str = ""
    channel: str = ""
    """Where a one-time code is to be had."""


class NotYours(LookupError):
    """There is no such action of this person."""
