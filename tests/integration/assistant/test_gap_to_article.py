"""From questions that nobody could answer to an article: drafted from tickets, tried on past questions, published, measured."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.agent.drafting import Refused
from assistant.agent.handover import Handover
from assistant.desk.authoring import Conflict
from assistant.domain.configuration import Person
from assistant.domain.ticket import TicketStatus
from assistant.privacy import erase, retain
from kb.drafts import Draft, DraftState, NotNow, Trial, TrialState
from kb.model import Gap, GapState
from tests.support.service import copy_demo, firstline
from tests.support.world import MONDAY, World, opened_world

QUESTION = "The badge printer on the third floor jams with a torn visitor card"
FIX = "Open the side flap and remove the torn card. Then set the card thickness to 0.76 mm in the printer menu."
FIX_TOO = "I opened the side flap, removed the torn card and set the card thickness to 0.76 mm in the printer menu."


def people_of(world: World) -> list[str]:
    return [one.id for one in world.assistant.directory.people() if not one.groups & {"it-desk", "it-admins", "kb-authors"}][:6]


def asked(world: World, notes: Sequence[str], resolve: bool = True, by: str = "sam.oduya") -> str:
    """Let people ask for the same thing and the desk solve it, each with its note; return the gap."""
    for who, note in zip(people_of(world), notes, strict=False):
        talk = world.talk(who)
        talk.say(QUESTION)
        handed = talk.press("person")
        assert handed.ticket is not None
        if resolve:
            with world.assistant.store.write() as unit:
                if note:
                    unit.tickets.comment(handed.ticket.id, by, note, MONDAY)
                unit.tickets.change_status(handed.ticket.id, TicketStatus.RESOLVED, by, "solved", MONDAY)
    return gap_of(world)


def gap_of(world: World) -> str:
    """Put all unresolved questions into one gap, as gathering does."""
    with world.assistant.store.write() as unit:
        unit.gaps.lock()
        ids = [one.id for one in unit.gaps.homeless(1_000)]
        unit.gaps.save(Gap("g_badges", "badge printer jams", MONDAY, named=True, category="printing"))
        unit.gaps.place(ids, "g_badges", MONDAY)
    return "g_badges"


@pytest.fixture
def world(model_home: Path, tmp_path: Path) -> Iterator[World]:
    with opened_world(copy_demo(tmp_path / "home", model_home)) as opened:
        yield opened


def person(world: World, name: str) -> Person:
    found = world.assistant.directory.person(name)
    assert found is not None
    return found


def drafted(world: World, gap: str, by: str = "elin.berg") -> Draft:
    made = world.assistant.authors.drafting.draft(person(world, by), gap)
    assert isinstance(made, Draft), made
    return made


def test_a_draft_has_the_words_of_the_desk_with_ticket_and_note_of_each_sentence(world: World) -> None:
    gap = asked(world, [FIX, FIX, FIX_TOO, FIX, FIX])
    draft = drafted(world, gap)
    assert draft.gap == gap and draft.state is DraftState.DRAFT
    assert draft.content.title == "badge printer jams"
    assert "1. Open the side flap and remove the torn card.\n2. Then set the card thickness to 0.76 mm in the printer menu." in draft.content.text
    assert "[T-" not in draft.content.text
    assert draft.content.tags == ("printing",) and draft.content.review_by is not None
    step = next(one for one in draft.provenance if one.sentence.startswith("Open the side flap"))
    assert len(step.origins) == 4, "four tickets say it in the same words"
    assert all(origin.ticket.startswith("T-") and origin.note == "reply of the desk, 23 November 2026" for origin in step.origins)
    assert any(origin.asked for one in draft.provenance for origin in one.origins), "five people asked, so their words may be quoted"
    again = drafted(world, gap, "laura.keane")
    assert again.id == draft.id, "a second author is led to the draft that is under way"
    with world.assistant.store.read() as unit:
        found = unit.gaps.load(gap)
    assert found is not None and found.state is GapState.DRAFTED


def test_of_fewer_than_five_people_nothing_is_quoted(world: World) -> None:
    draft = drafted(world, asked(world, [FIX, FIX]))
    assert "Symptoms" not in draft.content.text and "third floor" not in draft.content.text
    assert not any(origin.asked for one in draft.provenance for origin in one.origins)


def test_names_of_people_do_not_get_into_a_draft(world: World) -> None:
    requester, other = person(world, people_of(world)[0]), person(world, people_of(world)[5])
    note = f"{FIX} Thank you {requester.first_name}, and ask {other.name} at {other.email} for spare cards. Regards, Sam Oduya"
    draft = drafted(world, asked(world, [note, note]))
    for word in (requester.first_name, other.name, other.email, "Oduya"):
        assert word not in draft.content.text
        assert word not in str(draft.provenance)
    assert "side flap" in draft.content.text


@pytest.mark.parametrize(
    ("notes", "resolve", "why", "ask"),
    [
        ([FIX], True, "1 solved ticket says how", ""),
        (["", "Done, ok."], True, "0 solved tickets say how", "does not say how it was solved. Ask Sam Oduya"),
        ([FIX, FIX], False, "0 solved tickets say how", "is still open. Ask the queue"),
        ([FIX, "Ordered a new laptop for the director and closed the project budget."], True, "in another way", "Ask Sam Oduya whether"),
        (
            [FIX, FIX.replace("0.76 mm", "0.25 mm")],
            True,
            "contradict each other",
            "the card thickness to 0.25 mm in the printer menu.”. Ask",
        ),
    ],
)
def test_thin_or_contradicting_evidence_is_refused_with_whom_to_ask_what(world: World, notes: list[str], resolve: bool, why: str, ask: str) -> None:
    made = world.assistant.authors.drafting.draft(person(world, "elin.berg"), asked(world, notes, resolve))
    assert isinstance(made, Refused), made
    assert why in made.why
    assert ask in "\n".join(made.asks)
    assert any("who keeps the nearest article" in line for line in made.asks) or not made.asks or ask
    with world.assistant.store.read() as unit:
        assert unit.drafts.of_gap("g_badges") == []


def test_what_an_agent_said_in_the_conversation_counts_as_a_note(world: World) -> None:
    for who in people_of(world)[:2]:
        talk = world.talk(who)
        talk.say(QUESTION)
        talk.press("person")
        handover = Handover(world.assistant.parts)
        handover.take("sam.oduya", talk.conversation)
        handover.say("sam.oduya", talk.conversation, f"m-{who}", FIX)
        ticket = world.tickets_of(who)[0]
        with world.assistant.store.write() as unit:
            unit.tickets.change_status(ticket.id, TicketStatus.RESOLVED, "sam.oduya", "solved", MONDAY)
    draft = drafted(world, gap_of(world))
    assert {origin.note.partition(",")[0] for one in draft.provenance for origin in one.origins} == {"said in the conversation"}


def confirmed(world: World, question: str, who: str = "maria.santos") -> None:
    """Let somebody ask and say that the answer solved it."""
    talk = world.talk(who)
    assert talk.say(question).citations, question
    talk.press("yes")
    world.clock.advance(timedelta(minutes=1))


def tried(world: World, draft: Draft) -> Trial:
    world.assistant.authors.trying.begin(person(world, "elin.berg"), draft)
    world.assistant.carrier.drain()
    with world.assistant.store.read() as unit:
        found = unit.trials.load(draft.id)
    assert found is not None
    return found


def test_a_trial_shows_what_would_be_answered_and_what_would_change_and_touches_nothing_live(world: World) -> None:
    draft = drafted(world, asked(world, [FIX] * 6))
    confirmed(world, "My mailbox is full, what can I do?")
    confirmed(world, "What do I do about a paper jam in the printer?", "daniel.ortega")
    before = world.assistant.knowledge_base.store.head()
    trial = tried(world, draft)
    assert trial.state is TrialState.DONE and trial.version == draft.version
    of_gap = [one for one in trial.tried if not one.good]
    assert {one.question for one in of_gap} == {QUESTION}, "the same words are tried once"
    assert [one.change for one in of_gap] == ["answered"]
    assert of_gap[0].after.article == "badge-printer-jams" and of_gap[0].after.passage
    good = {one.question: one for one in trial.tried if one.good}
    assert set(good) == {"My mailbox is full, what can I do?", "What do I do about a paper jam in the printer?"}
    assert good["My mailbox is full, what can I do?"].change == "same"
    assert all(one.before.answered for one in good.values())
    assert world.assistant.knowledge_base.store.head() == before
    assert world.assistant.knowledge_base.store.article("badge-printer-jams") is None


def test_a_trial_of_a_draft_that_was_saved_meanwhile_gives_way_to_the_new_one(world: World) -> None:
    draft, elin = drafted(world, asked(world, [FIX, FIX])), person(world, "elin.berg")
    trying = world.assistant.authors.trying
    trying.begin(elin, draft)
    saved = world.assistant.authors.authoring.save(elin, draft.id, draft.version, replace(draft.content, title="Jams"), "")
    trial = tried(world, saved)
    assert (trial.version, trial.state) == (saved.version, TrialState.DONE)


def test_an_empty_draft_and_a_finished_one_are_not_tried(world: World) -> None:
    elin, authoring, trying = person(world, "elin.berg"), world.assistant.authors.authoring, world.assistant.authors.trying
    empty = authoring.begin(elin)
    with pytest.raises(NotNow, match="a title and a text"):
        trying.begin(elin, empty)
    with pytest.raises(NotNow, match="nothing to try"):
        trying.begin(elin, authoring.discard(elin, empty.id, empty.version))


def publish(world: World, draft: Draft) -> str:
    elin, laura, authoring = person(world, "elin.berg"), person(world, "laura.keane"), world.assistant.authors.authoring
    saved = authoring.save(elin, draft.id, draft.version, replace(draft.content, owner="print-team"), "Asked every week.")
    sent = authoring.submit(elin, saved.id, saved.version)
    return authoring.publish(laura, sent.id, sent.version).id


def test_publishing_answers_the_question_moves_the_gap_and_opens_the_experiment_in_one_step(world: World) -> None:
    gap = asked(world, [FIX] * 5)
    article = publish(world, drafted(world, gap))
    world.assistant.knowledge_base.keeper.catch_up()
    answer = world.talk("maria.santos").say(QUESTION)
    assert [one.article for one in answer.citations] and {one.article for one in answer.citations} == {article}
    with world.assistant.store.read() as unit:
        found, [experiment] = unit.gaps.load(gap), unit.experiments.all()
        steps = [line.facts["decision"] for line in unit.audit.lines() if line.facts.get("step") == "article"]
    assert found is not None and (found.state, found.article) == (GapState.PUBLISHED, article)
    assert (experiment.gap, experiment.article, experiment.revision) == (gap, article, 1)
    assert experiment.chosen_at <= experiment.published_at == MONDAY
    assert steps == ["begun", "saved", "sent to review", "published"]
    assert world.audit_faults() == []


def test_a_gap_whose_draft_is_discarded_waits_again(world: World) -> None:
    gap = asked(world, [FIX, FIX])
    draft = drafted(world, gap)
    world.assistant.authors.authoring.discard(person(world, "elin.berg"), draft.id, draft.version)
    with world.assistant.store.read() as unit:
        found = unit.gaps.load(gap)
    assert found is not None and found.state is GapState.OPEN


def test_of_two_reviewers_at_once_one_publishes(world: World) -> None:
    elin, authoring = person(world, "elin.berg"), world.assistant.authors.authoring
    draft = drafted(world, asked(world, [FIX, FIX]))
    saved = authoring.save(elin, draft.id, draft.version, replace(draft.content, owner="print-team"), "")
    sent = authoring.submit(elin, saved.id, saved.version)
    authoring.publish(person(world, "laura.keane"), sent.id, sent.version)
    with pytest.raises(Conflict):
        authoring.publish(person(world, "oskar.hellstrom"), sent.id, sent.version)
    with world.assistant.store.read() as unit:
        assert len(unit.experiments.all()) == 1


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True).stdout.strip()


def test_with_git_the_article_is_live_at_once_and_a_commit_waits_on_its_branch(model_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@b.example", "commit", "-q", "--allow-empty", "-m", "First")
    with opened_world(copy_demo(tmp_path / "home", model_home), articles_git=folder, articles_git_folder="it") as world:
        (folder / ".git").rename(tmp_path / "away")
        article = publish(world, drafted(world, asked(world, [FIX, FIX])))
        assert world.assistant.knowledge_base.store.article(article) is not None
        world.assistant.carrier.drain()
        live = world.assistant.knowledge_base.store.article(article)
        assert live is not None
        waits = world.assistant.authoring.elsewhere_written(live)
        assert waits is not None and waits.state == "waiting" and "no Git repository" in waits.result["why"]
        (tmp_path / "away").rename(folder / ".git")
        world.clock.advance(timedelta(minutes=10))
        world.assistant.carrier.drain()
        assert git(folder, "show", f"firstline/{article}:it/{article}.md").count("side flap") == 1
        assert git(folder, "rev-list", "--count", f"main..firstline/{article}") == "1"
        done = world.assistant.authoring.elsewhere_written(live)
        assert done is not None and (done.state, done.result["branch"]) == ("done", f"firstline/{article}")
        with world.assistant.store.read() as unit:
            written = [line.facts for line in unit.audit.lines() if line.facts.get("decision") == "written"]
        assert [one["detail"]["article"] for one in written] == [article]


def test_an_erased_requester_leaves_drafts_and_trials_and_an_erased_author_their_name(world: World) -> None:
    gap = asked(world, [FIX] * 5)
    draft = drafted(world, gap)
    asker = tried(world, draft).tried[0].person
    quoted = next(one for one in draft.provenance if any(origin.asked for origin in one.origins))
    with world.assistant.store.read() as unit:
        ticket = unit.tickets.ticket(quoted.origins[0].ticket)
    assert ticket is not None
    for name in (ticket.requester, asker, "elin.berg"):
        erase(world.assistant, name)
    with world.assistant.store.read() as unit:
        left, trial = unit.drafts.load(draft.id), unit.trials.load(draft.id)
    assert left is not None and trial is None
    assert quoted.sentence not in left.content.text and "side flap" in left.content.text
    assert quoted.sentence not in [one.sentence for one in left.provenance]
    assert left.author == "erased person" and left.writers == ("erased person",)


def test_what_is_over_does_not_keep_words_longer_than_questions_are_kept(world: World) -> None:
    elin, authoring = person(world, "elin.berg"), world.assistant.authoring
    gap = asked(world, [FIX] * 2)
    draft = drafted(world, gap)
    tried(world, draft)
    article = publish(world, draft)
    dropped = authoring.begin(elin)
    authoring.discard(elin, dropped.id, dropped.version)
    still = authoring.begin(elin)
    world.clock.advance(timedelta(days=world.assistant.settings.retain_intents_days + 1))
    retain(world.assistant)
    with world.assistant.store.read() as unit:
        out = unit.drafts.load(draft.id)
        assert unit.trials.load(draft.id) is None and unit.drafts.load(dropped.id) is None
        assert unit.drafts.load(still.id) is not None, "what somebody works on stays"
    assert out is not None and (out.content.text, out.provenance, out.reviewer) == ("", (), "laura.keane")
    assert world.assistant.knowledge_base.store.article(article) is not None


def test_an_article_from_the_repositorys_folder_is_changed_while_the_repository_was_away(model_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    (folder / "it").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "it" / "badge.md").write_text("---\ntitle: Badges\nowner: desk\nreview_by: 2030-01-31\n---\n\nFirst words.\n")
    git(folder, "add", "it")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@b.example", "commit", "-qm", "First")
    home = copy_demo(tmp_path / "home", model_home)
    assert firstline(home, "ingest", "sync", str(folder / "it")).returncode == 0
    with opened_world(home, articles_git=folder) as world:
        elin, laura, authoring = person(world, "elin.berg"), person(world, "laura.keane"), world.assistant.authoring
        for words in ("Second words.", "Third words."):
            draft = authoring.begin(elin, "badge")
            saved = authoring.save(elin, draft.id, draft.version, replace(draft.content, text=words), "Wrong before.")
            sent = authoring.submit(elin, saved.id, saved.version)
            assert authoring.publish(laura, sent.id, sent.version).revision == draft.based_on + 1
        world.assistant.carrier.drain()
        shown = git(folder, "show", "firstline/badge:it/badge.md")
        assert "Third words." in shown and "Second words." not in shown, "what a later revision replaced is not written any more"
        (folder / "it" / "badge.md").write_text("---\ntitle: Badges\n---\n\nSomebody else's words.\n")
        git(folder, "-c", "user.name=A", "-c", "user.email=a@b.example", "commit", "-qam", "Mine")
        git(folder, "branch", "-D", "firstline/badge")
        with pytest.raises(NotNow, match=r"badge\.md was changed in the repository"):
            authoring.restore(elin, "badge", 1, "back")
    assert firstline(home, "ingest", "sync", str(folder / "it")).returncode == 0
    with opened_world(home) as world:
        live = world.assistant.knowledge_base.store.article("badge")
        assert live is not None and (live.revision, live.ahead) == (4, False), "somebody's change of the file wins"
