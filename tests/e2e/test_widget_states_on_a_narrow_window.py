"""Every state of the widget on a window of 320 pixels, as one of 1280 pixels is at 400 percent (WCAG 1.4.10)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.support.gallery import looking, show
from tests.support.scenes import SCENES
from tests.support.stage import Stage

pytestmark = pytest.mark.browser


def test_on_a_window_of_320_pixels_nothing_is_cut_off_in_any_state_in_a_language_of_long_words(browser: Browser, the_stage: Stage) -> None:
    with looking(browser, "narrow", "light") as page:
        found = [f"{scene.name}: {wrong}" for scene in SCENES for wrong in show(page, the_stage, scene, "narrow", "light", rules=False, frame="de")]
    assert not found, "\n".join(found)
