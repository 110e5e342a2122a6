"""``firstline devices``, ``compliance`` and ``changes``: load a list, look at it, and see what follows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from assistant.cli import app

Command = Callable[..., Result]
OLD, NEW = ((datetime.now(UTC) - timedelta(days=days)).date().isoformat() for days in (20, 1))


@pytest.fixture
def command(demo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("FIRSTLINE_HOME", str(demo_home))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def listed(tmp_path: Path, *rows: str, head: str = "id,name,platform,signatures,encrypted,os_version") -> str:
    path = tmp_path / "devices.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(path)


def test_a_list_is_looked_at_and_a_change_follows(command: Command, tmp_path: Path) -> None:
    rows = [f"FL-{n},Laptop {n},windows,{OLD if n < 3 else NEW},yes,10.0.26100" for n in range(5)]
    loaded = command("devices", "load", listed(tmp_path, *rows))
    assert loaded.stdout == "Loaded 5 devices.\n"
    assert command("compliance", "show").exit_code == 1
    looked = command("compliance", "check", "--json")
    assert looked.exit_code == 1
    found = json.loads(looked.stdout)
    assert (found["failing"], found["counts"]["signatures"]["failing"]) == (3, 3)
    changes = json.loads(command("changes", "list", "--json").stdout)
    assert [(one["status"], one["devices"], one["terms"]["remedy"]) for one in changes] == [("awaiting", 3, "update-signatures")]
    shown = command("changes", "show", changes[0]["id"])
    assert "Failed before: 3, fixed: 0, still to do: 3." in shown.stdout
    assert "Laptop 2 (FL-2)" in shown.stdout
    assert command("changes", "stop", changes[0]["id"]).stdout == f"{changes[0]['id']}: cancelled\n"
    assert command("changes", "stop", changes[0]["id"]).exit_code == 1
    assert "3 of " in command("compliance", "show").stdout


@pytest.mark.parametrize(
    ("rows", "head", "why"),
    [
        (["FL-1,Laptop,windows,yesterday,yes,1"], None, "line 2: signatures is 'yesterday'"),
        (["FL-1,Laptop,beos,,yes,1"], None, "line 2: 'beos' is not a valid Platform"),
        (["FL-1,Laptop,windows,,perhaps,1"], None, "line 2: encrypted is 'perhaps'"),
        (["FL-1,A,windows,,,", "FL-1,B,windows,,,"], None, "line 3: FL-1 stands here twice"),
        ([",Laptop,windows,,,"], None, "id must not be empty"),
        (["FL-1,Laptop"], "id,name", "the column platform is missing"),
        (["FL-1,Laptop,windows,x"], "id,name,platform,serial", "there is no column 'serial'"),
        (["FL-1,Laptop,windows,,,,,,"], None, "more fields than the first line"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_line_and_the_old_one_stays(
    command: Command, tmp_path: Path, rows: list[str], head: str | None, why: str
) -> None:
    assert command("devices", "load", listed(tmp_path, f"FL-9,Old one,windows,{NEW},yes,10.0.26100")).exit_code == 0
    refused = command("devices", "load", listed(tmp_path, *rows, **({"head": head} if head else {})))
    assert refused.exit_code == 2
    assert why in refused.stderr
    found = json.loads(command("compliance", "check", "--json").stdout)
    assert found["counts"]["signatures"]["covered"] - found["counts"]["signatures"]["unknown"] == 1


def test_a_file_in_another_encoding_is_refused_by_name(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("id,name,platform\nFL-1,Grün,windows\n".encode("latin-1"))
    refused = command("devices", "load", str(path))
    assert refused.exit_code == 2
    assert "cannot be read as UTF-8" in refused.stderr


def test_a_change_made_elsewhere_is_written_down_and_one_of_tomorrow_is_not(command: Command) -> None:
    made = command("changes", "record", "VPN gateway updated", "--service", "vpn", "--at", "2026-01-02T21:00+01:00", "--json")
    assert made.exit_code == 0, made.stderr
    assert json.loads(made.stdout)["at"] == "2026-01-02T20:00:00+00:00"
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for arguments, why in (
        (["x", "--service", "vpn", "--at", later], "has not come yet"),
        (["x", "--service", "vpn", "--at", "2026-01-02T21:00"], "has no zone"),
        (["x", "--service", "vpn", "--at", "monday"], "is no time"),
        (["  ", "--service", "vpn"], "what was changed"),
        (["x", "--service", "vpn", "--by", "nobody.at.all"], "the directory knows nobody"),
    ):
        refused = command("changes", "record", *arguments)
        assert refused.exit_code == 2
        assert why in refused.stderr
