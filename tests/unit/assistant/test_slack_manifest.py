"""The manifest installs: its form is the one that Slack publishes, and it asks for exactly the rights that the app uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from assistant.agent.languages.known import LANGUAGES
from assistant.entrypoints.slack.app_names import COMMAND, SHORTCUT
from assistant.entrypoints.slack.manifest import as_yaml, manifest
from assistant.entrypoints.slack.words import words
from evals.slack.workspace import EVENTS, SCOPES

SURFACE = Path(__file__).parent.parent.parent.parent / "assistant" / "entrypoints" / "slack"
LIMITS = {"name": 35, "description": 140, "background_color": 7}
"""docs.slack.dev/reference/app-manifest"""
OWN_SCOPES = {"commands": "slash commands and shortcuts", "users:read.email": "addresses in users.info and users.lookupByEmail"}


@pytest.mark.parametrize("url", ["", "https://help.example.com"])
class TestItsForm:
    def test_every_part_is_within_its_limit(self, url: str) -> None:
        made = yaml.safe_load(as_yaml(url))
        assert made == manifest(url)
        shown = made["display_information"]
        assert all(len(shown[name]) <= limit for name, limit in LIMITS.items())
        assert 174 <= len(shown["long_description"]) <= 4_000
        assert re.fullmatch("#[0-9a-f]{6}", shown["background_color"])
        assert len(made["features"]["bot_user"]["display_name"]) <= 80
        (command,) = made["features"]["slash_commands"]
        assert command["command"].startswith("/") and len(command["command"]) <= 32
        assert len(command["description"]) <= 2_000 and len(command["usage_hint"]) <= 1_000
        (shortcut,) = made["features"]["shortcuts"]
        assert shortcut["type"] == "message" and len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255 and len(shortcut["description"]) <= 150
        assert len(made["oauth_config"]["scopes"]["bot"]) <= 255 and len(made["settings"]["event_subscriptions"]["bot_events"]) <= 100

    def test_every_delivery_goes_to_one_address_or_over_socket_mode(self, url: str) -> None:
        made = manifest(url)
        found = re.findall(r"https://[^'\"\s,}]+", str(made))
        assert set(found) == ({"https://help.example.com/slack/events"} if url else set())
        assert made["settings"]["socket_mode_enabled"] is not bool(url)
        assert len(found) == (3 if url else 0)


class TestItsRights:
    def test_it_asks_for_what_its_calls_and_events_need_and_for_nothing_else(self) -> None:
        source = "".join(path.read_text() for path in SURFACE.glob("*.py"))
        called = set(re.findall(r'"((?:chat|conversations|users|views|assistant\.threads|auth)\.[A-Za-z]+)"', source))
        assert called <= SCOPES.keys()
        made = manifest()
        events = set(made["settings"]["event_subscriptions"]["bot_events"])
        wanted = {scope for name in called for scope in SCOPES[name]} | {EVENTS[name] for name in events if EVENTS[name]} | OWN_SCOPES.keys()
        assert set(made["oauth_config"]["scopes"]["bot"]) == wanted

    def test_every_event_that_the_app_hears_is_subscribed(self) -> None:
        app = (SURFACE / "app.py").read_text() + (SURFACE / "arriving.py").read_text()
        subscribed = {name.partition(".")[0] for name in manifest()["settings"]["event_subscriptions"]["bot_events"]}
        heard = {name for name in ("message", "app_mention", "app_home_opened", "reaction_added", "assistant_thread_started") if f'"{name}"' in app}
        assert heard <= subscribed and len(heard) == 5
        assert (COMMAND, SHORTCUT) == ("/it", "ask_it")


class TestItsWords:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_no_sentence_is_missing_none_is_left_over_and_the_placeholders_are_the_same(self, language: str) -> None:
        english, other = words("en"), words(language)
        assert english.keys() == other.keys()
        for name, sentence in other.items():
            assert set(re.findall(r"\{(\w+)\}", sentence)) == set(re.findall(r"\{(\w+)\}", english[name])), name
            assert sentence.strip() and "!" not in sentence

    @pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
    def test_nothing_was_left_in_english(self, language: str) -> None:
        assert [name for name, sentence in words(language).items() if sentence == words("en")[name]] == []

    def test_every_sentence_is_said_somewhere(self) -> None:
        source = "".join(path.read_text() for path in SURFACE.glob("*.py"))
        composed = ("status_", "prompt_")
        assert [name for name in words("en") if f'"{name}"' not in source and f"'{name}'" not in source and not name.startswith(composed)] == []
