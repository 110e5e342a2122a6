"""The one reply envelope of the command line, REST and the WebSocket (docs/guide/chat-protocol.md)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from assistant.domain.conversation import State


class ReplyKind(StrEnum):
    """What a reply is."""

    ANSWER = "answer"
    CLARIFICATION = "clarification"
    ABSTENTION = "abstention"
    ACTION = "action"
    APPROVAL = "approval"
    STATUS = "status"
    HANDOFF = "handoff"
    SMALLTALK = "smalltalk"
    ERROR = "error"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class CitationView(_Value):
    """A citation as channels show it; ``quote`` is the article text between ``start`` and ``end``, in code points."""

    article: str
    revision: int
    title: str
    heading: str
    quote: str
    start: int
    end: int
    owner: str = ""
    updated: str = ""
    review_by: str = ""
    overdue: bool = False
    platforms: tuple[str, ...] = ()
    withdrawn: str = ""
    """Why it no longer stands: "changed" (then it names the current revision) or "unavailable" (then it names nothing); "" while it stands."""


class Choice(_Value):
    """Something the person can answer with one press."""

    id: str
    label: str
    article: str = ""
    """The article whose title the label is; such a choice is offered only to those who may read it."""


class TicketView(_Value):
    """The ticket that a reply is about."""

    id: str
    subject: str
    status: str
    queue: str = ""
    attached: bool = False


class DeviceView(_Value):
    """The device that an answer assumes."""

    id: str
    name: str
    os: str
    platform: str


class ActionView(_Value):
    """An action as its card shows it."""

    id: str
    tool: str
    title: str
    lines: tuple[str, ...] = ()
    blast_radius: str = ""
    undo: str = ""
    status: str = ""
    needs: str = ""
    """What it waits for: "press", "code" (a one-time code, entered in the card and never as a message), "approval", or "" for nothing."""
    channel: str = ""
    """Where the code comes from: "notice" (sent to the registered second channel) or "totp" (the authenticator app)."""
    reverts: str = ""
    """The action that this one takes back."""


class Reply(_Value):
    """One reply. Fields may be added, never removed or changed in meaning."""

    conversation: str
    state: str
    kind: ReplyKind
    text: str
    html: str = ""
    citations: tuple[CitationView, ...] = ()
    confidence: float | None = None
    choices: tuple[Choice, ...] = Field(default=(), validate_default=True)
    ticket: TicketView | None = None
    device: DeviceView | None = None
    action: ActionView | None = None
    message: str = ""
    reference: str = ""
    language: str = "en"
    """The code of the language that the text is in, apart from what it quotes."""

    @field_validator("choices")
    @classmethod
    def _a_person_always(cls, choices: tuple[Choice, ...], others: ValidationInfo) -> tuple[Choice, ...]:
        """Offer a person in every reply, unless one was asked for already or is there."""
        asked = others.data.get("state") in (State.HANDED_OFF.value, State.WITH_PERSON.value)
        return choices if asked or any(choice.id == PERSON.id for choice in choices) else (*choices, PERSON)


YES = Choice(id="yes", label="Yes, solved")
NO = Choice(id="no", label="No")
PERSON = Choice(id="person", label="Talk to a person")
FILE = Choice(id="file", label="Open a ticket")
NOT_NOW = Choice(id="not_now", label="Not now")
DO, DROP, SHOW, UNDO = "do:", "drop:", "show:", "undo:"
"""Begin the ids of the choices over an action: carry it out, leave it, show its card, take it back."""
AGAIN = "again:"
"""Begins the id of the choice to ask the question of an earlier message once more."""
RETRY = Choice(id="retry", label="Try again")
NEXT = Choice(id="next", label="The other issue")
"""Takes up the issue that waits after this one; its label says which."""
CONFIRMATION = (YES, NO, PERSON)
OFFER = (FILE, NOT_NOW, PERSON)
