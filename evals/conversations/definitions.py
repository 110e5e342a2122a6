"""What the figures of conversations mean, each defined once. The person's real matter is the hidden truth of the case; the service never sees it."""

from __future__ import annotations

from evals.conversations.case import Case
from evals.conversations.played import Played

RESOLVED = frozenset({"RESOLVED_CONFIRMED", "RESOLVED_ASSUMED"})
WITH_PEOPLE = frozenset({"TICKET_FILED", "HANDED_OFF"})


def contained(played: Played) -> bool:
    """Containment: the service counts the conversation as resolved, and neither a person nor a ticket with people was needed.

    Somebody who goes away without an answer is not contained: such a conversation ends as UNRESOLVED or ABANDONED.
    """
    return played.left.outcome in RESOLVED and not played.left.with_people


def goal_met(case: Case, played: Played) -> bool:
    """Say whether the person has what would in truth settle the matter.

    An article that solves it was cited in an answer, the tool that settles it was carried out, or the words that they wanted were said. Where
    nothing was to be done there is nothing to miss.
    """
    goal = case.goal
    shown = [line for line in played.lines if line.who == "firstline"]
    cited = {article for line in shown if line.kind == "answer" for article in line.cites}
    told = any(words.casefold() in line.text.casefold() for words in goal.told for line in shown)
    done = bool(goal.action) and played.left.actions.get(goal.action) in ("done", "reverted")
    return goal.nothing or bool(cited & set(goal.articles)) or done or told


def falsely_contained(case: Case, played: Played) -> bool:
    """False containment: contained, though the person's matter was not settled. Its rate is over all conversations."""
    return contained(played) and not goal_met(case, played)


def confirmed(case: Case, played: Played) -> bool:
    """Confirmed resolution: the person said that it is solved, and it is."""
    return played.left.outcome == "RESOLVED_CONFIRMED" and goal_met(case, played)


def needs_abstention(case: Case) -> bool:
    """Say whether the knowledge base has no answer to it, nor a tool, nor a fact that could be told: the group ``unanswerable``."""
    return case.group == "unanswerable"


def abstained(played: Played) -> bool:
    """Correct abstention, where nothing answers: no answer was shown at all."""
    return not any(line.kind == "answer" for line in played.lines)


def needs_escalation(case: Case) -> bool:
    """Say whether every right end is with people."""
    return case.wants_people


def escalated(case: Case, played: Played) -> bool:
    """Correct escalation: the matter is with people as the case wants it, in a queue that is right for it."""
    wanted = [end for end in case.expect if end.ticket in ("filed", "handed_off")]
    return any(
        played.left.outcome in WITH_PEOPLE and (not end.queue or played.left.queue in end.queue) and (not end.attached or played.left.attached)
        for end in wanted
    )


def needed_citations(case: Case, played: Played) -> tuple[int, int]:
    """Return how many of the citations that are needed were shown, and how many are needed, in the end that fits best (recall)."""
    shown = {article for line in played.lines if line.who == "firstline" for article in line.cites}
    counted = [(sum(bool(shown & set(one)) for one in end.cites), len(end.cites)) for end in case.expect]
    return max(counted, key=lambda pair: pair[0] - pair[1])


def supported_citations(played: Played) -> tuple[int, int]:
    """Return how many of the sentences that name a source are supported by it under the offline rule, and how many there are (precision)."""
    return sum(not one.why for one in played.cited), len(played.cited)
