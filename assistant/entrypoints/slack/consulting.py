"""Approvals in Slack: asks approvers with the action's own facts, takes what they decide, and changes every copy when it is decided."""

from __future__ import annotations

import logging
from typing import Any

from assistant.agent import wording
from assistant.agent.deciding import Request
from assistant.desk.fulfilment import APPROVAL, NotYours
from assistant.domain.approval import ApprovalStatus
from assistant.domain.configuration import Person
from assistant.entrypoints.slack.blocks import Said, line
from assistant.entrypoints.slack.mrkdwn import escaped
from assistant.entrypoints.slack.parts import SlackParts
from assistant.entrypoints.slack.places import SLACK
from assistant.entrypoints.slack.views import Consent, consent
from assistant.entrypoints.slack.words import say
from assistant.governance.approvals import NotAllowed
from assistant.ports.channels import Posted
from assistant.ports.outside import Refused

log = logging.getLogger("firstline.slack")
Node = dict[str, Any]
STANDING = {
    ApprovalStatus.APPROVED: "decided_approved",
    ApprovalStatus.REFUSED: "decided_refused",
    ApprovalStatus.EXPIRED: "decided_expired",
    ApprovalStatus.WITHDRAWN: "decided_withdrawn",
}


class Consulting:
    """Approvals, as approvers see them in Slack."""

    def __init__(self, parts: SlackParts) -> None:
        """Work with these parts."""
        self._parts = parts

    # -- asking ---------------------------------------------------------------------------------------------------------

    def ask(self, person: Person, action_id: str, key: str, uncertain: bool) -> Posted | None:
        """See ``Consults``. The place of the post names the approver's Slack user too: it is changed with their rights."""
        user = self._parts.identity.user_of(person)
        found = self._request(person, action_id)
        if not user or found is None or not found.mine:
            return None
        calls = self._parts.calls
        channel = calls.direct(user)
        known = calls.find(channel, "", key) if uncertain else ""
        language = self._parts.overhearing.language_of(person.id)
        post = known or calls.post(channel, consent(self._consent(found, person), language), "", key)
        return Posted(SLACK, f"{APPROVAL}{action_id}", f"{channel}/{user}", post, self._parts.clock.now())

    def show_standing(self, action_id: str) -> None:
        """See ``Consults``."""
        with self._parts.store.read() as unit:
            copies = unit.posts.about(SLACK, f"{APPROVAL}{action_id}")
        for copy in copies:
            self._renew(copy, action_id)

    def _renew(self, copy: Posted, action_id: str, late: str = "") -> None:
        channel, _, user = copy.place.partition("/")
        person = self._parts.person(self._parts.known(user))
        found = self._request(person, action_id) if person is not None else None
        if person is None or found is None:
            message = Said(say("en", "not_there"), (line(say("en", "not_there")),))
        else:
            message = consent(self._consent(found, person, late), self._parts.overhearing.language_of(person.id))
        try:
            self._parts.calls.change(channel, copy.post, message)
        except Refused as refused:
            log.info("a copy of a request stays as it was: %s", refused)

    # -- deciding -------------------------------------------------------------------------------------------------------

    def decide(self, person: Person, action_id: str, seen: str, approves: bool, note: str) -> str:
        """Count a decision over exactly what was shown; return why it does not count, "" when it does."""
        try:
            self._parts.deciding.decide(person, action_id, approves, seen, note)
        except NotAllowed as refused:
            return str(refused)
        except NotYours:
            return say("en", "not_there")
        return ""

    def say_late(self, body: Node, why: str) -> None:
        """Say under a request why a press does not count, and show there how it stands."""
        channel, ts = str(body.get("channel") or ""), str(body.get("ts") or "")
        with self._parts.store.read() as unit:
            action_id = str(body["value"]).partition(" ")[0]
            copy = next(
                (one for one in unit.posts.about(SLACK, f"{APPROVAL}{action_id}") if one.post == ts and one.place.startswith(f"{channel}/")), None
            )
        if copy is not None:
            self._renew(copy, action_id, why)
        elif channel:
            self._parts.calls.show_alone(channel, str(body["user"]), Said(why, (line(escaped(why)),)))

    def waiting_for(self, person: Person) -> list[Consent]:
        """Return the open requests that wait for somebody."""
        return [self._consent(found, person) for found in self._parts.deciding.requests(person) if found.mine]

    def title_of(self, person: Person, action_id: str) -> str:
        """Return what a request asks for, "" when it is none that this person sees."""
        found = self._request(person, action_id)
        return found.action.plan.title if found is not None else ""

    def _request(self, person: Person, action_id: str) -> Request | None:
        try:
            return self._parts.deciding.request(person, action_id)
        except NotYours:
            return None

    def _consent(self, found: Request, person: Person, late: str = "") -> Consent:
        action, approval = found.action, found.approval
        plan, language = action.plan, self._parts.overhearing.language_of(person.id)
        number = min(approval.stage, len(approval.stages) - 1)
        names = ", ".join(one.name for one in self._parts.deciding.stages(found)[number])
        stage = say(language, "stage", number=number + 1, count=len(approval.stages), who=names) if len(approval.stages) > 1 else ""
        with wording.speaking(language):
            until = wording.moment(approval.expires_at, self._parts.workplace.company().timezone)
        standing = self._standing(found, person, language)
        return Consent(action.id, action.hash, found.requester, plan.title, plan.lines, plan.blast_radius, plan.undo, until, stage, standing, late)

    def _standing(self, found: Request, person: Person, language: str) -> str:
        approval = found.approval
        if approval.status is ApprovalStatus.OPEN:
            if self._parts.clock.now() >= approval.expires_at:
                return say(language, "decided_expired")
            return "" if found.mine else say(language, "you_voted_yes")
        word = say(language, STANDING[approval.status])
        last = next((vote for vote in reversed(approval.votes) if vote.approves is (approval.status is ApprovalStatus.APPROVED)), None)
        if last is None or approval.status not in (ApprovalStatus.APPROVED, ApprovalStatus.REFUSED):
            return word
        voter = self._parts.directory.person(last.approver)
        note = f": {last.note}" if last.note and person.id else ""
        return f"{word} · {voter.name if voter is not None else last.approver}{note}"
