"""What is said to a model goes to that model's server and nowhere else: not to a tracer, a proxy of the environment, a log or an error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from assistant.adapters.memory.scripted_chat import Said
from assistant.adapters.models.opening import ChatConfigurationError, ChatSetup, open_model
from tests.support.raw_chat_server import RawChatServer, head, rendered, running_raw_chat, whole

KEY, WORDS = "sk-test-0123456789abcdef", "the-words-of-ann"
SCRIPT = Path(__file__).with_name("quiet_chat.py")


@pytest.fixture
def raw() -> Iterator[RawChatServer]:
    with running_raw_chat() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[RawChatServer]:
    with running_raw_chat() as server:
        server.answer = lambda _: [head(200, "application/json"), b"{}"]
        yield server


def asked_in(environment: dict[str, str], url: str) -> tuple[dict[str, Any], str]:
    """Ask in a process with this environment; return what it printed and everything that it logged."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), url, KEY, WORDS],
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_nothing_in_the_environment_makes_a_conversation_go_elsewhere_or_be_logged(raw: RawChatServer, elsewhere: RawChatServer) -> None:
    raw.plays += [
        rendered(Said("Hello.")),
        [whole({"error": {"message": f"{KEY} {WORDS}", "code": KEY}}, 401)],
        [head(200), f"data: {KEY}\n\n".encode()],
    ]
    away = elsewhere.url
    names = ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT", "LANGSMITH_GATEWAY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_PROXY")
    proxies = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
    environment = {
        **dict.fromkeys((*names, *proxies), away),
        **dict.fromkeys(("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGCHAIN_TRACING"), "true"),
        "LANGSMITH_API_KEY": "lsv2_x",
        "OPENAI_API_KEY": "sk-of-the-environment",
        "OPENAI_ORG_ID": "org-of-the-environment",
        "OPENAI_PROJECT_ID": "project-of-the-environment",
        "OPENAI_CUSTOM_HEADERS": "X-Custom: of-the-environment",
        "OPENAI_LOG": "debug",
        "NO_PROXY": "",
        "no_proxy": "",
    }
    printed, logged = asked_in(environment, raw.url)
    assert printed["texts"] == ["Hello."]
    assert printed["loaded"] == []
    assert elsewhere.heard == []
    assert {json.dumps(place) for place in printed["connected"]} == {'"127.0.0.1"', json.dumps(["127.0.0.1", raw.port])}
    assert all(secret not in text for secret in (KEY, WORDS) for text in (logged, json.dumps(printed)))
    assert len(printed["failures"]) == 2


def test_only_the_configured_headers_leave(raw: RawChatServer) -> None:
    raw.plays += [rendered(Said("Hello."))] * 3
    asked_in({"OPENAI_ORG_ID": "org-x", "OPENAI_CUSTOM_HEADERS": "X-Custom: y"}, raw.url)
    sent = raw.heard[0].headers
    assert (sent["authorization"], sent["x-team"], sent["user-agent"]) == (f"Bearer {KEY}", "it", "Firstline")
    assert set(sent) <= {"host", "authorization", "x-team", "user-agent", "accept", "accept-encoding", "connection", "content-type", "content-length"}


class TestSetups:
    def test_a_setup_shows_no_key_and_no_header(self) -> None:
        shown = repr(ChatSetup("openai:m", key=SecretStr(KEY), headers={"api-key": "other-secret"}))
        assert KEY not in shown
        assert "other-secret" not in shown

    def test_the_key_is_not_inside_langchain(self) -> None:
        opened = open_model(ChatSetup("openai:m", base_url="http://127.0.0.1:9/v1", key=SecretStr(KEY)))
        assert KEY not in f"{opened!r} {opened.model_dump()}"

    UNUSABLE: list[tuple[dict[str, Any], str]] = [
        ({"model": "gpt-5-mini"}, "PROVIDER:NAME"),
        ({"model": ""}, "PROVIDER:NAME"),
        ({"model": "openai:"}, "PROVIDER:NAME"),
        ({"model": "openai:m"}, "needs a key"),
        ({"model": "mistralai:m", "structured": "tool"}, "langchain-mistralai"),
        ({"model": "anthropic:m", "structured": "prompt"}, "langchain-anthropic"),
        ({"model": "parrot:m", "structured": "tool"}, "parrot"),
        ({"model": "mistralai:m"}, "tool or prompt"),
        ({"model": "mistralai:m", "structured": "tool", "proxy": "http://gate"}, "openai: alone"),
        ({"model": "openai:m", "base_url": "ftp://x"}, "URL"),
        ({"model": "openai:m", "base_url": "x.example/v1"}, "URL"),
        ({"model": "openai:m", "base_url": "https://user:secret-part@x.example"}, "URL"),
        ({"model": "openai:m", "base_url": "http://x", "key": SecretStr("a\nb")}, "key"),
        ({"model": "openai:m", "base_url": "http://x", "key": SecretStr("sécret-part")}, "key"),
        ({"model": "openai:m", "base_url": "http://x", "headers": {"X y": "secret-part"}}, "header"),
        ({"model": "openai:m", "base_url": "http://x", "headers": {"X": "secret-part\r\nY: 1"}}, "header"),
        ({"model": "openai:m", "base_url": "http://x", "proxy": "secret-part@gate"}, "proxy"),
        ({"model": "openai:m", "base_url": "http://x", "ca_file": "nowhere.pem"}, "certificates"),
    ]

    @pytest.mark.parametrize(("setup", "why"), UNUSABLE)
    def test_what_cannot_be_opened_says_why_and_no_secret(self, setup: dict[str, Any], why: str) -> None:
        with pytest.raises(ChatConfigurationError, match=why) as caught:
            open_model(ChatSetup(**setup))
        assert "secret-part" not in f"{caught.value!r}"
        assert caught.value.__cause__ is None
