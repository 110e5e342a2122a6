"""How long a conversation waits for its person, and the timer that is set with the reply that makes it wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from assistant.agent.state import Timings
from assistant.domain.conversation import State
from assistant.ports.store import OutboxEntry

SILENCE = "silence"
WAITING = (State.AWAITING_CONFIRMATION, State.CLARIFYING, State.OFFERING_TICKET, State.CONFIRMING_ACTION)


def hours_of(state: State, timings: Timings) -> float | None:
    """Return after how many hours of silence a conversation in this state is settled; None where silence means nothing."""
    if state not in WAITING:
        return None
    return timings.assume_after_hours if state is State.AWAITING_CONFIRMATION else timings.abandon_after_hours


def timer(conversation_id: str, state: State, timings: Timings, at: datetime) -> list[OutboxEntry]:
    """Return the timer of a conversation that waits from now on; none where it does not wait."""
    hours = hours_of(state, timings)
    if hours is None:
        return []
    key = f"{SILENCE}:{conversation_id}:{int(at.timestamp() * 1000)}"
    return [OutboxEntry(key, SILENCE, {"conversation": conversation_id}, at, at + timedelta(hours=hours))]
