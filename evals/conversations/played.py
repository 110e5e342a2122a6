"""What was seen and what was left behind when a case was played; plain values that travel between processes."""

from __future__ import annotations

from pydantic import BaseModel

from evals.conversations.decisions import Decided


class Shown(BaseModel):
    """One line of the conversation as its person saw it."""

    turn: int
    who: str
    """person, firstline, approver, author or time."""
    text: str
    kind: str = ""
    state: str = ""
    choices: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    own: str = ""
    """What of it the service says itself, without what it quotes from articles."""


class Cited(BaseModel):
    """A sentence of an answer that names a source, and what the support rule says of it."""

    turn: int
    sentence: str
    why: str = ""
    """"" when its sources support it."""


class Left(BaseModel):
    """The state of the world afterwards, from the tables."""

    state: str = ""
    outcome: str = ""
    reopened: bool = False
    ticket: str = ""
    subject: str = ""
    queue: str = ""
    category: str = ""
    with_people: bool = False
    """The ticket of the last episode is with people, not with the assistant."""
    attached: bool = False
    """It was open before the conversation began."""
    tickets: dict[str, str] = {}
    """Tickets of the person, by id and status; those that were there before also by subject."""
    locked: bool = False
    groups: tuple[str, ...] = ()
    password_reset: bool = False
    actions: dict[str, str] = {}
    """Tools and where their latest action stands; cards that were only shown are left out."""


class Played(BaseModel):
    """One play of one case."""

    case: str
    repeat: int
    lines: tuple[Shown, ...] = ()
    cited: tuple[Cited, ...] = ()
    left: Left = Left()
    turn_seconds: tuple[float, ...] = ()
    seconds: float = 0.0
    """From the first word to the last, waiting for approvers included."""
    cost: float | None = None
    """None where no calls of models are recorded."""
    decided: Decided = Decided()
    cannot: str = ""
    """What the case does and the channel has no way to do; "" when it has one for everything."""
    broken: str = ""
    """Why the play could not be finished; "" when it was."""
