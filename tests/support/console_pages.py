"""Every address of the console, as the application knows them: nothing that is added can be left out of the checks."""

from __future__ import annotations

from fastapi.routing import APIRoute

from assistant.entrypoints.web.app import PARTS
from assistant.entrypoints.web.attachments import desk
from assistant.entrypoints.web.sign_in import leaving

NAMES = {
    "ticket_id": "T-1001",
    "week": "2026-W47",
    "action_id": "a_none",
    "conversation_id": "c_none",
    "attachment_id": "f_none",
    "draft_id": "1",
    "number": "1",
    "decision": "1",
    "decision_id": "t_none",
    "experiment_id": "x_none",
    "gap_id": "g_none",
    "problem_id": "P-1",
    "group_id": "i_none",
    "change_id": "ch_none",
    "act": "reopen",
    "case_id": "j_none",
    "step": "laptop",
}
"""What stands for the parts of an address where it does not matter whether there is such a thing."""


def routes() -> set[tuple[str, str]]:
    """Return method and path of every address below ``/console``."""
    found = [route for router in (*(part.router for part in PARTS), desk, leaving) for route in router.routes if isinstance(route, APIRoute)]
    return {(method, route.path) for route in found for method in route.methods if route.path.startswith("/console")}


def filled(path: str) -> str:
    """Return a path with something in place of its parts."""
    for name, value in NAMES.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"tests/support/console_pages.py has no example for {path}"
    return path
