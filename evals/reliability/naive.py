"""What a client without keys and intents does on the same faults: it tries again. It must make duplicates, or the faults prove nothing."""

from __future__ import annotations

import random
from collections import Counter

import httpx

from evals.reliability.connectors import TIMEOUT_SECONDS
from evals.reliability.remote import MODES, Remote, serving

TRIES = 6


def naive_duplicates(requests: int, seed: int) -> int:
    """Return how many tickets too many a naive client makes in so many requests, of which each meets one fault or one kill."""
    rng, remote = random.Random(seed), Remote(keys=False)
    with serving(remote) as url, httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        for number in range(requests):
            killed = rng.random() < 0.5
            remote.faults.extend([] if killed else [("", rng.choice(MODES))])
            for attempt in range(TRIES):
                if _created(client, number) and not (killed and attempt == 0):
                    break  # a client that was killed after its call has forgotten that it made it
    made = Counter(ticket.reference for ticket in list(remote.tickets.values()))
    return sum(count - 1 for count in made.values())


def _created(client: httpx.Client, number: int) -> bool:
    try:
        answer = client.post("/tickets", json={"key": "", "reference": f"R-{number}"})
        return answer.status_code == 200 and "id" in answer.json()
    except (httpx.HTTPError, ValueError):
        return False
