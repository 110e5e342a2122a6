"""How an article is cut into passages."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kb.blocks import word_count
from kb.split import split

SENTENCE = "Open the settings of the laptop and choose the network that your office uses every day. "


def passages(text: str) -> list[tuple[str, str]]:
    return [(section.heading, text[section.start : section.end]) for section in split(text)]


def words(count: int, word: str = "word") -> str:
    return " ".join([word] * count)


def test_passages_follow_the_headings_and_name_their_path() -> None:
    text = f"{words(20)}\n\n## Windows\n\n{words(30)}\n\n### Old versions\n\n{words(30)}\n\n## Mac `OS`\n\n{words(30)}"
    assert [heading for heading, _ in passages(text)] == ["", "Windows", "Windows > Old versions", "Mac OS"]


def test_one_heading_above_all_others_is_taken_for_the_title() -> None:
    assert [heading for heading, _ in passages(f"# Guide\n\n## Steps\n\n{words(20)}")] == ["Steps"]


def test_several_headings_of_level_one_belong_to_the_path() -> None:
    text = f"# One\n\n## Steps\n\n{words(20)}\n\n# Two\n\n## Steps\n\n{words(20)}"
    assert [heading for heading, _ in passages(text)] == ["One > Steps", "Two > Steps"]


def test_offsets_count_code_points() -> None:
    text = words(20) + "\U0001f600 caf\u00e9\r\n\r\n## Teil \U0001f600\r\n\r\nGr\u00fc\u00dfe " + words(20)
    assert passages(text)[-1] == ("Teil \U0001f600", "Gr\u00fc\u00dfe " + words(20))


def test_paragraphs_are_merged_to_about_130_words() -> None:
    sizes = [word_count(text) for _, text in passages("\n\n".join(words(35) for _ in range(20)))]
    assert all(100 <= size <= 200 for size in sizes)


def test_a_procedure_is_whole_with_its_lead_in_and_its_blocks() -> None:
    steps = "\n".join(f"{n}. {words(40)}\n\n   ```\n   # code {n}\n   ```\n\n   {words(20)}" for n in range(1, 9))
    text = f"{words(150)}\n\nDo this:\n\n{steps}\n\n{words(150)}"
    parts = passages(text)
    assert len(parts) == 3
    assert parts[1][1].startswith("Do this:\n\n1. ")
    assert "# code 8" in parts[1][1]


def test_a_list_interrupted_by_blocks_that_belong_to_its_steps_is_whole() -> None:
    interruptions = ["```\ncode\n```", "  **Note:** " + words(60), "Shown in the window.", "- a point\n- another"]
    for interruption in interruptions:
        text = f"1. {words(90)}\n\n{interruption}\n\n2. {words(90)}\n\n{interruption}\n\n3. {words(90)}"
        assert len(passages(text)) == 1, interruption


def test_steps_that_are_all_numbered_one_are_whole() -> None:
    text = f"1. {words(90)}\n\nSome note.\n\n1. {words(90)}\n\nSome note.\n\n1. {words(90)}"
    assert len(passages(text)) == 1


def test_two_procedures_are_two_passages() -> None:
    steps = "\n".join(f"{n}. {words(30)}" for n in range(1, 5))
    assert len(passages(f"On Windows:\n\n{steps}\n\nOn Macs:\n\n{steps}")) == 2


def test_tables_and_code_are_never_cut_and_keep_their_lead_in() -> None:
    table = "| a | b |\n|---|---|\n" + "\n".join(f"| {words(5)} | {words(5)} |" for _ in range(60))
    code = "```\n" + "\n\n".join(SENTENCE for _ in range(30)) + "\n```"
    text = f"{words(150)}\n\nThese codes exist:\n\n{table}\n\n{words(150)}\n\n{code}"
    parts = [text for _, text in passages(text)]
    assert f"These codes exist:\n\n{table}" in parts
    assert code in parts


def test_a_huge_paragraph_is_cut_at_sentence_ends() -> None:
    parts = passages(SENTENCE * 40)
    assert len(parts) > 2
    assert all(text.startswith("Open") and text.endswith("day.") for _, text in parts)


def test_a_huge_paragraph_without_sentences_is_cut_between_words() -> None:
    sizes = [word_count(text) for _, text in passages(words(1000))]
    assert sum(sizes) == 1000
    assert max(sizes) <= 195


def test_a_huge_bullet_list_is_cut_between_its_points() -> None:
    parts = passages("You can:\n\n" + "\n".join(f"- {words(30)}" for _ in range(20)))
    assert len(parts) > 2
    assert parts[0][1].startswith("You can:")
    assert all(text.startswith("- ") for _, text in parts[1:])


def test_short_sections_join_a_neighbour_and_keep_every_heading() -> None:
    text = f"## Applies to\n\nWindows laptops\n\n## Cause\n\n{words(40)}\n\n## See also\n\nThe VPN"
    assert passages(text) == [("Cause", text)]


def test_a_short_section_does_not_join_another_chapter() -> None:
    text = f"## A\n\n{words(20)}\n\n### A1\n\nshort one\n\n## B\n\n{words(20)}"
    assert [heading for heading, _ in passages(text)] == ["A", "B"]
    assert passages(text)[0][1].endswith("short one")


def test_link_definitions_are_not_lost() -> None:
    text = f"## A\n\n[x]: https://e.example/a\n\n{words(20)}\n\n[y]: https://e.example/b"
    assert passages(text) == [("A", text[6:])]


def test_a_text_of_headings_only_has_no_passages() -> None:
    assert split("## A\n\n## B") == []


def test_hostile_markdown_is_cut_in_linear_time() -> None:
    for text in ("[" * 100_000, "*a" * 100_000, ">" * 100_000 + " a", "# " + "[" * 100_000 + "\n\ntext", "`" * 100_000):
        assert split(text)


line = st.sampled_from(
    ["word " * 9, SENTENCE * 3, "lead in:", "1. step one", "2. step two", "   more of the step", "1) other", "- point", "* star", "  indented",
     "    code", "```", "~~~", "| a | b |", "|---|---|", "> quote", "# H1", "## H2", "### H3", "Setext\n---", "[r]: https://e.example",
     "<div>", "</div>", "", "", "", "***", "\u00a0", "\u4e2d\u6587\u3002" * 30, "x" * 300]
)  # fmt: skip
documents = st.lists(line, max_size=60).map("\n".join)


@settings(max_examples=300, deadline=None)
@given(documents)
def test_sections_are_in_order_apart_and_trimmed(text: str) -> None:
    end = 0
    for ordinal, section in enumerate(split(text)):
        part = text[section.start : section.end]
        assert section.ordinal == ordinal
        assert section.start >= end
        assert part
        assert part == part.strip()
        end = section.end


@settings(max_examples=300, deadline=None)
@given(documents)
def test_sections_cover_everything_but_headings_and_blanks(text: str) -> None:
    covered = [False] * len(text)
    for section in split(text):
        covered[section.start : section.end] = [True] * (section.end - section.start)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    headings = {number for token in tokens if token.type == "heading_open" and token.level == 0 for number in range(*(token.map or [0, 0]))}
    at = 0
    for number, content in enumerate(text.split("\n")):
        if number not in headings:
            assert all(covered[at + place] for place, letter in enumerate(content) if not letter.isspace()), content
        at += len(content) + 1


@settings(max_examples=300, deadline=None)
@given(documents)
def test_no_ordered_list_code_or_table_is_cut(text: str) -> None:
    starts = [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]
    spans = [(section.start, section.end) for section in split(text)]
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type in ("ordered_list_open", "fence", "table_open") and token.map:
            block = text[starts[token.map[0]] : starts[min(token.map[1], len(starts) - 1)]]
            first = starts[token.map[0]] + len(block) - len(block.lstrip())
            last = first + len(block.strip())
            assert any(start <= first and last <= end for start, end in spans) or not block.strip()


def test_a_document_that_begins_with_blanks_gives_sections_without_them() -> None:
    text = "   more of the step\n# H1\n" + "word " * 9 + "\n## H2\n" + "word " * 18
    assert all(text[section.start : section.end] == text[section.start : section.end].strip() for section in split(text))
