"""The guide is complete: whatever can be set, called or run is in it, and what it points to exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from assistant.settings import Settings

ROOT = Path(__file__).parent.parent.parent
GUIDE = ROOT / "docs" / "guide"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands() -> list[str]:
    from assistant.cli import app
    from evals.cli import app as eval_app
    from evals.weeks.cli import app as demo_app
    from ingest.cli import app as ingest_app
    from kb.cli import app as kb_app

    whole = typer.Typer()
    whole.add_typer(app, name="firstline")
    whole.add_typer(ingest_app, name="ingest")
    whole.add_typer(eval_app, name="eval")
    whole.add_typer(kb_app, name="kb")
    whole.add_typer(demo_app, name="demo")
    tree = get_command(whole).commands  # type: ignore[attr-defined]
    found = []
    for prefix, group in (
        ("firstline", tree["firstline"]),
        ("firstline ingest", tree["ingest"]),
        ("firstline eval", tree["eval"]),
        ("firstline kb", tree["kb"]),
        ("firstline demo", tree["demo"]),
    ):
        for name, command in group.commands.items():
            inner = getattr(command, "commands", None)
            found += [f"{prefix} {name} {sub}" for sub in inner] if inner else [f"{prefix} {name}"]
    return found


def test_every_setting_is_in_the_guide_with_its_default() -> None:
    text = (GUIDE / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        row = re.search(rf"^\| `FIRSTLINE_{name.upper()}` \| (.*?) \| (.*) \|$", text, re.MULTILINE)
        assert row, f"FIRSTLINE_{name.upper()} has no row in settings.md"
        assert row[2] == field.description
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert str(field.default) in row[1]


def test_the_guide_names_no_setting_that_does_not_exist() -> None:
    known = {f"FIRSTLINE_{name.upper()}" for name in Settings.model_fields} | {
        "FIRSTLINE_TORCH",
        "FIRSTLINE_TEST_POSTGRESQL",
        "FIRSTLINE_TEST_CHROMA",
    }
    named = {name for path in DOCUMENTS for name in re.findall(r"FIRSTLINE_[A-Z_]+[A-Z]", path.read_text())}
    assert named <= known


def test_every_command_is_in_the_guide() -> None:
    text = (GUIDE / "commands.md").read_text()
    missing = [command for command in commands() if f"`{command}" not in text]
    assert not missing


def test_every_command_in_the_guide_exists() -> None:
    named = re.findall(r"^\| `(firstline [a-z -]+?)(?: [\[\"A-Z].*?)?`", (GUIDE / "commands.md").read_text(), re.MULTILINE)
    assert named
    known = {*commands(), "firstline people", "firstline baseline", "firstline simulate-golive"}
    assert [name for name in named if name.strip() not in known] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_to_a_file_that_exists(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / target).exists(), f"{path.name} points to {target}"


def test_the_people_file_in_the_guide_has_the_fields_that_the_loader_takes(tmp_path: Path) -> None:
    from assistant.adapters.store.organisation import read_people_file

    block = re.search(r"```toml\n(.*?)```", (GUIDE / "people.md").read_text(), re.DOTALL)
    assert block
    text = block[1].replace('manager = "daniel.ortega"', 'manager = ""')
    assert tomllib.loads(text)
    target = tmp_path / "people.toml"
    target.write_text(text)
    made, waiting = read_people_file(target)
    assert made.people[0].id == "maria.santos"
    assert waiting[0].subject == "Docking station does not charge"


def test_the_case_in_the_guide_is_one_and_every_field_of_cases_is_explained() -> None:
    import yaml

    from evals.conversations.case import Case, End, World

    text = (GUIDE / "evaluation.md").read_text()
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block
    assert Case.model_validate(yaml.safe_load(block[1])).then[0].after == ("approval",)
    missing = [name for model in (Case, End, World) for name in model.model_fields if f"`{name}`" not in text]
    assert not missing


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("setup", "run", "test"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
        assert f"make {target}" in (ROOT / "README.md").read_text()
