"""Opens chat models by LangChain, with everything said by the setup and nothing by the environment."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

OPENAI = "https://api.openai.com/v1"
HELD_BY_THE_TRANSPORT = "held-by-the-transport"
MODEL = re.compile(r"[a-z0-9_]+:[^\s\x00-\x1f]{1,200}")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
SWITCHES = ("LANGSMITH_", "LANGCHAIN_")


class ChatConfigurationError(ValueError):
    """A model cannot be opened as it is configured; the message says why and holds no key."""


@dataclass(frozen=True, slots=True)
class ChatSetup:
    """How one chat model is reached. ``repr`` shows neither the key nor the headers."""

    model: str
    """Provider and model, such as ``openai:gpt-5-mini``; any OpenAI-compatible server is ``openai`` with a ``base_url``."""
    base_url: str = ""
    """Where its API is, such as ``https://models.example.com/v1``; empty means the provider's own address."""
    key: SecretStr = SecretStr("")
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """More headers for an OpenAI-compatible server. ``Authorization`` among them stands in place of the key."""
    temperature: float | None = None
    """None leaves it to the model; some models take no other than their own."""
    structured: Literal["json_schema", "json_object", "tool", "prompt"] = "json_schema"
    """How an object is asked for. A server that refuses ``response_format`` is asked in words from then on. Providers other than ``openai``
    understand ``tool`` and ``prompt``."""
    usage: bool = True
    """Ask for the number of tokens at the end of each stream."""
    proxy: str = field(default="", repr=False)
    """URL of a proxy for an OpenAI-compatible server; those of the environment are not used."""
    ca_file: str = ""
    """Certificates that vouch for the server; empty means those of the system."""
    longest_seconds: float = 120.0
    """When the provider's package gives up; the limit of each call is given with the call."""

    @property
    def is_openai(self) -> bool:
        """The wire is that of OpenAI, and Firstline's own transport is used."""
        return self.model.startswith("openai:")


def open_model(setup: ChatSetup) -> BaseChatModel:
    """Return LangChain's model for a setup. Nothing is connected.

    Raises:
        ChatConfigurationError: the model's name, its address or a header cannot be used, or a package is missing.
    """
    _check(setup)
    _switch_off()
    try:
        from langchain.chat_models import init_chat_model
    except ImportError:
        raise ChatConfigurationError("chat models need the packages langchain and langchain-openai") from None
    provider, _, name = setup.model.partition(":")
    try:
        with silenced():
            opened: BaseChatModel = init_chat_model(name, model_provider=provider, **(_openai(setup) if setup.is_openai else _other(setup)))
    except ChatConfigurationError:
        raise
    except ImportError as error:
        package = re.search(r"pip install ([\w-]+)", str(error))
        wanted = package.group(1) if package else f"langchain-{provider.replace('_', '-')}"
        raise ChatConfigurationError(f"{setup.model} needs the package {wanted}; install it beside Firstline") from None
    except Exception as error:
        if "Unsupported provider" in str(error):
            raise ChatConfigurationError(
                f"LangChain knows no provider {provider!r}; an OpenAI-compatible server is openai: with its address"
            ) from None
        raise ChatConfigurationError(f"{setup.model} cannot be opened ({type(error).__name__})") from None
    return opened


def silenced() -> AbstractContextManager[None]:
    """Return a context in which nothing is traced, whatever the environment or other code in this process asks for."""
    from langsmith.run_helpers import tracing_context

    return tracing_context(enabled=False)


def _switch_off() -> None:
    """Take LangChain's own switches out of this process (they send text elsewhere), and keep conversations out of its debugging logs."""
    for name in [name for name in os.environ if name.startswith(SWITCHES)]:
        del os.environ[name]
    for name in ("openai", "langchain", "langchain_core", "langchain_openai", "langsmith"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _check(setup: ChatSetup) -> None:
    if not MODEL.fullmatch(setup.model):
        raise ChatConfigurationError("a model is PROVIDER:NAME, such as openai:gpt-5-mini")
    _check_way(setup)
    key = setup.key.get_secret_value()
    if not key.isascii() or any(not 32 < ord(letter) < 127 for letter in key):
        raise ChatConfigurationError(f"the key of {setup.model} has characters that a key cannot have")
    if setup.is_openai:
        if not (setup.base_url or key or _says_who(setup)):
            raise ChatConfigurationError(f"{setup.model} needs a key")
    elif setup.structured not in ("tool", "prompt"):
        raise ChatConfigurationError(f"{setup.model} is asked for objects by tool or prompt; {setup.structured} is for openai: alone")
    elif setup.headers or setup.proxy or setup.ca_file:
        raise ChatConfigurationError(f"{setup.model} is reached by its own package; headers, a proxy and certificates are for openai: alone")


def _check_way(setup: ChatSetup) -> None:
    if setup.base_url:
        parts = urlsplit(setup.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ChatConfigurationError(f"the address of {setup.model} is no http or https URL without a user and a query")
    if setup.proxy and (urlsplit(setup.proxy).scheme not in ("http", "https") or not urlsplit(setup.proxy).hostname):
        raise ChatConfigurationError(f"the proxy of {setup.model} is no http or https URL")
    if any(not HEADER.fullmatch(name) or not value.isascii() or not value.isprintable() for name, value in setup.headers.items()):
        raise ChatConfigurationError(f"a header of {setup.model} has characters that a header cannot have")


def _says_who(setup: ChatSetup) -> bool:
    return any(name.lower() == "authorization" for name in setup.headers)


def _openai(setup: ChatSetup) -> dict[str, Any]:
    import httpx

    from assistant.adapters.models.transport import ChatTransport

    key = setup.key.get_secret_value()
    headers = dict(setup.headers) if _says_who(setup) or not key else {"Authorization": f"Bearer {key}", **setup.headers}
    return {
        "api_key": HELD_BY_THE_TRANSPORT,
        "base_url": setup.base_url or OPENAI,
        "http_client": httpx.Client(transport=ChatTransport(_trust(setup), headers, setup.proxy), timeout=setup.longest_seconds, trust_env=False),
        "http_socket_options": (),
        "openai_proxy": "",
        "max_retries": 0,
        "use_responses_api": False,
    }


def _other(setup: ChatSetup) -> dict[str, Any]:
    key = {"api_key": setup.key} if setup.key.get_secret_value() else {}
    address = {"base_url": setup.base_url} if setup.base_url else {}
    heat = {"temperature": setup.temperature} if setup.temperature is not None else {}
    return {"max_retries": 0, "timeout": setup.longest_seconds, **key, **address, **heat}


def _trust(setup: ChatSetup) -> Any:
    import ssl

    try:
        return ssl.create_default_context(cafile=setup.ca_file or None)
    except (OSError, ssl.SSLError):
        raise ChatConfigurationError(f"the certificates for {setup.model} cannot be read from {setup.ca_file}") from None
