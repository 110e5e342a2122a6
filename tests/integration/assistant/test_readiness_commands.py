"""Readiness, baselines, simulated go-lives and the ladder, as an operator runs them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.service import ARTICLES, copy_demo, firstline

ASKED = {
    "vpn": ("How do I set up the VPN on my laptop?", "I cannot connect to the VPN from home"),
    "printing": ("The printer has a paper jam", "How do I add a printer"),
    "parking": ("My parking permit has run out", "Where do I park my bicycle"),
}


@pytest.fixture(scope="module")
def home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company with an export of a quarter beside it."""
    made = copy_demo(tmp_path_factory.mktemp("readiness") / "home", model_home)
    lines = ["Number;Short description;Category;Opened;Resolved;Reassignment count;Close notes"]
    for day in range(92):
        for category, texts in ASKED.items():
            opened = datetime(2026, 7, 1, 9) + timedelta(days=day)
            noted = "cleared the cache and signed in again" if category == "vpn" else ""
            row = (
                f"{category}{day}",
                texts[day % 2],
                category,
                f"{opened:%d/%m/%Y %H:%M}",
                f"{opened + timedelta(hours=5):%d/%m/%Y %H:%M}",
                str(day % 2),
                noted,
            )
            lines.append(";".join(row))
    (made / "tickets.csv").write_bytes("\n".join(lines).encode("cp1252"))
    return made


def test_a_desk_is_assessed_with_the_articles_of_a_folder(home: Path) -> None:
    done = firstline(home, "assess", "--tickets", "tickets.csv", "--kb", str(ARTICLES), "--html", "page.html", "--keep", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    scores = {one["name"]: one["score"] for one in made["prerequisites"]}
    assert scores["taxonomy"] == scores["history"] == 100
    assert 50 <= scores["knowledge"] <= 80
    assert any(one["text"].startswith("Write articles for “parking”") and one["tickets"] == 92 for one in made["fixes"])
    assert "parking" in (home / "page.html").read_text() and "<script" not in (home / "page.html").read_text()


def test_a_quarter_is_counted_frozen_shown_compared_and_verified(home: Path) -> None:
    made = firstline(home, "baseline", "--tickets", "tickets.csv", "--json")
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert (facts["cycle"], facts["whole"]["tickets"]) == ("2026-Q3", 276)
    assert json.loads(firstline(home, "baseline", "show", "2026-Q3", "--json").stdout)["hash"] == facts["hash"]
    assert firstline(home, "baseline", "--tickets", "tickets.csv").returncode == 0
    taken = firstline(home, "baseline", "--tickets", "tickets.csv", "--cycle", "month", "--name", "2026-Q3")
    assert taken.returncode == 1 and "is not replaced" in taken.stderr
    assert "no clear change" in firstline(home, "baseline", "compare", "2026-Q3", "2026-Q3").stdout
    assert "unchanged" in firstline(home, "baseline", "verify").stdout
    short = firstline(home, "baseline", "--tickets", "tickets.csv", "--cycle", "year")
    assert short.returncode == 1 and "no whole year (the last would be 2025)" in short.stderr
    assert firstline(home, "baseline", "--own", "--weeks", "12").returncode == 1


def test_a_golive_is_simulated_without_a_trace_in_conversations_and_tickets(home: Path) -> None:
    before = firstline(home, "measures", "--json").stdout
    done = firstline(home, "simulate-golive", "--tickets", "tickets.csv", "--sample", "6", "--name", "first", "--json")
    assert done.returncode == 0, done.stderr
    made = {one["category"]: one for one in json.loads(done.stdout)["categories"]}
    assert made["vpn"]["answered"] == 6 and made["parking"]["answered"] == 0
    assert made["vpn"]["low"] < made["vpn"]["mean"] < made["vpn"]["high"]
    assert firstline(home, "measures", "--json").stdout == before
    nothing = firstline(home, "simulate-golive", "check", "first")
    assert nothing.returncode == 1 and "nothing came yet" in nothing.stderr


def test_wrong_use_and_bad_files_end_with_a_sentence(home: Path) -> None:
    (home / "odd.csv").write_text("Colour,Shape\nred,round\n")
    (home / "dates.csv").write_text("Category,Text,Opened\nvpn,x,03/04/2026\n")
    for arguments, says in (
        (("assess",), "give an export"),
        (("assess", "--tickets", "none.csv"), "cannot be read"),
        (("assess", "--tickets", "odd.csv"), "neither categories nor text"),
        (("assess", "--tickets", "tickets.csv", "--kb", "nowhere"), "is no folder"),
        (("baseline", "--tickets", "odd.csv"), "No column for category, opened was found"),
        (("baseline", "--tickets", "dates.csv"), "can be read in two ways (line 2)"),
        (("baseline",), "either --tickets EXPORT or --own"),
        (("simulate-golive", "--tickets", "odd.csv"), "a simulated go-live needs"),
        (("rollout", "set", "vpn", "sideways", "--why", "x"), "is no rung"),
        (("rollout", "set", "vpn", "confirm"), "say why"),
    ):
        done = firstline(home, *arguments)
        assert done.returncode == 2 and says in done.stderr, (arguments, done.stderr)


def test_an_operator_moves_a_category_by_hand_and_takes_it_back(home: Path) -> None:
    moved = firstline(home, "rollout", "set", "vpn", "suggest", "--why", "begin carefully")
    assert moved.returncode == 0 and "vpn is on suggest" in moved.stdout
    shown = json.loads(firstline(home, "rollout", "show", "--json").stdout)
    assert [(one["category"], one["rung"]) for one in shown["categories"]] == [("vpn", "suggest")]
    assert firstline(home, "rollout", "accept", "vpn", "automatic").returncode == 1
    undone = firstline(home, "rollout", "undo", moved.stdout.split()[0])
    assert "vpn is on automatic" in undone.stdout
