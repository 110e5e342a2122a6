"""The service's own share of each turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evals.overhead.load import Turn


@dataclass(frozen=True, slots=True)
class Share:
    """One turn in milliseconds: the person's wait for the first frame, what of it was the model's, and the rest, which is the service's own."""

    waited: float
    model: float
    own: float
    calls: int


def shares(turns: Sequence[Turn], journal: Iterable[Mapping[str, Any]]) -> list[Share]:
    """Return the shares of those turns that were answered.

    The model's own time is the time in which its server had a request of the turn: from its arrival until its reply was out, or, where the
    first frame showed an answer that was still being written, until its first sentence was out. Overlapping requests count once. The wait
    begins when the message was due, so a service that falls behind is not excused. The way between the processes, reading and writing on the
    wire, and waiting for a processor are the service's own.
    """
    requests: dict[str, list[Mapping[str, Any]]] = {}
    for line in journal:
        mark = line["words"].rpartition("(")[2].rstrip(") ")
        requests.setdefault(mark, []).append(line)
    return [_share(turn, requests.get(turn.mark, [])) for turn in turns if turn.first]


def _share(turn: Turn, requests: Sequence[Mapping[str, Any]]) -> Share:
    spans = sorted((line["arrived"], line["first"] if turn.grew and line["first"] else line["ended"]) for line in requests)
    model, until = 0.0, turn.due
    for begun, ended in spans:
        span = min(ended, turn.first) - max(begun, until)
        if span > 0:
            model += span
            until = min(ended, turn.first)
    waited = turn.first - turn.due
    return Share(waited * 1000, model * 1000, (waited - model) * 1000, len(requests))
