"""A provider that is reached by its own LangChain package: here a package that is made for the test."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.ports.chat import Ask, ChatFailed, Line, Trouble, Usage

PACKAGE = """
import time
from typing import Any
from langchain_core.exceptions import ModelRateLimitError
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import SecretStr

SCRIPT, OPENED, BOUND = [], [], []


class ChatGroq(BaseChatModel):
    model: str
    api_key: SecretStr | None = None
    max_retries: int = 2
    timeout: float | None = None

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        OPENED.append(given)

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def bind_tools(self, tools: Any, *, tool_choice: Any = None, **more: Any) -> Any:
        BOUND.append((tools, tool_choice))
        return self.bind()

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **more: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=SCRIPT.pop(0))])

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **more: Any) -> Any:
        if isinstance(SCRIPT[0], AIMessage) and not isinstance(SCRIPT[0], AIMessageChunk):
            yield ChatGenerationChunk(message=AIMessageChunk(**SCRIPT.pop(0).model_dump(exclude={"type"})))
            return
        while SCRIPT:
            step = SCRIPT.pop(0)
            if isinstance(step, float):
                time.sleep(step)
            elif isinstance(step, Exception):
                raise step
            else:
                yield ChatGenerationChunk(message=step)
"""
TOOL = {"name": "look_up", "description": "Look it up.", "parameters": {"type": "object", "properties": {"for": {"type": "string"}}}}
HELLO = Ask((Line("user", "My VPN is slow"),))
TOOLS = Ask(HELLO.lines, tools=(TOOL,))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "langchain_groq.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(str(tmp_path))
    from langchain.chat_models import base

    base._get_chat_model_creator.cache_clear()
    import langchain_groq  # type: ignore[import-not-found]

    yield langchain_groq
    del sys.modules["langchain_groq"]
    base._get_chat_model_creator.cache_clear()


def model() -> LangChainChat:
    return LangChainChat(ChatSetup("groq:m", structured="tool", key=SecretStr("sk-x")))


def piece(text: str = "", **more: Any) -> Any:
    from langchain_core.messages import AIMessageChunk

    return AIMessageChunk(content=text, **more)


def fragment(args: str, **more: Any) -> Any:
    from langchain_core.messages.tool import tool_call_chunk

    return piece(tool_call_chunks=[tool_call_chunk(args=args, **more)])


def failing(ask: Ask = HELLO, seconds: float = 5.0) -> Trouble:
    with pytest.raises(ChatFailed) as caught:
        model().ask(ask, seconds)
    return caught.value.trouble


def test_its_pieces_are_put_together(package: Any) -> None:
    usage = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
    package.SCRIPT += [
        piece("Open "),
        piece("it."),
        fragment('{"for":', id="a", name="look_up", index=0),
        fragment('"x"}', index=0),
        piece(usage_metadata=usage),
    ]
    answered = model().ask(TOOLS, 5.0)
    assert (answered.text, [(call.tool, call.arguments) for call in answered.calls], answered.usage) == (
        "Open it.",
        [("look_up", {"for": "x"})],
        Usage(9, 4),
    )


def test_it_is_opened_without_retries_and_with_its_key(package: Any) -> None:
    model()
    assert package.OPENED[0]["max_retries"] == 0
    assert package.OPENED[0]["api_key"].get_secret_value() == "sk-x"


def test_text_in_blocks_is_text(package: Any) -> None:
    package.SCRIPT += [piece([{"type": "text", "text": "Open it.", "index": 0}]), piece([{"type": "thinking", "thinking": "Hm.", "index": 1}])]  # type: ignore[arg-type]
    assert model().ask(HELLO, 5.0).text == "Open it."


@pytest.mark.parametrize("reason", ["stop_reason", "finish_reason"])
def test_the_reason_why_it_stopped_counts(package: Any, reason: str) -> None:
    package.SCRIPT += [piece("Half of", response_metadata={reason: "max_tokens"})]
    assert failing() is Trouble.CUT_OFF


def test_its_errors_are_known_by_their_kind(package: Any) -> None:
    from langchain_core.exceptions import ModelRateLimitError

    package.SCRIPT += [ModelRateLimitError("slow down"), TimeoutError(), ConnectionRefusedError(), ValueError("odd")]
    opened = model()
    troubles = []
    for _ in range(4):
        with pytest.raises(ChatFailed) as caught:
            opened.ask(HELLO, 5.0)
        troubles.append(caught.value.trouble)
    assert troubles == [Trouble.RATE_LIMITED, Trouble.TIMEOUT, Trouble.UNAVAILABLE, Trouble.BROKEN_STREAM]


def test_it_is_given_up_at_the_limit_whatever_its_package_does(package: Any) -> None:
    opened = model()
    package.SCRIPT += [piece("Open "), 3.0, piece("it.")]
    began = time.monotonic()
    with pytest.raises(ChatFailed) as caught:
        opened.ask(HELLO, 0.3)
    assert caught.value.trouble is Trouble.TIMEOUT
    assert time.monotonic() - began < 1.0


def test_an_object_is_asked_for_by_a_tool(package: Any) -> None:
    package.SCRIPT += [fragment('{"intent": "vpn"}', id="a", name="understood", index=0)]
    assert model().ask(Ask(HELLO.lines, schema={"title": "understood", "type": "object"}), 5.0).text == '{"intent": "vpn"}'
    assert package.BOUND[0][1] == "understood"
