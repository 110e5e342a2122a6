"""Runs lint on a collection before and after planting, and counts what it found of the plants."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from evals.beir import BadInput, read_corpus, read_rows
from evals.hygiene.plants import Plant, plant_all
from evals.report import Metric, bootstrap, exact, mean
from evals.world import BATCH, prepared_home
from kb.bootstrap import KnowledgeBase, open_knowledge
from kb.lint.duplicates import duplicates
from kb.lint.examine import contradictions, passages_with_vectors
from kb.lint.findings import Contradiction, Duplicate
from kb.model import Audience, Document, Passage, Platform
from kb.ports import Vector
from kb.settings import KnowledgeSettings


@dataclass(slots=True)
class Outcome:
    """What lint said of an untouched collection, of the plants, and how long the second run took."""

    articles: int
    passages: int
    untouched: list[Contradiction]
    doubled: list[Duplicate]
    plants: list[Plant]
    found: dict[str, list[Contradiction]] = field(default_factory=dict)
    copies: set[str] = field(default_factory=set)
    seconds: float = 0.0


def measure(articles: Path | None, cases: Path | None, each: int, seed: int, model_home: Path, progress: Callable[[str], None]) -> Outcome:
    """Plant into the demo articles, or those of a JSON lines file, and run lint.

    Raises:
        BadInput: a file is malformed, or a case quotes words that its article does not hold.
    """
    with _collection(articles, model_home, progress) as base:
        passages, vectors = _everything(base)
        heads = {passage.article.id for passage in passages}
        plants = plant_all(passages, each, seed) + (read_cases(cases, passages) if cases else [])
        outcome = Outcome(len(heads), len(passages), contradictions(passages, vectors), duplicates(passages, vectors), plants)
        progress(f"{len(outcome.untouched)} contradictions in the untouched articles; planting {len(plants)} articles")
        _publish(base, [plant.document for plant in plants])
        began = time.perf_counter()
        passages, vectors = _everything(base)
        found, doubled = contradictions(passages, vectors), duplicates(passages, vectors)
        outcome.seconds = time.perf_counter() - began
    for plant in plants:
        outcome.found[plant.document.article_id] = [one for one in found if plant.document.article_id in (one.first.article, one.second.article)]
    outcome.copies = {
        plant.document.article_id
        for plant in plants
        if any({plant.document.article_id, plant.source} <= {quote.article for quote in one.quotes} for one in doubled)
    }
    return outcome


def metrics_of(outcome: Outcome) -> dict[str, Metric]:
    """Return recall by kind, false alarms by kind, and the recall of copies.

    A contradiction is found when the plant is listed against its source, or against another article with the very same
    sentence, of which one is listed for all. A harmless plant is a false alarm when it is
    listed against an article of the collection at all, unless the source itself disagrees with that article.
    """
    metrics: dict[str, Metric] = {}
    for contradicts, name in ((True, "recall"), (False, "false_alarms")):
        rows = [(plant.kind, _hit(plant, outcome)) for plant in outcome.plants if plant.contradicts is contradicts]
        metrics[name] = bootstrap([hit for _, hit in rows], mean)
        for kind in dict.fromkeys(kind for kind, _ in rows):
            metrics[f"{name}_{kind.replace(' ', '_')}"] = bootstrap([hit for one, hit in rows if one == kind], mean)
    metrics["copy_recall"] = bootstrap([float(p.document.article_id in outcome.copies) for p in outcome.plants if p.kind == "copy"], mean)
    metrics["untouched_contradictions"] = exact(len(outcome.untouched))
    metrics["untouched_duplicates"] = exact(len(outcome.doubled))
    metrics["lint_s"] = exact(outcome.seconds)
    return metrics


def _hit(plant: Plant, outcome: Outcome) -> float:
    key = plant.document.article_id
    listed = outcome.found[key]
    against = {one.second.article if one.first.article == key else one.first.article for one in listed}
    if plant.contradicts:
        return float(plant.source in against or any(plant.before in (one.first.text, one.second.text) for one in listed))
    known = {frozenset((one.first.article, one.second.article)) for one in outcome.untouched}
    planted = {one.document.article_id for one in outcome.plants}
    return float(any(other not in planted and frozenset((other, plant.source)) not in known for other in against))


def read_cases(path: Path, passages: Sequence[Passage]) -> list[Plant]:
    """Read cases written by hand: ``article``, ``quote``, ``title``, ``text``, ``contradicts``, and ``platforms`` and ``groups`` if any.

    Raises:
        BadInput: a field is missing, or the article does not hold the quote.
    """
    texts: dict[str, str] = {}
    for passage in passages:
        texts[passage.article.id] = f"{texts.get(passage.article.id, '')}\n{passage.text}"
    made = []
    for number, row in enumerate(read_rows(path)):
        try:
            source, quote, contradicts = str(row["article"]), str(row["quote"]), bool(row["contradicts"])
            platforms, groups = frozenset(Platform(name) for name in row.get("platforms", ())), row.get("groups", ())
            document = Document(f"case-{number}", "cases", f"case-{number}.md", row["title"], row["text"], "", Audience.of(groups), platforms)
        except (KeyError, ValueError) as error:
            raise BadInput(f"{path}, line {number + 1}: {error!r}") from error
        if quote not in texts.get(source, ""):
            raise BadInput(f"{path}, line {number + 1}: {source} does not say {json.dumps(quote)}")
        made.append(Plant("by hand" if contradicts else "harmless by hand", contradicts, source, document, quote, str(row["text"])))
    return made


@contextmanager
def _collection(articles: Path | None, model_home: Path, progress: Callable[[str], None]) -> Iterator[KnowledgeBase]:
    import tempfile

    from evals.world import DEMO_ARTICLES
    from ingest.report import LineReport
    from ingest.sync import sync

    with tempfile.TemporaryDirectory() as scratch:
        settings = KnowledgeSettings(home=prepared_home(Path(scratch), model_home))
        base = open_knowledge(settings)
        try:
            if articles is None:
                sync(DEMO_ARTICLES, base, settings, LineReport(progress))
            else:
                _publish(base, read_corpus(articles), progress)
            yield base
        finally:
            base.close()


def _publish(base: KnowledgeBase, documents: Sequence[Document], progress: Callable[[str], None] = lambda _: None) -> None:
    from kb.split import split

    for start in range(0, len(documents), BATCH):
        base.publisher.publish([(document, split(document.text)) for document in documents[start : start + BATCH]])
        progress(f"{min(start + BATCH, len(documents))} of {len(documents)} articles")


def _everything(base: KnowledgeBase) -> tuple[list[Passage], dict[str, Vector]]:
    found = passages_with_vectors(base.store, base.embedder.identity)
    return [one.passage for one in found], {one.passage.id: one.vectors for one in found}


def wrong(outcome: Outcome) -> list[Plant]:
    """Return the contradicting plants that were missed and the harmless ones that were listed."""
    return [plant for plant in outcome.plants if bool(_hit(plant, outcome)) is not plant.contradicts]
