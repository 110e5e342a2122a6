"""Any chat model that LangChain opens, as the ``ChatModel`` port. LangChain is loaded when the first model is opened."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assistant.adapters.models.asking import Wording
from assistant.adapters.models.clocked import CALL, Call
from assistant.adapters.models.gathering import Gathering
from assistant.adapters.models.opening import ChatSetup, open_model, silenced
from assistant.adapters.models.troubles import body_of, status_of, trouble_of
from assistant.ports.chat import Answered, Ask, ChatFailed, Trouble

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

GRACE_SECONDS = 0.25
"""How much later than its thread the caller gives up, so that the thread can say what happened."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ended:
    reply: Answered | None = None
    failed: ChatFailed | None = None


class LangChainChat:
    """The ``ChatModel`` port. Each call runs in a thread of its own, so that a time limit holds whatever that thread waits for.

    With an OpenAI-compatible server the thread ends at the limit too; with another provider's package it ends when that package gives up, which it is
    asked to do at ``ChatSetup.longest_seconds``. ``hear`` runs in the caller's thread; what it raises ends the call and reaches the caller as it is.
    """

    def __init__(self, setup: ChatSetup) -> None:
        """Open the model; nothing is connected yet.

        Raises:
            ChatConfigurationError: the model cannot be opened as the setup says.
        """
        self._setup = setup
        self._model: BaseChatModel = open_model(setup)
        self._wording = Wording(setup)
        self._lock = threading.Lock()
        self._version = ""

    def __repr__(self) -> str:
        """Show no key and no address."""
        return f"<LangChainChat {self.identity}>"

    @property
    def identity(self) -> str:
        """See the port: the configured name, or the version of it that the server names in its replies."""
        return self._version or self._setup.model

    @property
    def left_out(self) -> frozenset[str]:
        """Parameters that the server has refused, and that it is not sent any more."""
        return self._wording.left_out

    def ask(self, ask: Ask, seconds: float, hear: Callable[[str], None] = lambda _: None) -> Answered:
        """See the port."""
        until = time.monotonic() + seconds
        call, said = Call(until, heard=ask.schema is None), queue.SimpleQueue[str | _Ended]()
        gathering = Gathering(ask, self._wording.answer_tool(ask), said.put)
        attempt = threading.Thread(target=self._attempt, args=(ask, gathering, call, said), name="chat-model", daemon=True)
        try:
            attempt.start()
        except RuntimeError:
            raise ChatFailed(Trouble.BUSY, "this process can begin no more threads") from None
        try:
            while True:
                try:
                    heard = said.get(timeout=max(until - time.monotonic() + GRACE_SECONDS, 0.0))
                except queue.Empty:
                    raise ChatFailed(Trouble.TIMEOUT, "given up", used=gathering.usage if call.answered else None) from None
                if isinstance(heard, str):
                    hear(heard)
                elif heard.reply is not None:
                    return heard.reply
                elif heard.failed is not None:
                    raise self._without_key(heard.failed)
        finally:
            call.within(0.0)

    def _attempt(self, ask: Ask, gathering: Gathering, call: Call, said: queue.SimpleQueue[str | _Ended]) -> None:
        """Make the call; runs in its own thread and always ends with one ``_Ended``."""
        CALL.set(call)
        until = call.until
        try:
            for piece in self._pieces(ask, call):
                gathering.take(piece)
                self._learn_version(piece)
                if time.monotonic() > until:
                    raise ChatFailed(Trouble.TIMEOUT, "in the middle of the reply")
            said.put(_Ended(gathering.answered()))
        except BaseException as error:  # whatever it is, the caller waits for an end
            failed = trouble_of(error)
            used = failed.used or (gathering.usage if call.answered else None)
            said.put(_Ended(failed=ChatFailed(failed.trouble, failed.detail, failed.after, used)))

    def _pieces(self, ask: Ask, call: Call) -> Iterator[Any]:
        """Yield the pieces of the reply. A parameter that the server does not know is left out, now and from now on."""
        while True:
            try:
                yield from self._stream(ask)
            except Exception as error:
                refused = body_of(error) if status_of(error) in (400, 422) and not call.answered else ""
                with self._lock:
                    left_out = bool(refused) and self._wording.leave_out(ask, refused)
                if not left_out:
                    raise
                log.warning("%s does not understand %s; it is left out from now on", self.identity, ", ".join(sorted(self._wording.left_out)))
            else:
                return

    def _stream(self, ask: Ask) -> Iterator[Any]:
        messages, tools, choice, parameters = self._wording.request(ask)
        model = self._model.bind_tools(tools, tool_choice=choice) if tools else self._model
        with silenced():
            yield from model.stream(messages, **parameters)

    def _learn_version(self, piece: Any) -> None:
        provider, _, name = self._setup.model.partition(":")
        served = piece.response_metadata.get("model_name")
        if isinstance(served, str) and len(served) <= 80 and served.startswith(name) and served.isascii() and served.isprintable():
            self._version = f"{provider}:{served}"

    def _without_key(self, failed: ChatFailed) -> ChatFailed:
        key = self._setup.key.get_secret_value()
        if key and key in failed.detail:
            return ChatFailed(failed.trouble, "", failed.after, failed.used)
        return failed
