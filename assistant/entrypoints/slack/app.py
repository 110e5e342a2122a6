"""The Bolt app: stores what arrives before it is acknowledged, acknowledges at once, and opens and judges modals. All else is done by workers."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from anyio import to_thread
from slack_bolt.async_app import AsyncApp, AsyncAssistant
from slack_bolt.context.assistant.thread_context import AssistantThreadContext
from slack_bolt.context.assistant.thread_context_store.async_store import AsyncAssistantThreadContextStore
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from assistant.entrypoints.slack.app_names import COMMAND, SHORTCUT
from assistant.entrypoints.slack.arriving import APPROVE, ASK_FORM, received_of
from assistant.entrypoints.slack.blocks import CHOICE, CODE, DEVICE
from assistant.entrypoints.slack.forms import Forms
from assistant.entrypoints.slack.parts import SlackParts
from assistant.entrypoints.slack.views import ASK, ENTER, REFUSE, View
from assistant.ports.channels import Received

log = logging.getLogger("firstline.slack")
Put = Callable[[Received], bool]
Node = dict[str, Any]
PRESSES = (CHOICE, DEVICE, APPROVE)
FRESH = "firstline_fresh"
"""In Bolt's context: whether a delivery came for the first time."""


class _NoContext(AsyncAssistantThreadContextStore):
    """Where somebody is looking while they write is not kept: nothing is answered by it."""

    async def save(self, *, channel_id: str, thread_ts: str, context: dict[str, str]) -> None:
        del channel_id, thread_ts, context

    async def find(self, *, channel_id: str, thread_ts: str) -> AssistantThreadContext | None:
        del channel_id, thread_ts
        return None


def open_bolt(parts: SlackParts, put: Put) -> AsyncApp:
    """Return the Bolt app. ``put`` stores what arrived durably and returns whether it came for the first time."""
    config = parts.config
    client = AsyncWebClient(config.bot_token, base_url=config.api, retry_handlers=[])
    quiet = logging.getLogger("firstline.slack.bolt")
    quiet.setLevel(logging.WARNING)  # at INFO it writes down bodies, with what people said
    app = AsyncApp(signing_secret=config.signing_secret or "unused", client=client, logger=quiet, raise_error_for_unhandled_request=False)

    @app.middleware
    async def store_first(body: Node, context: Any, next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse | None:
        received = received_of(body, config, parts.clock.now())
        context[FRESH] = False
        if received is not None:
            try:
                context[FRESH] = await to_thread.run_sync(put, received)
            except Exception:
                log.exception("a delivery could not be stored; it is not acknowledged, so Slack sends it again")
                return BoltResponse(status=503, body="")
        await next()
        return None

    forms = Forms(parts)
    _hear_pane(app, forms)
    _acknowledge(app)
    _open_modals(app, forms)
    return app


def _hear_pane(app: AsyncApp, forms: Forms) -> None:
    pane = AsyncAssistant(thread_context_store=_NoContext(), logger=app.logger)

    @pane.thread_started
    async def started() -> None:
        """The worker greets and offers first questions."""

    @pane.user_message
    async def asked(context: Any, set_status: Any, payload: Node) -> None:
        if context.get(FRESH) and not payload.get("bot_id"):
            try:
                await set_status(await to_thread.run_sync(forms.looking, payload))
            except Exception as error:  # not every thread is in the pane; the answer does not depend on it
                log.info("the pane shows no status: %s", type(error).__name__)

    app.use(pane)


def _acknowledge(app: AsyncApp) -> None:
    async def nothing_more() -> None:
        """It is stored, and a worker does the rest."""

    for event in ("message", "app_mention", "app_home_opened", "reaction_added"):
        app.event(event)(nothing_more)

    async def acknowledged(ack: Any) -> None:
        await ack()

    for press in PRESSES:
        app.action(_beginning(press))(acknowledged)


def _beginning(name: str) -> Any:
    return re.compile(rf"{re.escape(name)}(:|$)")


def _open_modals(app: AsyncApp, forms: Forms) -> None:
    async def opened(ack: Any, body: Node, client: AsyncWebClient, make: Callable[[Node], View]) -> None:
        await ack()
        try:
            await client.views_open(trigger_id=body["trigger_id"], view=await to_thread.run_sync(make, body))
        except Exception as error:
            log.warning("a form could not be opened: %s", type(error).__name__)
            await to_thread.run_sync(forms.say_not_open, body)

    def opens(make: Callable[[Node], View]) -> Callable[..., Awaitable[None]]:
        async def listener(ack: Any, body: Node, client: AsyncWebClient) -> None:
            await opened(ack, body, client, make)

        return listener

    app.action(_beginning(CODE))(opens(forms.code))
    app.action(_beginning(REFUSE))(opens(forms.refuse))
    app.action(_beginning(ASK))(opens(forms.ask))
    app.shortcut(SHORTCUT)(opens(forms.ask_about))

    @app.command(COMMAND)
    async def command(ack: Any, body: Node, client: AsyncWebClient) -> None:
        if str(body.get("text") or "").strip():
            await ack(text=await to_thread.run_sync(forms.below, body))
        else:
            await opened(ack, body, client, forms.ask)

    _judge_modals(app, forms)


def _judge_modals(app: AsyncApp, forms: Forms) -> None:
    def judged(judge: Callable[[Node], Node]) -> Callable[..., Awaitable[None]]:
        async def listener(ack: Any, body: Node) -> None:
            await ack(**await to_thread.run_sync(judge, body))

        return listener

    app.view(ENTER)(judged(forms.judge_code))
    app.view(REFUSE)(judged(forms.judge_refusal))
    app.view(ASK_FORM)(judged(forms.judge_question))
