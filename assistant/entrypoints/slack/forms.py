"""What modals are opened with, and what is said of what was entered: errors in place, and a one-time code nowhere but in its judgement."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from assistant.desk.fulfilment import NotYours
from assistant.domain.action import Status
from assistant.entrypoints.slack.arriving import text_of
from assistant.entrypoints.slack.blocks import Said
from assistant.entrypoints.slack.consulting import Consulting
from assistant.entrypoints.slack.parts import SlackParts
from assistant.entrypoints.slack.places import words_of
from assistant.entrypoints.slack.views import View, ask_form, code_form, notice, refuse_form
from assistant.entrypoints.slack.words import say
from assistant.ports.outside import Refused, Unavailable, Uncertain

log = logging.getLogger("firstline.slack")
Node = dict[str, Any]


class Forms:
    """Makes and judges modals. Identity is looked up for each."""

    def __init__(self, parts: SlackParts) -> None:
        """Work with these parts."""
        self._parts = parts
        self._consulting = Consulting(parts)

    # -- opening --------------------------------------------------------------------------------------------------------

    def ask(self, body: Node) -> View:
        """Return the form with which somebody asks."""
        return self._ask(body, "")

    def ask_about(self, body: Node) -> View:
        """Return that form with the words of a message in it."""
        return self._ask(body, words_of(str((body.get("message") or {}).get("text") or "")))

    def _ask(self, body: Node, initial: str) -> View:
        known = self._parts.known(_user(body))
        return ask_form(self._parts.language(known), self._parts.devices(known), initial)

    def code(self, body: Node) -> View:
        """Return the form for the one-time code of an action that waits for one; else a word about where it stands."""
        action_id, known = str(body["actions"][0]["value"]), self._parts.known(_user(body))
        language = self._parts.language(known)
        with self._parts.store.read() as unit:
            action, challenge = unit.actions.load(action_id), unit.challenges.challenge(action_id)
        if action is None or action.actor != known.person:
            return notice(language, say(language, "not_yours"))
        if action.status is not Status.CHALLENGED:
            return notice(language, f"{action.plan.title}: {say(language, f'status_{action.status.value}')}")
        return code_form(language, action.id, action.plan.title, challenge is not None and challenge.channel.value == "totp")

    def refuse(self, body: Node) -> View:
        """Return the form with which an approver refuses."""
        known, value = self._parts.known(_user(body)), str(body["actions"][0]["value"])
        person, language = self._parts.person(known), self._parts.language(known)
        title = self._consulting.title_of(person, value.partition(" ")[0]) if person is not None else ""
        return refuse_form(language, value, title) if title else notice(language, say(language, "not_there"))

    def say_not_open(self, body: Node) -> None:
        """Tell somebody that a form could not be opened, where they pressed."""
        user, channel = _user(body), str((body.get("channel") or {}).get("id") or body.get("channel_id") or "")
        try:
            place = channel or self._parts.calls.direct(user)
            self._parts.calls.show_alone(place, user, Said(say(self._parts.language(self._parts.known(user)), "not_open"), ()))
        except (Refused, Unavailable, Uncertain) as error:
            log.warning("nobody could be told that a form was not opened: %s", error)

    def below(self, body: Node) -> str:
        """Return what the command says at once."""
        return say(self._parts.language(self._parts.known(_user(body))), "answers_below")

    def looking(self, payload: Node) -> str:
        """Return what the pane says while an answer is looked for."""
        return say(self._parts.language(self._parts.known(str(payload["user"]))), "looking")

    # -- judging --------------------------------------------------------------------------------------------------------

    def judge_question(self, body: Node) -> Node:
        """Say whether a question can be asked; it was stored when it arrived."""
        if text_of(body["view"]):
            return {}
        return _wrong("words", say(self._parts.language(self._parts.known(_user(body))), "form_empty"))

    def judge_code(self, body: Node) -> Node:
        """Judge a one-time code and forget it. What is wrong with it is said in the form; what follows comes in the conversation."""
        view = body["view"]
        try:
            person = self._parts.person(self._parts.known(_user(body)))
            if person is None or not self._waits(str(view["private_metadata"])):
                return _wrong("code", say("en", "not_there"))
            reply = self._parts.deciding.enter_code(person, str(view["private_metadata"]), text_of(view, "code"))
        except NotYours:
            return _wrong("code", say("en", "not_there"))
        except Exception as error:
            return self._failed("code", error)
        if reply.action is not None and reply.action.status == Status.CHALLENGED.value:
            return _wrong("code", reply.text)
        return {"response_action": "update", "view": notice(reply.language, reply.text)} if reply.state == "with_person" else {}

    def _waits(self, action_id: str) -> bool:
        with self._parts.store.read() as unit:
            action = unit.actions.load(action_id)
        return action is not None and action.status is Status.CHALLENGED

    def judge_refusal(self, body: Node) -> Node:
        """Count an approver's no with its reason; why it does not count is said in the form."""
        view = body["view"]
        action, _, seen = str(view["private_metadata"]).partition(" ")
        try:
            person = self._parts.person(self._parts.known(_user(body)))
            late = self._consulting.decide(person, action, seen, False, text_of(view, "note")) if person is not None else say("en", "not_there")
        except Exception as error:
            return self._failed("note", error)
        return _wrong("note", late) if late else {}

    @staticmethod
    def _failed(block: str, error: Exception) -> Node:
        reference = f"E-{secrets.token_hex(4)}"
        log.error("reference=%s a form could not be judged: %s", reference, type(error).__name__)
        return _wrong(block, f"{say('en', 'not_stored')} ({reference})")


def _wrong(block: str, why: str) -> Node:
    return {"response_action": "errors", "errors": {block: why[:300]}}


def _user(body: Node) -> str:
    return str((body.get("user") or {}).get("id") or body.get("user_id") or "")
