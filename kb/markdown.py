"""Articles as Markdown files with YAML front matter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from kb.model import Document
from kb.text import clean, humanise, one_line, same_words

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"\A---[ \t]*\n\s*[A-Za-z_-]+[ \t]*:")
_ANCHOR = re.compile(r"\s*\{#[^}]*\}\s*$")
_RULE_ABOVE = re.compile(r"\A([=~^*#-])\1{3,}\s*\n")
_HEADING_CHARACTERS = 400
_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
_WRITTEN = frozenset({"id", "title", "owner", "audience", "platforms", "platform", "review_by", "tags", "category"})
"""Fields that are written from the document; nothing else of a front matter is changed."""


class BadFrontMatter(ValueError):
    """Front matter that cannot be read; the message says why, in words for its author."""


def title_and_text(declared: Mapping[object, object], body: str, title: str, path: str) -> tuple[str, str]:
    """Return an article's title and its text, without comments and without the heading that repeats the title.

    The title is ``title``, else the first heading of level 1, else a readable form of the file's name.
    """
    return take_title(_summarised(without_comments(body), declared), title, path)


def as_file(document: Document, declared: Mapping[object, object]) -> str:
    """Return a document as a Markdown file from which ingestion reads the same document under the same id.

    ``declared`` is the front matter that the file has now: fields that Firstline does not know stay in it.
    """
    import yaml

    said = " ".join(document.text.split())
    kept = {key: value for key, value in declared.items() if str(key).strip().lower().replace("-", "_").replace(" ", "_") not in _WRITTEN}
    if isinstance(described := kept.get("description"), str) and " ".join(described.split()) not in said:
        del kept["description"]
    fields: dict[object, object] = {"id": document.article_id, "title": document.title, "owner": document.owner}
    fields |= {"audience": sorted(document.audience.groups) or ["everyone"], "platforms": sorted(p.value for p in document.platforms) or ["any"]}
    fields |= {"review_by": document.review_by} if document.review_by else {}
    fields |= {"tags": list(document.tags)} if document.tags else {}
    front = yaml.safe_dump({**fields, **kept}, sort_keys=False, allow_unicode=True, width=1_000)
    text = document.text
    if take_title(text, document.title, "")[1] != text:  # the text has its title as a heading of its own, which would be taken for the title's
        text = f"# {_as_heading(document.title)}\n\n{text}"
    return f"---\n{front}---\n\n{text}\n"


def _as_heading(title: str) -> str:
    return title if same_words(plain_heading(title), title) else _MARKS.sub(r"\\\1", title)


def _summarised(body: str, declared: Mapping[object, object]) -> str:
    """Put the declared description first, unless the text says it already."""
    description = declared.get("description")
    if not isinstance(description, str) or " ".join(description.split()) in " ".join(body.split()):
        return body
    return f"{clean(description)}\n\n{body}"


def take_title(text: str, declared: str, path: str) -> tuple[str, str]:
    """Return the title and the text without the heading that repeats it.

    The title is the declared one, else the first heading of level 1, else a readable form of the file's name.
    """
    first = next((heading for heading in headings(text) if heading[0] == 1), None)
    title = declared or (first[1] if first else "") or humanise(path)
    if first and same_words(first[1], title):
        lines = text.split("\n")
        text = "\n".join([*lines[: first[2]], *lines[first[3] :]])
    return one_line(title), clean(text)


def headings(text: str) -> list[tuple[int, str, int, int]]:
    """Return the headings outside lists and quotes as (level, plain text, first line, line after)."""
    tokens = block_tokens(text)
    found = []
    for position, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            found.append((int(token.tag[1:]), plain_heading(tokens[position + 1].content), token.map[0], token.map[1]))
    return found


def block_tokens(text: str) -> list[Token]:
    """Return the block structure of Markdown; the text inside blocks is left unparsed, which keeps the time linear."""
    return _blocks().parse(text)


def plain_heading(source: str) -> str:
    """Return the text of a heading without its Markdown, its anchor and a rule drawn above it."""
    source = _ANCHOR.sub("", _RULE_ABOVE.sub("", source[:_HEADING_CHARACTERS]))
    children = _inlines().parseInline(source)[0].children or []
    words = [" " if token.type in ("softbreak", "hardbreak") else token.content for token in children if token.type != "html_inline"]
    return one_line("".join(words))


@cache
def _blocks() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable("inline")


@cache
def _inlines() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def front_matter(text: str) -> tuple[Mapping[object, object], str]:
    """Return what a file's front matter declares, {} without one, and the clean text below it.

    Raises:
        BadFrontMatter: it cannot be read, and may have named an audience.
    """
    import yaml

    text = clean(text)
    match = _FRONT.match(text)
    if not match:
        if _FIELD.match(text):
            raise BadFrontMatter("has front matter without an end; close it with a line of three dashes")
        return {}, text
    try:
        declared = yaml.safe_load(match.group(1))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        raise BadFrontMatter(f"has front matter that is not valid YAML{where}") from error
    if isinstance(declared, dict):
        return declared, text[match.end() :]
    return {}, text[match.end() :] if declared is None else text


def without_comments(text: str) -> str:
    """Drop HTML comments, which no reader sees, except where code shows them."""
    if "<!--" not in text:
        return text
    lines = text.split("\n")
    kept: list[str] = []
    start = 0
    for token in block_tokens(text):
        if token.type in ("fence", "code_block") and token.map and token.map[0] >= start:
            kept.append(_drop_comments("\n".join(lines[start : token.map[0]])))
            kept.append("\n".join(lines[token.map[0] : token.map[1]]))
            start = token.map[1]
    kept.append(_drop_comments("\n".join(lines[start:])))
    return clean("\n".join(kept))


def _drop_comments(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join([*kept, text[at:]])
