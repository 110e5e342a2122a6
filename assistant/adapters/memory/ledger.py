"""The ledger of calls to language models, and the turns of candidates, in lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assistant.domain.model_use import LedgerLine, ModelCall, Spent
from assistant.domain.shadow import ShadowTurn


@dataclass(slots=True)
class MemoryModelLedger:
    """The ``ModelLedger`` protocol."""

    kept: list[tuple[str, str, ModelCall]] = field(default_factory=list)

    def copy(self) -> MemoryModelLedger:
        """Return the same ledger, which grows by itself."""
        return MemoryModelLedger(list(self.kept))

    def record(self, conversation: str, message: str, calls: Sequence[ModelCall]) -> None:
        """See the port."""
        self.kept += [(conversation, message, call) for call in calls]

    def spent(self, conversation: str) -> Spent:
        """See the port."""
        return _spent(call for owner, _, call in self.kept if owner == conversation)

    def spent_since(self, moment: datetime) -> Spent:
        """See the port."""
        return _spent(call for _, _, call in self.kept if call.at >= moment)

    def lines(self, since: datetime, until: datetime) -> list[LedgerLine]:
        """See the port."""
        groups: dict[tuple[str, str], list[ModelCall]] = {}
        for _, _, call in self.kept:
            if since <= call.at < until:
                groups.setdefault((call.step, call.model), []).append(call)
        found = [
            LedgerLine(
                step,
                model,
                len(calls),
                len([call for call in calls if call.trouble]),
                sum(call.read for call in calls),
                sum(call.written for call in calls),
                sum(call.cost for call in calls),
                sum(call.seconds for call in calls),
            )
            for (step, model), calls in groups.items()
        ]
        return sorted(found, key=lambda line: (-line.cost, line.step, line.model))

    def by_conversation(self, since: datetime, until: datetime) -> dict[str, Spent]:
        """See the port."""
        owners = {owner for owner, _, call in self.kept if since <= call.at < until}
        found = {owner: _spent(call for other, _, call in self.kept if other == owner and since <= call.at < until) for owner in owners}
        return dict(sorted(found.items(), key=lambda item: (-item[1].cost, item[0])))


@dataclass(slots=True)
class MemoryShadows:
    """The ``Shadows`` protocol."""

    kept: dict[tuple[str, str, str], ShadowTurn] = field(default_factory=dict)

    def copy(self) -> MemoryShadows:
        """Return the same turns, which change by themselves."""
        return MemoryShadows(dict(self.kept))

    def record(self, turn: ShadowTurn) -> None:
        """See the port."""
        self.kept[turn.candidate, turn.conversation, turn.message] = turn

    def of_candidate(self, candidate: str) -> list[ShadowTurn]:
        """See the port."""
        return sorted((turn for turn in self.kept.values() if turn.candidate == candidate), key=lambda turn: (turn.at, turn.message))

    def candidates(self) -> list[str]:
        """See the port."""
        return sorted({turn.candidate for turn in self.kept.values()})

    def forget(self, candidate: str) -> int:
        """See the port."""
        gone = [key for key, turn in self.kept.items() if turn.candidate == candidate]
        for key in gone:
            del self.kept[key]
        return len(gone)


def _spent(calls: Iterable[ModelCall]) -> Spent:
    listed = list(calls)
    return Spent(len(listed), sum(call.read + call.written for call in listed), sum(call.cost for call in listed))
