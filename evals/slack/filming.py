"""Turns the pages of a scene into pictures: a still of each named moment, and all of them as one animation."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

from evals.slack.scene import Reel

SIZE: Any = {"width": 920, "height": 720}
LOW, AROUND = 420, 150
"""A still is as high as its messages: at least so much, and so much more for what stands around them."""
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"]
QUALITY = 80


def _height(tab: Any) -> int:
    return max(LOW, AROUND + int(tab.evaluate("document.querySelector('.inner').offsetHeight")))


class NoBrowser(RuntimeError):
    """There is no chromium to draw with."""


def film(reel: Reel, folder: Path) -> list[Path]:
    """Write ``slack-NAME.png`` for each named moment and ``slack.webp`` for all of them; return the files.

    Raises:
        NoBrowser: Debian's chromium is not installed.
    """
    from PIL import Image
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    if executable is None:
        raise NoBrowser("chromium is not installed (Debian: apt-get install chromium)")
    folder.mkdir(parents=True, exist_ok=True)
    drawn, written = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        tab = browser.new_page(viewport=SIZE)
        for name, shown, seconds in reel.frames:
            tab.set_content(shown)
            picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
            drawn.append((picture, int(seconds * 1_000)))
            if name:
                tab.set_viewport_size({**SIZE, "height": _height(tab)})
                written.append(folder / f"slack-{name}.png")
                Image.open(io.BytesIO(tab.screenshot())).convert("RGB").quantize(128).save(written[-1], optimize=True)
                tab.set_viewport_size(SIZE)
        browser.close()
    written.append(folder / "slack.webp")
    first, *rest = [picture for picture, _ in drawn]
    first.save(
        written[-1], save_all=True, append_images=rest, duration=[milliseconds for _, milliseconds in drawn], loop=0, quality=QUALITY, method=6
    )
    return written
