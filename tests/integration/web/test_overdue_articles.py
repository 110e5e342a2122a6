"""Articles past their review date reach their owners: in the weekly report, in its JSON, and on the authors' page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.support.service import Address, firstline, served_here

OVERDUE = """---
id: {key}
title: {title}
owner: {owner}
audience: [{audience}]
review_by: 2020-02-01
---
Turn the pump off before the filter is changed.
"""
AUTHOR = "elin.berg"


def page(service: Address) -> str:
    cookies = httpx.Cookies({"firstline_session": service.token(AUTHOR)})
    with httpx.Client(base_url=service.url, cookies=cookies, trust_env=False) as client:
        shown = client.get("/console/gaps")
    assert shown.status_code == 200
    return shown.text


def write(folder: Path, key: str, title: str, owner: str, audience: str) -> None:
    (folder / f"{key}.md").write_text(OVERDUE.format(key=key, title=title, owner=owner, audience=audience), encoding="utf-8")


def test_overdue_articles_are_listed_by_owner_for_those_who_may_read_them(demo_home: Callable[[str], Path], tmp_path: Path) -> None:
    home, folder = demo_home("late"), tmp_path / "articles"
    folder.mkdir()
    write(folder, "pump-open", "Change the filter <b>of</b> the pump", "pumps@lindqvist.example", "everyone")
    write(folder, "pump-closed", "Change the secret filter", "pumps@lindqvist.example", "treasury-only")
    write(folder, "pump-orphan", "Change the other filter", '""', "everyone")
    assert firstline(home, "ingest", "sync", str(folder)).returncode == 0
    report = firstline(home, "gaps")
    assert report.returncode == 0, report.stderr
    assert "Articles past their review date, by owner" in report.stdout
    assert "pump-closed: Change the secret filter (review by 2020-02-01" in report.stdout
    owners = {row["owner"]: [one["article"] for one in row["articles"]] for row in json.loads(firstline(home, "gaps", "--json").stdout)["overdue"]}
    assert owners["pumps@lindqvist.example"] == ["pump-closed", "pump-open"]
    assert owners[""] == ["pump-orphan"]
    with served_here(home) as service:
        shown = page(service)
    assert "Articles that need their owner" in shown
    assert "Change the filter &lt;b&gt;of&lt;/b&gt; the pump" in shown
    assert "No owner" in shown
    assert "secret filter" not in shown
