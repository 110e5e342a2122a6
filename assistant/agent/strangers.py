"""What somebody gets of whom nobody knows who they are: public articles, and a plain word about everything else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from assistant.agent import wording
from assistant.agent.lookup import Setting
from assistant.agent.settlement import Settlement, Step
from assistant.domain.conversation import Happening
from assistant.domain.reply import ReplyKind


class Turn(Protocol):
    """A turn that is being settled."""

    @property
    def setting(self) -> Setting: ...  # noqa: D102


Asked = ParamSpec("Asked")
AnyTurn = TypeVar("AnyTurn", bound=Turn)


def for_people_we_know(way: Callable[Concatenate[AnyTurn, Asked], Settlement]) -> Callable[Concatenate[AnyTurn, Asked], Settlement]:
    """Let a turn go this way for people of the directory only; a stranger hears why it does not."""

    @wraps(way)
    def checked(turn: AnyTurn, /, *args: Asked.args, **kwargs: Asked.kwargs) -> Settlement:
        if not turn.setting.person.is_guest:
            return way(turn, *args, **kwargs)
        step = Step("answer", "nothing is filed for strangers")
        return Settlement(Happening.CONVERSED, ReplyKind.ABSTENTION, wording.stranger(), turn.setting.memory, steps=(step,))

    return checked
