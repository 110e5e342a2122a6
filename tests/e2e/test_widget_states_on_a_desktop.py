"""Every state of the widget on a desktop, in light, dark and right-to-left: a picture of each, and nothing that axe finds wrong."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.support.gallery import LOOKS, looking, show
from tests.support.scenes import SCENES
from tests.support.stage import Stage

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", LOOKS)
def test_every_state_on_a_desktop_is_shown_and_can_be_used_by_everybody(browser: Browser, the_stage: Stage, look: str) -> None:
    with looking(browser, "desktop", look) as page:
        found = [f"{scene.name}: {wrong}" for scene in SCENES for wrong in show(page, the_stage, scene, "desktop", look)]
    assert not found, "\n".join(found)
