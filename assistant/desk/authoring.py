"""How articles are written here: a draft, a second person's review, a revision that is live, and the way back to an earlier one.

Every step is one transaction with its line in the audit. What is computed of a text is computed before the transaction begins.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from assistant.domain.audit import AuditEntry, digest
from assistant.domain.configuration import Person
from assistant.ports.articles import ArticleTarget
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory, Workplace
from assistant.ports.knowledge import Knowledge
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import OutboxEntry, Store, UnitOfWork
from kb.drafts import BUILT_IN, NOTE_CHARACTERS, Content, Draft, DraftState, NotNow, Problem, Provenance, problems
from kb.markdown import without_comments
from kb.model import Article, Audience, Document, Platform, Reader, Revision, Signed
from kb.ports import DraftChanged, EmbedderUnavailable, Prepared
from kb.text import clean, slug

STEP = "article"
WRITE = "article.write"
NUMBERED = 1_000


class Unseen(LookupError):
    """There is no such draft, article or revision, or it is not for this person."""


class Conflict(Exception):
    """Somebody else saved the draft meanwhile; ``stored`` is what they saved."""

    def __init__(self, stored: Draft) -> None:
        """Remember what is stored now."""
        super().__init__(stored.id)
        self.stored = stored


class Consequences(Protocol):
    """What else happens with a draft, in the same transaction: to its gap, and to the measurement of its effect."""

    def drafted(self, unit: UnitOfWork, gap_id: str, at: datetime) -> None:
        """A draft was begun from the gap."""

    def dropped(self, unit: UnitOfWork, gap_id: str, at: datetime) -> None:
        """The draft was discarded and there is no other."""

    def published(self, unit: UnitOfWork, gap_id: str, article_id: str, revision: int, at: datetime) -> None:
        """The draft became this revision."""


def written(
    title: str, text: str, owner: str, groups: Collection[str], platforms: Collection[Platform], review_by: date | None, tags: str
) -> Content:
    """Return what an author typed, as it is kept: clean text without comments, names of groups and tags in small letters."""
    return Content(
        title=" ".join(clean(title).split()),
        text=clean(without_comments(clean(text))),
        owner=" ".join(clean(owner).split()),
        audience=Audience.of(groups),
        platforms=frozenset(platforms),
        review_by=review_by,
        tags=tuple(dict.fromkeys(" ".join(tag.lower().split()) for tag in clean(tags).split(",") if tag.strip())),
    )


@dataclass(frozen=True, slots=True)
class Authoring:
    """Every way in of what authors do. ``prepare`` computes what publishing needs; ``target`` is where articles also go, if anywhere."""

    store: Store
    directory: Directory
    workplace: Workplace
    knowledge: Knowledge
    clock: Clock
    articles: Callable[[], Sequence[Article]]
    revisions_of: Callable[[str], list[Revision]]
    prepare: Callable[[Document], Prepared]
    target: ArticleTarget | None
    consequences: Consequences

    # -- reading ----------------------------------------------------------------------------------------------------------

    def drafts(self, person: Person) -> list[Draft]:
        """Return the open drafts that a person may see, those changed last first."""
        with self.store.read() as unit:
            return [draft for draft in unit.drafts.open() if self.may_see(person, draft)]

    def draft(self, person: Person, draft_id: str) -> Draft:
        """Return a draft.

        Raises:
            Unseen: there is none, or it is for others.
        """
        with self.store.read() as unit:
            return self._seen(unit, person, draft_id)

    def may_see(self, person: Person, draft: Draft) -> bool:
        """Say whether a person may see a draft: its writers, and authors who may read what it says and what it changes."""
        if person.id in draft.writers:
            return True
        reader = Reader(person.groups)
        hidden = draft.article and draft.state.is_open and self.knowledge.article(draft.article, reader) is None
        return draft.content.audience.admits(reader) and not hidden

    def problems(self, draft: Draft) -> tuple[Problem, ...]:
        """Return why a draft cannot go to review now."""
        return problems(draft, self._groups(draft), self.articles(), self.today())

    def groups(self) -> list[str]:
        """Return the groups that the directory knows, in order; none while it cannot be asked."""
        try:
            return sorted({group.lower() for group in self.directory.groups()})
        except Unavailable:
            return []

    def _groups(self, draft: Draft) -> Collection[str]:
        return self.groups() if draft.content.audience.groups else ()

    def today(self) -> date:
        """Return the organisation's day."""
        return self.clock.now().astimezone(ZoneInfo(self.workplace.company().timezone)).date()

    def elsewhere(self, article: Article) -> str:
        """Return where an article has to be changed when that cannot be done here, in words; "" when it can."""
        if article.source == BUILT_IN or (self.target is not None and self.target.reaches(article)):
            return ""
        return f"This article comes from the file {article.path} of {article.source}. Firstline does not write there: change it in that place."

    def revisions(self, person: Person, article_id: str) -> tuple[Article, list[Revision]]:
        """Return a live article with its revisions, the newest first: those that the person could have read.

        Raises:
            Unseen: there is no such article for this person.
        """
        reader = Reader(person.groups)
        found = self.knowledge.article(article_id, reader)
        if found is None:
            raise Unseen(article_id)
        head = found[0]
        then = self.revisions_of(article_id)
        return head, [one for one in then if one.number == head.revision or (one.audience is not None and one.audience.admits(reader))]

    def elsewhere_written(self, article: Article) -> OutboxEntry | None:
        """Return what becomes of the live revision where articles also go; None where they go nowhere or it came from there."""
        with self.store.read() as unit:
            return unit.outbox.load(_errand(article))

    # -- writing ----------------------------------------------------------------------------------------------------------

    def begin(
        self, person: Person, article_id: str = "", gap: str = "", content: Content | None = None, provenance: tuple[Provenance, ...] = ()
    ) -> Draft:
        """Begin a draft, or return the open one of the same article: two drafts of one article would undo each other.

        Raises:
            Unseen: there is no such article for this person.
        """
        now, head, base = self.clock.now(), None, content or Content("", "")
        if article_id:
            found = self.knowledge.article(article_id, Reader(person.groups))
            if found is None:
                raise Unseen(article_id)
            head = found[0]
            base = content or Content(head.title, found[1], head.owner, head.audience, head.platforms, head.review_by, head.tags)
        fresh = Draft(
            id=f"d_{secrets.token_hex(8)}",
            content=base,
            author=person.id,
            created_at=now,
            updated_at=now,
            article=article_id,
            based_on=head.revision if head is not None else 0,
            gap=gap,
            writers=(person.id,),
            provenance=provenance,
        )
        with self.store.write() as unit:
            under_way = unit.drafts.of_article(article_id) if article_id else unit.drafts.of_gap(gap) if gap else []
            known = next((one for one in under_way if one.state.is_open and self.may_see(person, one)), None)
            if known is not None:
                return known
            unit.drafts.add(fresh)
            if gap:
                self.consequences.drafted(unit, gap, now)
            self._note(unit, person, fresh, "begun", now)
        return fresh

    def save(self, person: Person, draft_id: str, version: int, content: Content, why: str) -> Draft:
        """Store what somebody wrote.

        Raises:
            Unseen: there is no such draft for this person.
            Conflict: somebody else saved it since ``version``.
            NotNow: it is over, or the text is too long to be kept.
        """
        return self._move(person, draft_id, version, "saved", lambda draft, at: draft.edited(person.id, content, why, at))

    def submit(self, person: Person, draft_id: str, version: int) -> Draft:
        """Send a draft to review. Raises what ``save`` does, and NotNow with what is missing."""
        found = self._found(person, draft_id)
        return self._move(person, draft_id, version, "sent to review", lambda draft, at: draft.submitted(person.id, found, at))

    def hand_back(self, person: Person, draft_id: str, version: int, note: str) -> Draft:
        """Ask for changes, as a second person. Raises what ``save`` does."""
        return self._move(person, draft_id, version, "changes asked", lambda draft, at: draft.returned(person.id, clean(note), at))

    def discard(self, person: Person, draft_id: str, version: int) -> Draft:
        """Give a draft up. Raises what ``save`` does."""

        def dropped(unit: UnitOfWork, draft: Draft, at: datetime) -> None:
            if draft.gap and not any(one.state is not DraftState.DISCARDED for one in unit.drafts.of_gap(draft.gap)):
                self.consequences.dropped(unit, draft.gap, at)

        return self._move(person, draft_id, version, "discarded", lambda draft, at: draft.discarded(at), dropped)

    def rebase(self, person: Person, draft_id: str, version: int) -> Draft:
        """Go on from the revision that is live now, whose changes the author has read. Raises what ``save`` does."""
        article = self.knowledge.article(self.draft(person, draft_id).article, Reader(person.groups))
        live = article[0].revision if article else 0
        return self._move(person, draft_id, version, "based on the live revision", lambda draft, at: draft.rebased(live, at))

    def _found(self, person: Person, draft_id: str) -> tuple[Problem, ...]:
        return self.problems(self.draft(person, draft_id))

    def _move(
        self,
        person: Person,
        draft_id: str,
        version: int,
        decision: str,
        move: Callable[[Draft, datetime], Draft],
        then: Callable[[UnitOfWork, Draft, datetime], None] = lambda _unit, _draft, _at: None,
    ) -> Draft:
        now = self.clock.now()
        with self.store.write() as unit:
            current = self._current(unit, person, draft_id, version)
            moved = self._saved(unit, current, lambda draft: move(draft, now))
            self._carry_trial(unit, current, moved)
            then(unit, moved, now)
            self._note(unit, person, moved, decision, now)
        return moved

    @staticmethod
    def _carry_trial(unit: UnitOfWork, before: Draft, after: Draft) -> None:
        """A step that changes no words keeps what past questions would get."""
        trial = unit.trials.load(before.id)
        if trial is not None and trial.version == before.version and before.content == after.content and not trial.state.goes_on:
            unit.trials.put(replace(trial, version=after.version))

    def _current(self, unit: UnitOfWork, person: Person, draft_id: str, version: int) -> Draft:
        draft = self._seen(unit, person, draft_id)
        if draft.version != version:
            raise Conflict(draft)
        return draft

    @staticmethod
    def _saved(unit: UnitOfWork, draft: Draft, move: Callable[[Draft], Draft]) -> Draft:
        try:
            return unit.drafts.save(move(draft))
        except DraftChanged:
            stored = unit.drafts.load(draft.id)
            raise (Conflict(stored) if stored is not None else Unseen(draft.id)) from None

    def _seen(self, unit: UnitOfWork, person: Person, draft_id: str) -> Draft:
        found = unit.drafts.load(draft_id)
        if found is None or not self.may_see(person, found):
            raise Unseen(draft_id)
        return found

    # -- publishing -------------------------------------------------------------------------------------------------------

    def publish(self, person: Person, draft_id: str, version: int) -> Article:
        """Publish a draft as its second person; the article is live with the end of the transaction.

        Raises:
            Unseen: there is no such draft for this person.
            Conflict: somebody saved it since ``version``, which is what the reviewer read.
            NotNow: it is not in review, they wrote it, it has problems, the article changed meanwhile or is kept elsewhere, or there is no model
                that reads it.
        """
        draft = self.draft(person, draft_id)
        found, live = self.problems(draft), self._live(draft.article)
        if live is not None and (why := self.elsewhere(live) or self._unlike(live)):
            raise NotNow(why)
        prepared = self._prepared(draft.document(draft.article or slug(draft.content.title), *_place(live)))
        now = self.clock.now()
        with self.store.write() as unit:
            current = unit.articles.article(draft.article) if draft.article else None
            approved = self._current(unit, person, draft_id, version).approved(person.id, found, current.revision if current else 0, now)
            if not draft.article:
                prepared = replace(prepared, document=replace(prepared.document, article_id=_free(unit, prepared.document.article_id)))
            article = self._write(unit, prepared, Signed(draft.author, person.id, draft.why), now)
            if current is not None and article.revision == current.revision:
                raise NotNow("The draft says what the article says already. There is nothing to publish.")
            out = self._saved(unit, approved, lambda one: replace(one, article=article.id, revision=article.revision))
            self._note(unit, person, out, "published", now)
            if draft.gap:
                self.consequences.published(unit, draft.gap, article.id, article.revision, now)
        return article

    def restore(self, person: Person, article_id: str, number: int, why: str) -> Article:
        """Make the words of an earlier revision live again, as a new revision with a reason. Who may read it, its owner and its dates stay as they
        are now: going back must not show the article to people from whom it was taken.

        Raises:
            Unseen: there is no such article or revision for this person.
            NotNow: no reason was given, it is the live one, the article is kept elsewhere or changed meanwhile, or no model reads it.
        """
        head, revisions = self.revisions(person, article_id)
        then = next((one for one in revisions if one.number == number), None)
        if then is None:
            raise Unseen(f"{article_id} {number}")
        if why_not := self.elsewhere(head) or self._unlike(head):
            raise NotNow(why_not)
        if not why.strip():
            raise NotNow("Say why the article goes back, for those who wrote it and for the record.")
        content = Content(then.title, then.text, head.owner, head.audience, head.platforms, head.review_by, head.tags)
        now = self.clock.now()
        old = Draft("", content, person.id, now, now)
        prepared = self._prepared(old.document(article_id, head.source, head.path))
        reason = f"Back to revision {number}: {clean(why)}"[:NOTE_CHARACTERS]
        with self.store.write() as unit:
            current = unit.articles.article(article_id)
            if current is None or current.revision != head.revision:
                raise NotNow("The article changed a moment ago. Look at its revisions again.")
            article = self._write(unit, prepared, Signed(person.id, "", reason), now)
            if article.revision == head.revision:
                raise NotNow(f"Revision {number} says what is live now.")
            detail = {"article": article_id, "revision": article.revision, "from": number, "text": digest(then.text)}
            unit.audit.append([AuditEntry(now, person.id, STEP, "restored", detail=detail)])
        return article

    def _unlike(self, live: Article) -> str:
        """Return why a change could not go into the file that an article comes from; the edit would be lost at the next synchronisation."""
        if self.target is None or live.source == BUILT_IN:
            return ""
        try:
            return self.target.unlike(live, [one.text for one in self.revisions_of(live.id)])
        except (Refused, Unavailable) as error:
            return f"It cannot be published now: {error}. The draft is kept."

    def _live(self, article_id: str) -> Article | None:
        if not article_id:
            return None
        with self.store.read() as unit:
            return unit.articles.article(article_id)

    def _prepared(self, document: Document) -> Prepared:
        try:
            return self.prepare(document)
        except EmbedderUnavailable as error:
            raise NotNow(f"It cannot be published now: {error}. The draft is kept; try again when the model is there.") from None

    def _write(self, unit: UnitOfWork, prepared: Prepared, signed: Signed, now: datetime) -> Article:
        """Publish inside the transaction, and have the change written where articles also go."""
        article = unit.articles.publish(prepared, signed, now)
        if self.target is not None:
            body = {"article": article.id, "revision": article.revision}
            unit.outbox.put(OutboxEntry(_errand(article), WRITE, body, now, now))
        return article

    @staticmethod
    def _note(unit: UnitOfWork, person: Person, draft: Draft, decision: str, now: datetime) -> None:
        about = {"draft": draft.id, "version": draft.version, "text": digest(draft.content.text), "person": draft.author}
        more = {"article": draft.article, "revision": draft.revision or draft.based_on, "gap": draft.gap}
        unit.audit.append([AuditEntry(now, person.id, STEP, decision, detail=about | {name: value for name, value in more.items() if value})])


def _errand(article: Article) -> str:
    """Return the key under which a revision is written elsewhere, once."""
    return f"{WRITE}:{article.id}@{article.revision}"


def _place(live: Article | None) -> tuple[str, str]:
    return (live.source, live.path) if live is not None else (BUILT_IN, "")


def _free(unit: UnitOfWork, wanted: str) -> str:
    """Return an id that no article has or had: another article's old citations must not lead here."""
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, NUMBERED)))
    return next((name for name in names if not unit.articles.is_taken(name)), f"{wanted}-{secrets.token_hex(4)}")
