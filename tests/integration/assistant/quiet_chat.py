"""Asks a chat model once, with logging wide open, and prints every address that was connected to. Run by a test in a process of its own."""

from __future__ import annotations

import json
import logging
import socket
import sys
from typing import Any

connected: list[Any] = []
plain_connect, plain_resolve = socket.socket.connect, socket.getaddrinfo


def connect(self: socket.socket, address: Any) -> None:
    connected.append(address)
    plain_connect(self, address)


def resolve(host: Any, *more: Any, **options: Any) -> Any:
    connected.append(host)
    return plain_resolve(host, *more, **options)


def main(url: str, key: str, words: str) -> None:
    from pydantic import SecretStr

    from assistant.adapters.models.langchain_chat import LangChainChat
    from assistant.adapters.models.opening import ChatSetup
    from assistant.ports.chat import Ask, ChatFailed, Line

    loaded = [name for name in ("langchain", "langchain_core", "openai", "langsmith") if name in sys.modules]
    socket.socket.connect, socket.getaddrinfo = connect, resolve  # type: ignore[method-assign, assignment]
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    model = LangChainChat(ChatSetup("openai:m", base_url=url, key=SecretStr(key), headers={"X-Team": "it"}))
    failures = []
    texts = [model.ask(Ask((Line("user", words),)), 10.0).text]
    for _ in range(2):
        try:
            model.ask(Ask((Line("user", words),)), 10.0)
        except ChatFailed as failed:
            failures.append(f"{failed!r} {failed.detail} {failed.__cause__!r}")
    print(json.dumps({"loaded": loaded, "connected": connected, "texts": texts, "failures": failures, "shown": f"{model!r} {model.identity}"}))


if __name__ == "__main__":
    main(*sys.argv[1:])
