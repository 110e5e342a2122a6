"""The files of examples: what is merged, what an own intent may bring about, and what is refused with its place and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.agent.steps.understand import Intent
from assistant.agent.steps.understand_file import OUTSIDE, TAUGHT, BadExamples, Effect, EffectKind, read_examples

TOOLS = frozenset({"reset_password", "my_devices"})
OWN = """
question = ["how do I calibrate the colour printer"]

[canteen_card]
examples = ["my canteen card is empty", "how do I charge the canteen card", "the card does not pay in the canteen"]
article = "canteen-card"

[words]
windows = ["surface"]
phone = ["handset"]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "intents.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_packaged_file_teaches_every_intent_that_examples_stand_for() -> None:
    packaged = read_examples()
    assert {intent for _, intent in packaged.rows} == {*TAUGHT, "security_incident"}
    assert packaged.effects == {"security_incident": Effect(EffectKind.SEARCH, "security")}
    assert {Intent(name) for name in TAUGHT | OUTSIDE}


def test_an_own_file_adds_examples_intents_and_words(tmp_path: Path) -> None:
    merged = read_examples(written(tmp_path, OWN), TOOLS)
    assert ("how do I calibrate the colour printer", "question") in merged.rows
    assert sum(intent == "canteen_card" for _, intent in merged.rows) == 3
    assert merged.effects == {**read_examples().effects, "canteen_card": Effect(EffectKind.ARTICLE, "canteen-card")}
    assert merged.words == {"windows": ("surface",), "phone": ("handset",)}
    assert set(read_examples().rows) < set(merged.rows)


def test_an_own_file_says_what_a_packaged_intent_comes_to(tmp_path: Path) -> None:
    own = '[security_incident]\nperson = true\nexamples = ["the vault was opened", "a badge was copied", "the alarm was off"]'
    merged = read_examples(written(tmp_path, own), TOOLS)
    assert merged.effects == {"security_incident": Effect(EffectKind.PERSON)}
    assert sum(intent == "security_incident" for _, intent in merged.rows) > 20


def test_what_is_learnt_is_keyed_by_the_examples_and_by_nothing_else(tmp_path: Path) -> None:
    plain = read_examples()
    assert read_examples(written(tmp_path, OWN), TOOLS).key != plain.key
    assert read_examples(written(tmp_path, '[words]\nwindows = ["surface"]'), TOOLS).key == plain.key


@pytest.mark.parametrize(
    ("said", "effect"),
    [
        ('article = "a1"', Effect(EffectKind.ARTICLE, "a1")),
        ('search = "printing"', Effect(EffectKind.SEARCH, "printing")),
        ('ticket = "printing"', Effect(EffectKind.TICKET, "printing")),
        ("person = true", Effect(EffectKind.PERSON)),
        ('tool = "reset_password"', Effect(EffectKind.TOOL, "reset_password")),
    ],
)
def test_an_own_intent_names_what_it_brings_about(tmp_path: Path, said: str, effect: Effect) -> None:
    found = read_examples(written(tmp_path, f'[own]\nexamples = ["alpha beta", "gamma delta", "epsilon zeta"]\n{said}'), TOOLS)
    assert found.effects["own"] == effect


THREE = 'examples = ["alpha beta", "gamma delta", "epsilon zeta"]'


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("greeting = ]", 1, "line 1"),
        ("\n\ncanteen = ['a b', 'c d', 'e f']", 3, "is a table with examples"),
        (f"[own]\n{THREE}", 1, "exactly one of article, person, search, ticket, tool"),
        (f"[own]\n{THREE}\narticle = 'a'\nticket = 'b'", 1, "exactly one of"),
        (f"\n[own]\n{THREE}\ntool = 'wipe_everything'", 2, "no tool wipe_everything"),
        (f"[own]\n{THREE}\nperson = false", 1, "person can only be true"),
        (f"[own]\n{THREE}\narticle = ' '", 1, "has to be a text"),
        ("[own]\nexamples = ['alpha', 'beta']\nperson = true", 1, "2 examples; 3 to"),
        ("[own]\nexamples = ['alpha', 'beta', '?!']\nperson = true", 1, "holds no word"),
        ("[own]\nexamples = 'alpha'\nperson = true", 1, "list of texts"),
        (f"[follow_up]\n{THREE}\nperson = true", 1, "cannot be used"),
        (f"[Own]\n{THREE}\nperson = true", 1, "cannot be used"),
        ("[words]\nbeos = ['haiku']", 1, "beos is none of"),
        ("words = ['haiku']", 1, "table of lists"),
        ("greeting = ['ahoy sailor']\nthanks = ['Ahoy, sailor!']", 2, "already is an example of greeting"),
        ("thanks = ['Hello!']", 1, "already is an example of greeting"),
    ],
)
def test_a_bad_file_is_refused_with_its_place_and_the_reason(tmp_path: Path, text: str, line: int, why: str) -> None:
    with pytest.raises(BadExamples) as refused:
        read_examples(written(tmp_path, text), TOOLS)
    assert "intents.toml" in str(refused.value)
    assert why in str(refused.value)
    assert f"line {line}" in str(refused.value) or "already is an example of greeting" in why


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadExamples, match="cannot be read"):
        read_examples(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadExamples, match="cannot be read"):
        read_examples(tmp_path / "bytes.toml")
