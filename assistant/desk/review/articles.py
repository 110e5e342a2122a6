"""What the week says about articles: those that mislead, those that nobody was shown, those whose owners are late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, lgamma, log, log1p

from assistant.desk.review.found import Found, Subject, many, quoted
from assistant.domain.figure import Figure
from assistant.domain.measures import Rate
from assistant.domain.outcome import Judged
from assistant.domain.review import ABOUT, OWNER, Kind, Severity
from kb.lint.findings import by_owner, overdue
from kb.model import Article, Reader

ANSWER = "answer"
LOOK_BACK = timedelta(days=28)
"""As far back as verdicts on an article count, and never before it was last edited."""
UNUSED_AFTER = timedelta(days=90)
FALSE_ALARMS = 0.05
"""The chance that any article at all is called harmful in a week in which all of them are alike."""
NAMED = 5
"""How many articles a sentence names; the console lists them all."""


@dataclass(slots=True)
class Shown:
    """How often an article was the first to be shown, and what the people said then."""

    shown: int = 0
    right: int = 0
    wrong: int = 0

    @property
    def rejected(self) -> Rate:
        """The share of "No" among the verdicts; silence is none."""
        return Rate(self.wrong, self.right + self.wrong)


@dataclass(frozen=True, slots=True)
class Showings:
    """What is known of answers: verdicts by article in the time that counts, and since when which articles were shown at all."""

    verdicts: Mapping[str, Shown]
    cited: frozenset[str]
    since: datetime
    """From when on everything that was shown is known."""


def showings(judged: Iterable[Judged], edited: Mapping[str, datetime], end: datetime, since: datetime) -> Showings:
    """Count what people said after each article that was shown first; what was said before its last edit is about another text."""
    verdicts: dict[str, Shown] = {}
    cited: set[str] = set()
    for one in judged:
        if one.step != ANSWER or not one.articles:
            continue
        cited.update(one.articles)
        first = one.articles[0]
        if one.at < end - LOOK_BACK or one.at <= edited.get(first, one.at - timedelta(1)):
            continue
        row = verdicts.setdefault(first, Shown())
        row.shown += 1
        row.right += one.right is True
        row.wrong += one.right is False
    return Showings(verdicts, frozenset(cited), since)


def at_least(hits: int, total: int, chance: float) -> float:
    """Return the probability of ``hits`` or more of ``total`` when each comes with a chance: the exact binomial tail."""
    if chance <= 0:
        return 1.0 if hits == 0 else 0.0
    if chance >= 1:
        return 1.0
    ways = lgamma(total + 1)
    terms = (ways - lgamma(n + 1) - lgamma(total - n + 1) + n * log(chance) + (total - n) * log1p(-chance) for n in range(hits, total + 1))
    return min(1.0, sum(exp(term) for term in terms))


def harmful(verdicts: Mapping[str, Shown]) -> list[tuple[str, Shown, Rate]]:
    """Return the articles after which people say No surely more often than after all others, with the share of those; most Noes first.

    Each is tested by the exact binomial tail against the others' share, at a level that keeps the chance of any false alarm in a week to 5 %
    whatever the number of articles (Bonferroni).
    """
    heard = {name: row for name, row in verdicts.items() if row.rejected.total}
    wrong, total = sum(row.wrong for row in heard.values()), sum(row.rejected.total for row in heard.values())
    found = []
    for name, row in sorted(heard.items()):
        others = Rate(wrong - row.wrong, total - row.rejected.total)
        if others.share is not None and at_least(row.wrong, row.rejected.total, others.share) < FALSE_ALARMS / len(heard):
            found.append((name, row, others))
    return sorted(found, key=lambda one: (-one[1].wrong, one[0]))


def find_harmful(found: Found, seen: Showings, heads: Mapping[str, Article]) -> None:
    """Add the articles that mislead: cited, and followed by No surely more often than others."""
    for name, row in seen.verdicts.items():
        found.gauges[f"{Kind.HARMFUL}:{name}"] = Figure.rate("answers that did not solve it", row.rejected, f"/articles/{name}")
    for name, row, others in harmful(seen.verdicts):
        head = heads.get(name)
        if head is None:
            continue
        figure = found.gauges[f"{Kind.HARMFUL}:{name}"]
        text = (
            f"{ABOUT} was shown first {row.shown:,} times in {LOOK_BACK.days} days since it was edited, and people said that it did not solve it: "
            f"{figure.text} of those who said anything. After all other articles: {others.text}."
        )
        todo = f"Correct {ABOUT}, or take it back: people who follow it say that it does not help."
        about = Subject(name, quoted(head.title), head.owner.strip(), "authors", f"/articles/{name}", name)
        found.add(Kind.HARMFUL, Severity.NOW, text, (figure,), about, todo, row.wrong)


def find_doubted(found: Found, article: Article, against: int, helpful: int) -> None:
    """Add an article that people called wrong or outdated since it was edited."""
    where = f"/articles/{article.id}"
    total = Figure(name="answers called wrong or outdated", value=against, unit="answer" if against == 1 else "answers", href=where)
    called = f"{many(against, 'answer', 'answers')} that cited {ABOUT} {'was' if against == 1 else 'were'} called wrong or outdated"
    text = f"{called} since it was edited; it helped {many(helpful, 'time', 'times')}."
    todo = f"Read what people said about {ABOUT} and correct it, or save it again as it is."
    about = Subject(article.id, quoted(article.title), article.owner.strip(), "authors", where, article.id)
    found.add(Kind.DOUBTED, Severity.WEEK, text, (total,), about, todo, against)


def find_overdue(found: Found, articles: Sequence[Article], end: datetime, seen: Showings) -> None:
    """Add, for each owner, the articles past their review date at the end of the week; the one that is late longest stands for them."""
    for owner, late in by_owner(overdue(articles, end.date())):
        worst, shown = late[0], sum(seen.verdicts[one.article].shown for one in late if one.article in seen.verdicts)
        days = Figure(name="days past the review date", value=worst.days, unit="days", href=f"/articles/{worst.article}")
        more = f" and {len(late) - 1} more" if len(late) > 1 else ""
        late_by = f"{ABOUT}{more}: past the review date by up to {many(worst.days, 'day', 'days')}."
        text = f"{late_by} Shown first {many(shown, 'time', 'times')} in {LOOK_BACK.days} days. {OWNER} answers for it."
        everything = tuple(one.article for one in late)
        about = Subject(worst.article, quoted(worst.title), owner, "authors", f"/articles/{worst.article}", worst.article, everything)
        found.add(Kind.OVERDUE, Severity.WEEK, text, (days,), about, f"Read {ABOUT}{more} again and set a new review date.", shown)


def find_unused(found: Found, articles: Sequence[Article], end: datetime, seen: Showings) -> None:
    """Add the articles that no answer cited for 90 days, nor since they were edited; nothing is said while less than that is known."""
    if seen.since > end - UNUSED_AFTER:
        return
    unused = sorted((one for one in articles if one.id not in seen.cited and one.updated_at < end - UNUSED_AFTER), key=lambda one: one.id)
    if not unused:
        return
    share = Figure.rate("articles that no answer cited", Rate(len(unused), len(articles)))
    named = [quoted(one.title) for one in unused if one.audience.admits(Reader())][:NAMED]
    more = f" and {len(unused) - len(named)} more" if len(unused) > len(named) else ""
    text = f"{len(unused):,} articles were cited by no answer in {UNUSED_AFTER.days} days: {ABOUT}{more}. Nobody asks, or they are not found."
    found.add(Kind.UNUSED, Severity.KNOW, text, (share,), Subject("", ", ".join(named), "", "authors", articles=tuple(one.id for one in unused)))
