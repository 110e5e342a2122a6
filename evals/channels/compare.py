"""Compares what was decided on a channel with what was decided without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evals.conversations.decisions import Decided
from evals.conversations.played import Left, Played

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """One case on one channel. ``cannot``: it was not compared, because the channel has no way to do what the case does."""

    case: str
    channel: str
    differences: tuple[str, ...] = ()
    cannot: str = ""

    def line(self) -> str:
        """Return it as a line of text."""
        more = f" (and {len(self.differences) - MOST_SHOWN} more)" if len(self.differences) > MOST_SHOWN else ""
        return f"{self.channel}: {self.case}: {self.cannot or '; '.join(self.differences[:MOST_SHOWN])}{more}"


def compared(channel: str, plays: Sequence[Played], base: Sequence[Played]) -> list[Compared]:
    """Compare each play on a channel with the play of the same case without one; a play that broke there compares with nothing."""
    without = {play.case: play for play in base}
    return [_compared(channel, play, without[play.case]) for play in plays]


def _compared(channel: str, play: Played, base: Played) -> Compared:
    if base.broken or base.cannot:
        return Compared(play.case, channel, (f"it was not played without a channel: {base.broken or base.cannot}",))
    if play.cannot:
        return Compared(play.case, channel, cannot=play.cannot)
    broken = (play.broken,) if play.broken else ()
    return Compared(play.case, channel, (*broken, *_of_replies(play.decided, base.decided), *_of_ends(play.left, base.left)))


def _of_replies(here: Decided, there: Decided) -> list[str]:
    found = []
    for number, (one, other) in enumerate(zip(here.replies, there.replies, strict=False), 1):
        facts = ((name, getattr(one, name), getattr(other, name)) for name in type(one).model_fields)
        found += [f"reply {number}, {name}: {this!r} instead of {that!r}" for name, this, that in facts if this != that]
    if len(here.replies) != len(there.replies):
        found.append(f"{len(here.replies)} replies instead of {len(there.replies)}")
    if here.dispositions != there.dispositions:
        found.append(f"dispositions: {_apart(here.dispositions, there.dispositions)}")
    return found


def _apart(here: Sequence[str], there: Sequence[str]) -> str:
    more, less = [one for one in here if one not in there], [one for one in there if one not in here]
    return f"more {more}, less {less}" if more or less else f"{len(here)} instead of {len(there)}"


def _of_ends(here: Left, there: Left) -> list[str]:
    return [
        f"{name}: {getattr(here, name)!r} instead of {getattr(there, name)!r}"
        for name in Left.model_fields
        if getattr(here, name) != getattr(there, name)
    ]
