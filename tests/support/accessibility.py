"""What Chromium tells a screen reader, where the keyboard is, and how well text can be told from its ground."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

NAMED_ROLES = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "radio",
    "checkbox",
    "combobox",
    "listbox",
    "tab",
    "dialog",
    "log",
    "heading",
    "image",
    "img",
}
FOCUS = """() => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  const style = active ? getComputedStyle(active) : null;
  const frame = active?.closest('.field') ? getComputedStyle(active.closest('.field')) : null;
  const visible = (one) => one && ((one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) > 0) || one.boxShadow !== 'none');
  return { name: active?.getAttribute('aria-label') || active?.textContent.trim() || active?.getAttribute('name') || '', tag: active?.localName,
           seen: Boolean(visible(style) || visible(frame)) };
}"""
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const parse = (text) => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, { r, g, b, a: a / 255 });
    }
    return known.get(text);
  };
  const mix = (top, under, c) => top[c] * top.a + under[c] * (1 - top.a);
  const over = (top, under) => ({ r: mix(top, under, 'r'), g: mix(top, under, 'g'), b: mix(top, under, 'b'), a: 1 });
  const part = (c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = ({ r, g, b }) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const paper = matchMedia('(prefers-color-scheme: dark)').matches ? { r: 18, g: 18, b: 18, a: 1 } : { r: 255, g: 255, b: 255, a: 1 };
  const ground = (node) => {
    const layers = [];
    for (let one = node; one; one = parent(one)) {
      layers.push(parse(getComputedStyle(one).backgroundColor));
      if (layers.at(-1).a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), paper);
  };
  const faults = [];
  const check = (node) => {
    const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const box = node.getBoundingClientRect();
    if (!own || box.width < 2 || box.height < 2 || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return;
    const style = getComputedStyle(node);
    if (style.clipPath !== 'none' || node.closest('option, [disabled], script, style')) return;
    const back = ground(node);
    const [high, low] = [light(over(parse(style.color), back)), light(back)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < enough) faults.push(`${ratio.toFixed(2)} ${node.localName}.${node.className}: ${node.textContent.trim().slice(0, 40)}`);
  };
  const walk = (root) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) walk(node.shadowRoot);
      check(node);
    }
  };
  walk(document);
  return faults;
}"""


LIGHTNESS = """() => {
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
}"""


def tree(page: Page) -> list[dict[str, Any]]:
    """Return what Chromium tells a screen reader: role, name and properties of every node that is not ignored."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        {
            "role": node["role"]["value"],
            "name": node.get("name", {}).get("value", ""),
            **{fact["name"]: fact["value"].get("value") for fact in node.get("properties", [])},
        }
        for node in nodes
        if not node["ignored"] and "role" in node
    ]


def check_names(page: Page) -> list[dict[str, Any]]:
    """Check that everything that can be used or navigated to has a name, and return the tree."""
    nodes = tree(page)
    nameless = [node for node in nodes if node["role"] in NAMED_ROLES and not node["name"].strip()]
    assert nameless == []
    return nodes


def tab_to(page: Page, name: str | re.Pattern[str], key: str = "Tab", limit: int = 120) -> None:
    """Move the focus with the keyboard until it is on what has this name; every stop must show where it is."""
    for _ in range(limit):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if focus["tag"] != "body":
            assert focus["seen"], f"no visible focus on {focus}"
        if re.fullmatch(name, focus["name"]):
            return
    raise AssertionError(f"the keyboard does not reach {name}")
