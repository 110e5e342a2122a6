"""axe-core over a page: every rule of WCAG 2.2 A and AA, and the best practices that go with them."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Page

RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
  const why = (node) => node.failureSummary.split('\\n').slice(0, 2).join(' ');
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} (${why(node)})`));
}"""


@cache
def _source() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("axe is not installed (requirements/install.sh dev)")
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page and everything in its shadow roots, one line for each element."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(RUN)
    return found
