"""Weeks of judged answers, as turns leave them."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from assistant.domain.outcome import Judged
from assistant.ports.store import Store


def judge_answers(store: Store, until: datetime, count: int = 600, policy: str = "", seed: int = 5) -> None:
    """Store answers of the last two weeks that are right as often as their confidence says; those below 0.30 were not given."""
    random = np.random.default_rng(seed)
    step = timedelta(weeks=2) / (count + 1)
    with store.write() as unit:
        for number in range(count):
            confidence = round(float(random.uniform(0, 1)), 4)
            given = confidence >= 0.30
            right = bool(random.random() < confidence) if given and random.random() < 0.9 else None
            decided, article = ("steps.answer:auto", ("vpn-windows",)) if given else ("steps.answer:escalate", ())
            at = until - step * (count - number)
            unit.outcomes.judge(Judged(f"c_{seed}_{number}", 1, f"m_{number}", at, "answer", confidence, decided, article, right, policy))
