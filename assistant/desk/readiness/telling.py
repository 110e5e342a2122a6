"""An assessment as a table for a terminal."""

from __future__ import annotations

from assistant.domain.readiness import ReadinessAssessment


def text_of(made: ReadinessAssessment) -> str:
    """Return the whole assessment as lines."""
    there = f"{made.articles:,} articles" if made.articles is not None else "no knowledge base"
    lines = [f"{made.tickets:,} tickets, {there}; an answer counts from confidence {made.band:.2f}", ""]
    for one in made.prerequisites:
        lines.append(f"{one.title}: {one.said}")
        lines.append(f"  = {one.formula}")
        lines += [f"  {factor.name}: {factor.text}" for factor in one.factors]
        lines += [f"    {row.tickets:>8,}  {row.what}: {row.text}" for row in one.evidence]
    lines += ["", "What to mend first, by the tickets behind it"]
    lines += [f"  {number}. {fix.text} ({100 * fix.share:.1f} % of all)" for number, fix in enumerate(made.fixes, start=1)] or ["  nothing was found"]
    return "\n".join([*lines, "", *(f"Note: {note}" for note in made.notes)])
