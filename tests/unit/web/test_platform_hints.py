"""What clients say of the system that they run on."""

from __future__ import annotations

import pytest

from assistant.entrypoints.web.hints import platform_hint

AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36": "windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15": "macos",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "linux",
    "Mozilla/5.0 (Linux; Android 15; SM-A556B) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36": "android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148": "ios",
    "python-httpx/0.28": "",
    "curl/8.9.1": "",
    "": "",
}


@pytest.mark.parametrize(("agent", "platform"), AGENTS.items())
def test_a_browser_names_its_system_and_a_program_none(agent: str, platform: str) -> None:
    assert platform_hint("", {"user-agent": agent}) == platform


@pytest.mark.parametrize(
    ("told", "platform"), [('"Windows"', "windows"), ('"macOS"', "macos"), ('"Chrome OS"', ""), ("garbage \x00", ""), ("iOS", "ios")]
)
def test_the_client_hint_names_it_in_its_own_words(told: str, platform: str) -> None:
    assert platform_hint("", {"sec-ch-ua-platform": told}) == platform


def test_what_the_widget_says_comes_before_headers_and_the_client_hint_before_the_agent() -> None:
    windows, mac = next(iter(AGENTS)), list(AGENTS)[1]
    assert platform_hint("android", {"sec-ch-ua-platform": '"Windows"', "user-agent": mac}) == "android"
    assert platform_hint("", {"sec-ch-ua-platform": '"Windows"', "user-agent": mac}) == "windows"
    assert platform_hint("unknown", {"user-agent": windows}) == "windows"
