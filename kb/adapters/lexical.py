"""BM25 over passages with Tantivy, the audience and device filter inside the query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tantivy

from kb.adapters.lexical_articles import ArticleIndex, open_index, weighted_terms
from kb.evidence import STOPWORDS
from kb.ports import ArticleWords, Entry, Hit, Scope

ANALYZER = "firstline_en"
TERM_LIMIT = 64
CONTEXT_WEIGHT = 0.6
"""What a word of the conversation before counts beside one of the question itself; found on conversations (docs/adr/0009)."""
CHARACTER_LIMIT = 32_000
WRITER_MEMORY = 30_000_000
COMPOUND = re.compile(r"(?<![\w-])([^\W_]+)-([^\W_]+)(?![\w-])")
STOPWORD = re.compile(r"[^\w]+")
ANY_PLATFORM = "any"
EVERYONE = "everyone"


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("passage", stored=True, tokenizer_name="raw")
    builder.add_text_field("article", stored=False, tokenizer_name="raw")
    builder.add_text_field("audience", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("platform", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", stored=False, tokenizer_name=ANALYZER, index_option="freq")
    return builder.build()


def _analyzer() -> Any:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    filters = (tantivy.Filter.lowercase(), tantivy.Filter.ascii_fold(), tantivy.Filter.remove_long(60), tantivy.Filter.stemmer("english"))
    for step in filters:
        builder = builder.filter(step)
    return builder.build()


class TantivyIndex:
    """The ``LexicalIndex`` port; the index is a folder that may be deleted at any time and rebuilt from the tables."""

    def __init__(self, folder: Path) -> None:
        """Open the index in ``folder``; an unreadable one is thrown away and begun anew."""
        self._schema = _schema()
        self._analyzer = _analyzer()
        self._index = open_index(folder, self._schema, self._analyzer, ANALYZER)
        self._articles = ArticleIndex(folder.with_name(f"{folder.name}-articles"), self._analyzer, ANALYZER, WRITER_MEMORY)
        self._swept = False

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry]) -> None:
        """See the port."""
        writer = self._writer()
        for article_id in article_ids:
            writer.delete_documents_by_term("article", article_id)
        listed = list(entries)
        for entry in listed:
            writer.add_document(self._document(entry))
        self._articles.replace(article_ids, sorted(listed, key=lambda entry: entry.article_id), _with_compounds)
        self._commit(writer)

    def is_empty(self) -> bool:
        """See the port."""
        return not self._index.searcher().num_docs or self._articles.is_empty()

    def clear(self) -> None:
        """See the port."""
        writer = self._writer()
        writer.delete_all_documents()
        self._articles.clear()
        self._commit(writer)

    def _writer(self) -> Any:
        """Open a writer; the first one removes the files of a process that was killed, which its own would collide with."""
        writer = self._index.writer(heap_size=WRITER_MEMORY, num_threads=1)
        if not self._swept:
            writer.garbage_collect_files()
            self._swept = True
        return writer

    def _commit(self, writer: Any) -> None:
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def passage_ids(self) -> set[str]:
        """See the port."""
        searcher = self._index.searcher()
        if not searcher.num_docs:
            return set()
        hits = searcher.search(tantivy.Query.all_query(), limit=searcher.num_docs).hits
        return {searcher.doc(address)["passage"][0] for _, address in hits}

    def search(self, question: str, scope: Scope, limit: int, context: str = "") -> list[Hit]:
        """See the port."""
        terms = self._terms(question, context)
        searcher = self._index.searcher()
        if not terms or not searcher.num_docs:
            return []
        words = [(tantivy.Occur.Should, query) for query in weighted_terms(searcher, self._schema, "text", terms)]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Must, tantivy.Query.boolean_query(words)), *self._filters(scope)])
        return [Hit(searcher.doc(address)["passage"][0], float(score)) for score, address in searcher.search(query, limit=limit).hits]

    def score(self, question: str, passage_ids: Sequence[str], context: str = "") -> dict[str, float]:
        """See the port."""
        terms, searcher = self._terms(question, context), self._index.searcher()
        if not terms or not passage_ids or not searcher.num_docs:
            return {}
        words = [(tantivy.Occur.Should, query) for query in weighted_terms(searcher, self._schema, "text", terms)]
        query = tantivy.Query.boolean_query([self._any_of("passage", passage_ids), (tantivy.Occur.Must, tantivy.Query.boolean_query(words))])
        return {searcher.doc(address)["passage"][0]: float(score) for score, address in searcher.search(query, limit=len(passage_ids)).hits}

    def weigh(self, question: str, article_ids: Sequence[str], context: str = "") -> dict[str, ArticleWords]:
        """See the port."""
        return self._articles.weigh(self._terms(question, context), article_ids)

    def _terms(self, question: str, context: str) -> list[tuple[str, float]]:
        own = dict.fromkeys(self._analyzer.analyze(_with_compounds(_telling(_clipped(question)))), 1.0)
        before = dict.fromkeys(self._analyzer.analyze(_with_compounds(_telling(_clipped(context)))), CONTEXT_WEIGHT) if context else {}
        return list({**before, **own}.items())[-TERM_LIMIT:] if before else list(own.items())[:TERM_LIMIT]

    def _filters(self, scope: Scope) -> list[tuple[Any, Any]]:
        clauses = [self._any_of("audience", [EVERYONE, *sorted(scope.reader.groups)])]
        if scope.platform is not None:
            clauses.append(self._any_of("platform", [ANY_PLATFORM, scope.platform.value]))
        return clauses

    def _any_of(self, field: str, values: Sequence[str]) -> tuple[Any, Any]:
        terms = tantivy.Query.term_set_query(self._schema, field, list(values))
        return (tantivy.Occur.Must, tantivy.Query.const_score_query(terms, 0.0))

    @staticmethod
    def _document(entry: Entry) -> Any:
        document = tantivy.Document()
        document.add_text("passage", entry.passage_id)
        document.add_text("article", entry.article_id)
        for group in sorted(entry.audience.groups) or [EVERYONE]:
            document.add_text("audience", group)
        for platform in sorted(p.value for p in entry.platforms) or [ANY_PLATFORM]:
            document.add_text("platform", platform)
        document.add_text("text", _with_compounds(f"{entry.title}\n{entry.heading}\n{' '.join(entry.tags)}\n{entry.text}"))
        return document


def _clipped(question: str) -> str:
    return question[:CHARACTER_LIMIT].encode("utf-8", "replace").decode()


def _telling(question: str) -> str:
    """Leave out the words that say nothing, unless there are no others: in a small collection even "can't" is a rare word."""
    kept = [word for word in question.split() if STOPWORD.sub("", word.lower()) not in STOPWORDS]
    return " ".join(kept) or question


def _with_compounds(text: str) -> str:
    """Add the joined form of words with a hyphen: Wi-Fi is found as wifi, e-mail as email."""
    return " ".join((text, *(first + second for first, second in COMPOUND.findall(text))))
