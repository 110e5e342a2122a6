"""A directory that cannot be reached: nobody is let in, nothing is changed, and that is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.adapters.identity.scim import ScimDirectory, ScimMeaning
from assistant.adapters.identity.scim_wire import open_wire
from assistant.domain.secret import Secret
from tests.support.service import copy_demo, free_port, served_here


@pytest.mark.parametrize("path", ["/v1/me", "/v1/conversations", "/v1/actions"])
def test_a_request_is_answered_with_come_back(path: str, tmp_path: Path, model_home: Path) -> None:
    away = ScimDirectory(open_wire(f"http://127.0.0.1:{free_port()}", Secret("token"), 2, ""), ScimMeaning(frozenset(), False, False, ""))
    home = copy_demo(tmp_path / "home", model_home)
    with served_here(home, change=lambda site: replace(site, directory=away)) as service, service.client("maria.santos") as client:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert "cannot be reached" in answer.json()["detail"]
        with service.assistant.store.read() as unit:
            assert unit.conversations.of_person("maria.santos") == []
