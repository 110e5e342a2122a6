"""The state folder in which the Monday is played: made anew each time, with the demo company in it on the Friday before."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from evals.monday.script import read_script

if TYPE_CHECKING:
    from assistant.settings import Settings

CHECKLISTS = Path(__file__).with_name("checklists")
"""The demo company's own checklists of joiners."""
FLEET, POLICY = "fleet.csv", "policy.toml"
MARK = "monday.json"
"""In a state folder that was made for the Monday; whatever else is there is the player's to remove."""


class NotHere(Exception):
    """The Monday is not played into this folder; the words say why."""


def clear(home: Path) -> bool:
    """Empty a folder that was made for a Monday before; return whether there was one.

    Raises:
        NotHere: the folder holds anything else.
    """
    if not home.exists() or not any(home.iterdir()):
        return False
    if not (home / MARK).exists():
        raise NotHere(f"{home} holds something that no Monday made; choose an empty folder with --into")
    shutil.rmtree(home)
    return True


def prepare(home: Path, models: Path, note: Callable[[str], None]) -> None:
    """Make the folder, which is empty or not there, and take in the demo company by the real ingestion, on the Friday before. ``models`` holds the
    exported model."""
    from assistant.adapters.clock import PLAYED, DemoClock
    from assistant.adapters.devices.fleet_file import read_fleet_file
    from assistant.adapters.store.fleet import BuiltinFleet
    from assistant.bootstrap import load_people, open_assistant
    from evals.world import DEMO_ARTICLES
    from ingest.report import LineReport
    from ingest.sync import sync

    home.mkdir(parents=True, exist_ok=True)
    hooks = {name: secrets.token_hex(24) for name in ("alerts", "hr")}
    (home / MARK).write_text(json.dumps({"played": True, "hooks": hooks}) + "\n", encoding="utf-8")
    (home / "models").symlink_to(models.resolve())
    DemoClock(home / PLAYED).set(read_script().begins)
    (home / POLICY).write_text(_policy(), encoding="utf-8")
    settings = settings_of(home)
    assistant = open_assistant(settings)
    try:
        sync(DEMO_ARTICLES, assistant.knowledge_base, settings, LineReport(lambda _: None))
        persons, devices = load_people(assistant, DEMO_ARTICLES / "company.toml")
        (home / FLEET).write_text(_fleet(), encoding="utf-8")
        BuiltinFleet(assistant.store.engine, assistant.clock.now).replace(read_fleet_file(home / FLEET))
    finally:
        assistant.close()
    note(f"{home} holds the demo company: {persons} people, {devices} devices")


def hooks_of(home: Path) -> dict[str, str]:
    """Return the secrets with which monitoring and HR sign what they send to this place."""
    found: dict[str, str] = json.loads((home / MARK).read_text(encoding="utf-8"))["hooks"]
    return found


def environment(home: Path) -> dict[str, str]:
    """Return the settings with which the service serves this place."""
    hooks = hooks_of(home)
    return {
        "FIRSTLINE_HOME": str(home),
        "FIRSTLINE_DEMO": "true",
        "FIRSTLINE_DEMO_CLOCK": "true",
        "FIRSTLINE_ALERT_SOURCES": json.dumps({read_script().facts["alerts"]["source"]: {"kind": "generic", "secret": hooks["alerts"]}}),
        "FIRSTLINE_HR_HOOK_SECRET": hooks["hr"],
        "FIRSTLINE_JOINERS_FOLDER": str(CHECKLISTS),
        "FIRSTLINE_POLICY_FILE": str(home / POLICY),
    }


def settings_of(home: Path) -> Settings:
    """Return the same settings for work in this process; nothing of the environment counts."""
    from assistant.settings import Settings

    return Settings(home=home, demo=True, demo_clock=True, policy_file=home / POLICY)


def _policy() -> str:
    """Return the demo company's policy: the packaged one, under which the desk may do less without asking."""
    from assistant.governance.policy_file import PACKAGED

    text, packaged = PACKAGED.read_text(encoding="utf-8"), '[[changes.risks]]\nname = "low"\ndevices_at_most = 10\n'
    if text.count(packaged) != 1:
        raise NotHere("the packaged policy has no risk class low of ten devices any more, which the Monday narrows")
    return text.replace(packaged, packaged.replace("10", str(read_script().facts["fleet"]["without_asking"])))


def _fleet() -> str:
    """Return the list of devices, as device management would export it: all in order, but for some that get no new signatures any more."""
    import csv
    import io

    from assistant.adapters.store.organisation import read_people_file
    from evals.world import DEMO_ARTICLES

    told, made = read_script().facts["fleet"], read_people_file(DEMO_ARTICLES / "company.toml")[0]
    out = io.StringIO()
    rows = csv.DictWriter(out, ("id", "owner", "name", "platform", "os", "kind", "primary", "signatures", "encrypted", "os_version"))
    rows.writeheader()
    for one in made.devices:
        stuck = one.id in told["devices"]
        known = {"id": one.id, "owner": one.owner, "name": one.name, "platform": one.platform.value, "os": one.os, "kind": one.kind}
        found = {
            "primary": "yes" if one.primary else "no",
            "signatures": (told["stuck_since"] if stuck else read_script().begins).isoformat(),
            "encrypted": "yes",
            "os_version": told["versions"].get(one.platform.value, ""),
        }
        rows.writerow(known | found)
    return out.getvalue()
