"""Does what arrived from Slack, once: each step may be repeated after a crash and comes to the same."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from assistant.agent.state import Inbound
from assistant.agent.turn import UnknownConversation, UnknownPerson
from assistant.entrypoints.slack import arriving
from assistant.entrypoints.slack.blocks import Said, line, pressed, section
from assistant.entrypoints.slack.calls import CLOSED, SlackRefused
from assistant.entrypoints.slack.consulting import Consulting
from assistant.entrypoints.slack.greeting import Greeting
from assistant.entrypoints.slack.identity import Known
from assistant.entrypoints.slack.mrkdwn import escaped, sections, shortened
from assistant.entrypoints.slack.parts import SlackParts
from assistant.entrypoints.slack.places import ALONE, HEARD, SLACK, Spot, words_of
from assistant.entrypoints.slack.words import say
from assistant.entrypoints.web.limits import Limits
from assistant.ports.channels import Received
from assistant.ports.outside import Refused, Unavailable, Uncertain

log = logging.getLogger("firstline.slack")
Node = dict[str, Any]
TITLE = 60
ASKED = "asked/"
"""Begins the key under which a question from a command or a form is posted into the direct messages."""


class Working:
    """The inbox's handler for Slack."""

    def __init__(self, parts: SlackParts) -> None:
        """Work with these parts."""
        self._parts = parts
        self._limits = Limits(parts.messages_per_minute)
        self.consulting = Consulting(parts)
        self.greeting = Greeting(parts)
        self._ways = {
            arriving.SAID: self._said,
            arriving.ASKED: self._said,
            arriving.FOLLOWED: self._followed,
            arriving.HEARD: self._heard,
            arriving.REACTED: self._reacted,
            arriving.COMMAND: self._from_elsewhere,
            arriving.FORM: self._from_elsewhere,
            arriving.PRESSED: self._pressed,
            arriving.DECIDED: self._decided,
            arriving.HOME: self._home,
            arriving.PANE: self._pane,
        }

    def handle(self, received: Received) -> None:
        """See ``Inbox``. What comes from another workspace, or from a machine, is of no concern."""
        body = received.body
        teams = self._parts.identity.teams
        if body.get("team") not in teams or not body.get("user"):
            return
        known = self._parts.known(str(body["user"]))
        if not known.is_machine:
            self._ways[body["kind"]](received, known)

    def give_up(self, received: Received, why: str) -> None:
        """See ``Inbox``."""
        body = received.body
        known = self._parts.known(str(body["user"]))
        text = f"{say(self._parts.language(known), 'not_handled')} ({why})"
        channel, thread = str(body.get("channel") or ""), str(body.get("thread") or "")
        if not channel.startswith("D"):
            channel, thread = self._parts.calls.direct(str(body["user"])), ""
        self._parts.calls.post(channel, Said(text, ()), thread)

    # -- words ----------------------------------------------------------------------------------------------------------

    def _said(self, received: Received, known: Known) -> None:
        spot, body = _spot(received.body), received.body
        text = words_of(str(body["text"]), str(body.get("own", "")))
        if spot.is_direct:
            self._name_thread(spot, text, body)
        self._turn(self._linked(spot, known) or spot, known, f"{body['channel']}/{body['ts']}", text)

    def _followed(self, received: Received, known: Known) -> None:
        """Go on where this person has a conversation in the thread; what others write there is theirs."""
        spot, body = self._linked(_spot(received.body), known), received.body
        if spot is not None:
            self._turn(spot, known, f"{body['channel']}/{body['ts']}", words_of(str(body["text"]), str(body.get("own", ""))))

    def _heard(self, received: Received, known: Known) -> None:
        """Answer a question that nobody asked us, where the channel is listened to and its confidence is reached."""
        body, listening = received.body, self._parts.config.channels.get(str(received.body["channel"]))
        text = words_of(str(body["text"]))
        if listening is None or not self._parts.overhearing.would_answer(known.person, text, listening.confidence):
            return
        spot = replace(_spot(body), mode=ALONE if listening.answers == "ephemeral" else HEARD)
        self._turn(self._linked(spot, known) or spot, known, f"{body['channel']}/{body['ts']}", text)

    def _reacted(self, received: Received, known: Known) -> None:
        """Take a message up for the person who put the emoji on it, with that person's rights."""
        body = received.body
        message = self._parts.calls.message(str(body["channel"]), str(body["ts"]))
        text = words_of(str((message or {}).get("text") or ""), str(body.get("own", "")))
        if message is None or not text or message.get("bot_id"):
            return
        spot = Spot(str(body["team"]), str(body["channel"]), str(message.get("thread_ts") or body["ts"]), str(body["user"]))
        self._turn(self._linked(spot, known) or spot, known, f"reaction/{body['channel']}/{body['ts']}/{body['user']}", text)

    def _from_elsewhere(self, received: Received, known: Known) -> None:
        """Begin a thread in the direct messages for a question from the command or the form."""
        body, calls = received.body, self._parts.calls
        text, key = words_of(str(body["text"])), f"{ASKED}{received.id}"
        channel = calls.direct(str(body["user"]))
        shown = escaped(say(self._parts.language(known), "asked", words=shortened(" ".join(text.split()), 1_000)))
        thread = calls.find(channel, "", key) or calls.post(channel, Said(shown, tuple(section(one) for one in sections([shown]))), "", key)
        spot = Spot(str(body["team"]), channel, thread, str(body["user"]))
        self._turn(spot, known, received.id, text, str(body.get("device", "")))

    def _turn(self, spot: Spot, known: Known, own: str, text: str, device: str = "") -> None:
        inbound = Inbound(spot.message_id(own), text, device=device, place=spot.place)
        if not self._seen(inbound.id, known) and not self._limits.admit(known.person):
            self._tell(spot, say(self._parts.language(known), "too_many"))
            return
        try:
            self._parts.turns.take(known.person, None, inbound, SLACK)
        except UnknownPerson:
            raise Unavailable("the directory has just lost somebody whom it named", 1.0) from None

    def _seen(self, message_id: str, known: Known) -> bool:
        with self._parts.store.read() as unit:
            return unit.conversations.message_of(known.person, message_id) is not None

    def _linked(self, spot: Spot, known: Known) -> Spot | None:
        with self._parts.store.read() as unit:
            return next((one for one in spot.ways() if unit.threads.conversation_of(one.place, known.person) is not None), None)

    def _name_thread(self, spot: Spot, text: str, body: Node) -> None:
        """Give a thread of the pane its first words as its name. That is a comfort: the answer does not wait for it."""
        if body["thread"] == body["ts"] or not text:
            return
        with self._parts.store.read() as unit:
            begun = unit.threads.of_place(SLACK, spot.key)
        if begun:
            return
        try:
            self._parts.calls.entitle(spot.channel, spot.thread, shortened(" ".join(text.split()), TITLE))
        except (Refused, Unavailable) as error:
            log.info("a thread was not named: %s", error)

    # -- presses --------------------------------------------------------------------------------------------------------

    def _pressed(self, received: Received, known: Known) -> None:
        body, parts = received.body, self._parts
        conversation = str(body["block"]).split("/")[1] if str(body["block"]).count("/") >= 2 else ""
        spot = self._spot_of_press(body, conversation, known)
        inbound = Inbound(spot.message_id(received.id), choice=str(body["value"])[:80], place=spot.place)
        try:
            parts.turns.take(known.person, conversation, inbound, SLACK)
        except UnknownConversation:
            parts.calls.show_alone(spot.channel, spot.user, Said(say(parts.language(known), "not_yours"), ()), spot.thread)
            return
        self._replace_buttons(body, say(parts.language(known), "chose", choice=str(body["label"])))

    def _spot_of_press(self, body: Node, conversation: str, known: Known) -> Spot:
        spot = _spot(body)
        with self._parts.store.read() as unit:
            linked = [
                Spot.of(one.place) for one in unit.threads.of_conversation(conversation) if one.person == known.person and one.place.channel == SLACK
            ]
        return next((one for one in linked if (one.channel, one.thread) == (spot.channel, spot.thread)), spot)

    def _replace_buttons(self, body: Node, words: str) -> None:
        """Show what was pressed in place of the buttons. The press counts without it, so only what may be repeated is."""
        message = Said(escaped(words), tuple(pressed(body.get("blocks") or [], str(body["block"]), words)))
        try:
            if body.get("alone"):
                self._parts.calls.respond(str(body["url"]), message)
            else:
                self._parts.calls.change(str(body["channel"]), str(body["ts"]), message)
        except Refused as refused:
            log.info("the pressed buttons stay: %s", refused)

    def _decided(self, received: Received, known: Known) -> None:
        action, _, seen = str(received.body["value"]).partition(" ")
        person = self._parts.person(known)
        late = self.consulting.decide(person, action, seen, True, "") if person is not None else say("en", "not_there")
        if late:
            self.consulting.say_late(received.body, late)
        if not received.body.get("channel"):
            self._home(received, known)

    # -- the rest -------------------------------------------------------------------------------------------------------

    def _home(self, received: Received, known: Known) -> None:
        self.greeting.publish(str(received.body["user"]), known, self.consulting)

    def _pane(self, received: Received, known: Known) -> None:
        self.greeting.greet(str(received.body["channel"]), str(received.body["thread"]), known, received.id)

    def _tell(self, spot: Spot, text: str) -> None:
        try:
            if spot.is_direct:
                self._parts.calls.post(spot.channel, Said(text, (line(escaped(text)),)), spot.thread)
            else:
                self._parts.calls.show_alone(spot.channel, spot.user, Said(text, (line(escaped(text)),)), spot.thread)
        except SlackRefused as refused:
            if refused.error not in CLOSED:
                raise
        except Uncertain as error:
            log.info("a note may not have arrived: %s", error)


def _spot(body: Node) -> Spot:
    return Spot(str(body["team"]), str(body["channel"]), str(body["thread"]), str(body["user"]))
