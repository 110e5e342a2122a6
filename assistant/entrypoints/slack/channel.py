"""Slack as a channel: shows what happens in a conversation in the thread where its person talks, and privately what is not for everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from assistant.domain.configuration import Device
from assistant.domain.reply import Reply, ReplyKind
from assistant.entrypoints.slack.blocks import Block, Said, Shown, line, said, section
from assistant.entrypoints.slack.calls import CLOSED, TOO_MUCH, Calls, SlackRefused
from assistant.entrypoints.slack.mrkdwn import escaped, sections
from assistant.entrypoints.slack.places import HEARD, SLACK, Spot, tag_of
from assistant.entrypoints.slack.words import say
from assistant.ports.channels import Delivery, Posted, Thread
from assistant.ports.clock import Clock
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.store import Event, Store

log = logging.getLogger("firstline.slack")
NOTE = "/note"


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """The ``Channel`` port over Slack."""

    calls: Calls
    store: Store
    clock: Clock
    link_hosts: Callable[[], Sequence[str]]
    devices_of: Callable[[str], Sequence[Device]]
    name: str = SLACK

    def deliver(self, delivery: Delivery) -> str:
        """See the port. What arrives where it cannot be posted goes to the person as a direct message."""
        spot = Spot.of(delivery.thread.place)
        if not self._is_shown_here(delivery, spot):
            return ""
        if delivery.confidential:
            return self._privately(delivery, spot, "sent_privately")
        try:
            post = self._post(spot, self._said(delivery, not spot.is_public), delivery)
            self._close_earlier(delivery)
            return post
        except SlackRefused as refused:
            if spot.is_direct or refused.error not in CLOSED:
                raise
            return self._privately(delivery, spot, "")

    # -- where it is shown ----------------------------------------------------------------------------------------------

    def _is_shown_here(self, delivery: Delivery, spot: Spot) -> bool:
        event, others = delivery.event, self._siblings(delivery.thread)
        tag = tag_of(str(event.body["reply"].get("message", ""))) if event.body["type"] == "reply" else ""
        if tag and tag != spot.tag and any(tag == one.tag for one in others):
            return False
        if not tag and spot.is_public and any(one.is_direct for one in others):
            return False
        return not (spot.mode == HEARD and not self._worth_saying(delivery.thread, event))

    def _siblings(self, thread: Thread) -> list[Spot]:
        with self.store.read() as unit:
            found = unit.threads.of_conversation(thread.conversation)
        return [Spot.of(one.place) for one in found if one.place.channel == SLACK and one.person == thread.person and one != thread]

    def _worth_saying(self, thread: Thread, event: Event) -> bool:
        """Where nobody called us, only an answer begins to speak; once it has, the conversation is like any other."""
        if event.body["type"] == "reply" and event.body["reply"]["kind"] == ReplyKind.ANSWER.value:
            return True
        with self.store.read() as unit:
            before = [one for one in unit.conversations.events(thread.conversation) if one.number < event.number]
        return any(one.body["type"] == "reply" and one.body["reply"]["kind"] == ReplyKind.ANSWER.value for one in before)

    # -- posting --------------------------------------------------------------------------------------------------------

    def _close_earlier(self, delivery: Delivery) -> None:
        """Show where an action stands now in what this event leaves behind: its card, a question for a code, a request. Nothing can be pressed there.

        The event is shown whether that comes about or not.
        """
        action = (delivery.event.body.get("reply") or {}).get("action")
        if not action:
            return
        conversation = delivery.thread.conversation
        with self.store.read() as unit:
            asked = [one for one in unit.conversations.events(conversation) if one.number < delivery.event.number and _asks(one, action["id"])]
            posts = [(one, post) for one in asked for post in unit.posts.about(SLACK, f"{conversation}/{one.number}")]
        for event, post in posts:
            card = event.body["reply"]["action"]["needs"] == "press"
            reply = Reply.model_validate({**event.body["reply"], "action": {**action, "needs": "press" if card else ""}})
            channel, _, ts = post.post.partition(":")
            try:
                self.calls.change(channel, ts, said(reply, Shown(self.link_hosts(), self._today(), str(event.number), over=True)))
            except (Refused, Unavailable) as error:
                log.info("what was asked keeps its buttons: %s", error)

    def _post(self, spot: Spot, message: Said, delivery: Delivery, key: str = "") -> str:
        key = key or delivery.key
        if spot.mode and not spot.is_public:
            return f"{spot.channel}:{self.calls.show_alone(spot.channel, spot.user, message, spot.thread)}"
        known = self.calls.find(spot.channel, spot.thread, key) if delivery.uncertain else ""
        return f"{spot.channel}:{known or self._accepted(spot.channel, spot.thread, message, key)}"

    def _accepted(self, channel: str, thread: str, message: Said, key: str) -> str:
        """Post a message; where Slack does not take its form, its words alone."""
        try:
            return self.calls.post(channel, message, thread, key)
        except SlackRefused as refused:
            if refused.error not in TOO_MUCH:
                raise
            return self.calls.post(channel, Said(message.text, ()), thread, key)

    def _privately(self, delivery: Delivery, spot: Spot, note: str) -> str:
        """Show an event to its person alone: in the direct messages of this conversation, which begin here if there are none yet."""
        direct = next((one for one in self._siblings(delivery.thread) if one.is_direct), None)
        channel = direct.channel if direct is not None else self.calls.direct(spot.user)
        thread = direct.thread if direct is not None else ""
        known = self.calls.find(channel, thread, delivery.key) if delivery.uncertain else ""
        ts = known or self._accepted(channel, thread, self._said(delivery, True), delivery.key)
        if direct is None:
            self._link(delivery.thread, Spot(spot.team, channel, ts, spot.user))
        if note:
            self._note(delivery, spot, note)
        return f"{channel}:{ts}"

    def _note(self, delivery: Delivery, spot: Spot, note: str) -> None:
        message = Said(say(_language(delivery.event), note), ())
        try:
            if not (delivery.uncertain and self.calls.find(spot.channel, spot.thread, delivery.key + NOTE)):
                self.calls.post(spot.channel, message, spot.thread, delivery.key + NOTE)
        except Unavailable as error:  # the answer stands already: what is repeated has to look for it first
            raise Uncertain(str(error)) from None
        except SlackRefused as refused:
            if refused.error not in CLOSED:
                raise

    def _link(self, thread: Thread, spot: Spot) -> None:
        with self.store.write() as unit:
            unit.threads.link(Thread(spot.place, thread.person, thread.conversation), self.clock.now())

    # -- what it looks like ---------------------------------------------------------------------------------------------

    def _said(self, delivery: Delivery, private: bool) -> Said:
        body = delivery.event.body
        if body["type"] == "reply":
            return self._reply(delivery, Reply.model_validate(body["reply"]), private)
        if body["type"] == "person":
            name = escaped(str(body["person"]["name"]))
            texts = sections(escaped(str(body["text"])).split("\n\n"))
            return Said(f"{name}: {texts[0] if texts else ''}", (line(f"*{name}*"), *(section(text) for text in texts)))
        text = escaped(str(body["text"]))
        return Said(text, (line(text),))

    def _reply(self, delivery: Delivery, reply: Reply, private: bool) -> Said:
        devices = [(one.id, f"{one.name} ({one.os})") for one in self.devices_of(delivery.thread.person)] if private and reply.device else []
        shown = Shown(self.link_hosts(), self._today(), str(delivery.event.number), devices, private)
        made = said(reply, shown)
        if not delivery.thread.is_of_guest:
            return made
        buttons: list[Block] = [block for block in made.blocks if block["type"] == "actions"]
        others = [block for block in made.blocks if block["type"] != "actions"]
        return Said(made.text, (*others, line(escaped(say(reply.language, "guest"))), *buttons))

    def _today(self) -> date:
        return self.clock.now().date()

    def note(self, about: str, place: str, post: str) -> None:
        """Remember a post, so that it can be changed."""
        with self.store.write() as unit:
            unit.posts.note(Posted(SLACK, about, place, post, self.clock.now()))


def _asks(event: Event, action: str) -> bool:
    shown = (event.body.get("reply") or {}).get("action") or {}
    return shown.get("id") == action and bool(shown.get("needs"))


def _language(event: Event) -> str:
    return str(event.body["reply"].get("language", "en")) if event.body["type"] == "reply" else "en"
