"""The ways to a chat server: TLS with the company's own certificates, and a configured proxy."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from assistant.adapters.memory.scripted_chat import Said
from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.ports.chat import Ask, ChatFailed, Line, Trouble
from tests.support.raw_chat_server import RawChatServer, Wait, head, rendered, running_raw_chat
from tests.support.slapd_server import certificate

HELLO = Ask((Line("user", "My VPN is slow"),))


@pytest.fixture
def raw() -> Iterator[RawChatServer]:
    with running_raw_chat() as server:
        yield server


class TestProxies:
    def test_a_configured_proxy_is_asked_with_its_own_credentials(self, raw: RawChatServer) -> None:
        raw.play(*rendered(Said("Hello.")))
        proxy = f"http://gate:keeper@127.0.0.1:{raw.port}"
        setup = ChatSetup("openai:m", base_url="http://models.invalid/v1", key=SecretStr("sk-x"), proxy=proxy)
        assert LangChainChat(setup).ask(HELLO, 10.0).text == "Hello."
        assert raw.heard[0].line.startswith("POST http://models.invalid")
        assert raw.heard[0].headers["proxy-authorization"].startswith("Basic ")
        assert "keeper" not in repr(setup)

    def test_a_proxy_that_refuses_is_unavailable_or_refuses(self, raw: RawChatServer) -> None:
        raw.play(head(407))
        with pytest.raises(ChatFailed) as caught:
            LangChainChat(ChatSetup("openai:m", base_url="http://models.invalid/v1", proxy=f"http://127.0.0.1:{raw.port}")).ask(HELLO, 10.0)
        assert caught.value.trouble is Trouble.REFUSED


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not installed")
class TestTls:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> str:
        return str(certificate(tmp_path))

    @pytest.fixture
    def protected(self, authority: str) -> Iterator[RawChatServer]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority, Path(authority).with_name("server.key"))
        with running_raw_chat(context) as server:
            yield server

    @staticmethod
    def opened(server: RawChatServer, **setup: Any) -> LangChainChat:
        return LangChainChat(ChatSetup("openai:m", base_url=server.url.replace("http:", "https:"), **setup))

    def test_a_server_with_the_companys_certificate_is_trusted(self, protected: RawChatServer, authority: str) -> None:
        protected.play(*rendered(Said("Hello.")))
        assert self.opened(protected, ca_file=authority).ask(HELLO, 10.0).text == "Hello."

    def test_a_certificate_that_nobody_vouches_for_gets_nothing(self, protected: RawChatServer) -> None:
        with pytest.raises(ChatFailed) as caught:
            self.opened(protected, key=SecretStr("sk-x")).ask(HELLO, 10.0)
        assert caught.value.trouble is Trouble.UNAVAILABLE
        assert protected.heard == []

    def test_the_time_limit_holds_over_tls(self, protected: RawChatServer, authority: str) -> None:
        protected.play(head(), Wait(5.0))
        with pytest.raises(ChatFailed) as caught:
            self.opened(protected, ca_file=authority).ask(HELLO, 1.0)
        assert caught.value.trouble is Trouble.TIMEOUT
