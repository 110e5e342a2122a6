"""Answers read as claims, and answers without some of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.claims import Claim, Kind, claims, rewritten

ANSWER = """Sorry that it did not help.

### Set it up

Open the app. Sign in first. [1]

1. Tap **Add**. [1]
2. Scan the code. [1]

| a | b |
|---|---|
| 1 | 2 |

### When it fails

- Call the desk. [2] Say the code. [1]
- Restart. [2]

```
reset --now
```

Did this solve it?"""


def gone(*numbers: int, note: str = "GONE.") -> object:
    return lambda claim: note if set(claim.numbers) & set(numbers) else None


def test_each_sentence_rests_on_the_marker_that_follows_it() -> None:
    read = [(claim.text, claim.numbers) for claim in claims(ANSWER)]
    assert ("Open the app.", (1,)) in read
    assert ("Sign in first.", (1,)) in read
    assert ("Call the desk.", (2,)) in read
    assert ("Say the code.", (1,)) in read
    assert ("Sorry that it did not help.", ()) in read
    assert ("Did this solve it?", ()) in read


def test_tables_and_code_rest_on_what_stands_beside_them() -> None:
    blocks = [claim.numbers for claim in claims(ANSWER) if claim.kind is Kind.BLOCK]
    assert blocks == [(1,), (2,)]
    assert [claim.numbers for claim in claims("| a |\n|---|\n| 1 |\n\n[1]") if claim.kind is Kind.BLOCK] == [(1,)]


def test_an_answer_of_which_nothing_is_replaced_stays_as_it_is() -> None:
    assert rewritten(ANSWER, lambda claim: None, keep_steps=False) == ANSWER


def test_what_rests_on_a_withdrawn_source_goes_with_its_heading_and_is_said_once() -> None:
    text = rewritten(ANSWER, gone(1), keep_steps=False)  # type: ignore[arg-type]
    assert text.startswith("Sorry that it did not help.\n\nGONE.\n\n### When it fails")
    assert "Set it up" not in text
    assert "| 1 | 2 |" not in text
    assert "- Call the desk. [2] GONE." in text
    assert "- Restart. [2]" in text
    assert "reset --now" in text, "it stands with what the other source says"
    assert text.endswith("Did this solve it?")


def test_with_every_source_gone_only_the_assistants_own_words_are_left() -> None:
    text = rewritten(ANSWER, gone(1, 2), keep_steps=False)  # type: ignore[arg-type]
    assert text == "Sorry that it did not help.\n\nGONE.\n\nDid this solve it?"


def test_a_step_keeps_its_number_when_it_is_asked_for() -> None:
    def note_for(claim: Claim) -> str | None:
        return "LEFT OUT." if "Scan" in claim.text else None

    assert "1. Tap **Add**. [1]\n2. LEFT OUT.\n" in rewritten(ANSWER, note_for, keep_steps=True)


def test_a_list_item_with_more_below_it_is_a_step() -> None:
    kinds = {claim.text: claim.kind for claim in claims("- Do this: [1]\n  - one [1]\n  - two [1]\n- Last. [1]")}
    assert kinds == {"Do this:": Kind.STEP, "one": Kind.SENTENCE, "two": Kind.SENTENCE, "Last.": Kind.SENTENCE}


def test_a_sentence_taken_out_leaves_the_others_of_its_paragraph() -> None:
    text = rewritten("One is so. [1] Two is so. [1] Three is so. [1]", lambda claim: "" if "Two" in claim.text else None, keep_steps=False)
    assert text == "One is so. [1] Three is so. [1]"


@pytest.mark.parametrize("text", ["See e.g. the guide. [1]", "Version 5.4 is out. [1]", "Go to a.b.example now. [1]"])
def test_a_dot_does_not_always_end_a_sentence(text: str) -> None:
    assert [claim.text for claim in claims(text)] == [text.removesuffix(" [1]")]


LINES = st.lists(
    st.sampled_from(
        ["", "Text one. Two. [1]", "1. Step. [2]", "- Item [1]", "### H", "> Quote. [2]", "    code", "| a |\n|---|\n| b |", "```", "own"]
    )
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(LINES)
def test_whatever_the_markdown_no_word_of_a_withdrawn_source_is_left(lines: list[str]) -> None:
    text = "\n".join(lines)
    kept = rewritten(text, gone(1, 2), keep_steps=False)  # type: ignore[arg-type]
    assert not [claim for claim in claims(kept) if claim.numbers], (text, kept)
    assert rewritten(text, lambda claim: None, keep_steps=False) == "\n".join(lines).strip() or "\n\n\n" in text or not text.strip()
