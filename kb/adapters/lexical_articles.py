"""BM25 over whole articles and over their titles: what the ranking adds to that of their best passage."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from itertools import groupby
from math import log
from pathlib import Path
from typing import Any

import tantivy

from kb.ports import ArticleWords, Entry

TITLE, WHOLE = "title", "whole"
FIELDS = (TITLE, WHOLE)
COMMON = 0.1


def open_index(folder: Path, schema: Any, analyzer: Any, name: str) -> Any:
    """Open the Tantivy index in a folder; an unreadable one, or one of another schema, is thrown away and begun anew."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        index = tantivy.Index(schema, path=str(folder))
    except ValueError:
        shutil.rmtree(folder)
        folder.mkdir(parents=True)
        index = tantivy.Index(schema, path=str(folder))
    index.register_tokenizer(name, analyzer)
    index.reload()
    return index


class ArticleIndex:
    """One document for each article. It holds nothing that a search returns: it only weighs articles that are named."""

    def __init__(self, folder: Path, analyzer: Any, name: str, memory: int) -> None:
        """Open the index in ``folder``, with the text analyzer of the passages."""
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("article", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_integer_field("passages", stored=True)
        for field in FIELDS:
            builder.add_text_field(field, stored=False, tokenizer_name=name, index_option="freq")
        self._schema = builder.build()
        self._index = open_index(folder, self._schema, analyzer, name)
        self._memory = memory
        self._swept = False

    def _writer(self) -> Any:
        """Open a writer; the first one removes the files of a process that was killed, which its own would collide with."""
        writer = self._index.writer(heap_size=self._memory, num_threads=1)
        if not self._swept:
            writer.garbage_collect_files()
            self._swept = True
        return writer

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry], compounded: Any) -> None:
        """Drop these articles and add those of the entries, whose passages stand together."""
        writer = self._writer()
        for article_id in article_ids:
            writer.delete_documents_by_term("article", article_id)
        for article_id, group in groupby(entries, key=lambda entry: entry.article_id):
            passages = list(group)
            document = tantivy.Document()
            document.add_text("article", article_id)
            document.add_integer("passages", len(passages))
            document.add_text(TITLE, compounded(passages[0].title))
            document.add_text(WHOLE, compounded("\n".join(f"{entry.title}\n{entry.heading}\n{entry.text}" for entry in passages)))
            writer.add_document(document)
        self._commit(writer)

    def clear(self) -> None:
        """Empty the index."""
        writer = self._writer()
        writer.delete_all_documents()
        self._commit(writer)

    def _commit(self, writer: Any) -> None:
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def is_empty(self) -> bool:
        """Say whether the index holds nothing."""
        return not self._index.searcher().num_docs

    def weigh(self, terms: Sequence[tuple[str, float]], article_ids: Sequence[str]) -> dict[str, ArticleWords]:
        """Return the scores of these articles for weighted terms, and their numbers of passages."""
        searcher = self._index.searcher()
        if not article_ids or not searcher.num_docs:
            return {}
        among = tantivy.Query.const_score_query(tantivy.Query.term_set_query(self._schema, "article", list(article_ids)), 0.0)
        found = {article_id: [0.0] * len(FIELDS) for article_id in article_ids}
        sizes: dict[str, int] = {}
        for column, field in enumerate(FIELDS):
            should = [(tantivy.Occur.Should, query) for query in weighted_terms(searcher, self._schema, field, terms)]
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, among), *should])
            for score, address in searcher.search(query, limit=len(article_ids)).hits:
                document = searcher.doc(address)
                key = document["article"][0]
                found[key][column] = float(score)
                sizes[key] = document["passages"][0]
        return {key: ArticleWords(title, whole, sizes.get(key, 1)) for key, (title, whole) in found.items()}


def weighted_terms(searcher: Any, schema: Any, field: str, terms: Sequence[tuple[str, float]]) -> list[Any]:
    """Return a query for each term, its score times the term's weight and what its rarity is worth.

    Tantivy's inverse document frequency is ln(1 + odds) and never lets go of common words; ln(odds), as Robertson and
    Sparck Jones (1976) have it, ranks long questions better (ADR 9). A term of most documents keeps a tenth of its weight.
    """
    total = searcher.num_docs
    made = []
    for term, weight in terms:
        having = min(total, searcher.doc_freq(field, term))  # Tantivy counts what was deleted and not yet merged away
        odds = (total - having + 0.5) / (having + 0.5)
        worth = max(COMMON, log(odds) / log(1 + odds))
        made.append(tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, term), weight * worth))
    return made
