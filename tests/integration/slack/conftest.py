"""One served company with its workspace for the tests of a file, over each transport."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.service import copy_demo
from tests.support.slack import Office, office

LISTENED, QUIET = "C0LISTENED", "C0QUIETLY0"


@pytest.fixture(scope="module", params=["socket", "http"])
def slack(request: pytest.FixtureRequest, model_home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:  # type: ignore[no-untyped-def]
    """The demo company in Slack."""
    home = copy_demo(tmp_path_factory.mktemp("slack") / "home", model_home)
    channels = {LISTENED: {"confidence": 0.8, "answers": "public"}, QUIET: {"confidence": 0.8, "answers": "ephemeral"}}
    with office(home, request.param, slack_channels=channels, slack_reaction="ask-it", messages_per_minute=100_000) as served:
        yield served


@pytest.fixture(autouse=True)
def _nothing_that_slack_would_refuse(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, nothing that is sent breaks Slack's rules or our own about links and mentions."""
    yield
    if "slack" in request.fixturenames:
        served: Office = request.getfixturevalue("slack")
        assert served.workspace.violations == []
        posts = served.calls("chat.postMessage")
        assert all(post["unfurl_links"] is False and post["unfurl_media"] is False for post in posts)
