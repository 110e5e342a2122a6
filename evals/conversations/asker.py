"""The simulated person: a small state machine over a case. It sees only what the channel shows, and presses buttons as a person would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evals.conversations.case import Case, Turn
from evals.conversations.channel import Talking
from evals.conversations.played import Shown
from evals.conversations.stage import Stage
from evals.conversations.wording import Voice

MOST_TURNS = 25
SETTLES_SECONDS = 20.0
WRONG_CODE = "000000"
OVER = ("filed", "handed_off", "resolved", "abandoned")
ASKS_FOR = {
    "file": ("Please open a ticket for this.", "Can you open a ticket please?"),
    "person": ("I want to talk to a person", "Let me talk to somebody please"),
}
Reply = dict[str, Any]
NOTHING: Reply = {"kind": "error", "state": "", "choices": [], "citations": []}


@dataclass
class Asker:
    """Plays one case to its end."""

    case: Case
    chat: Talking
    stage: Stage
    voice: Voice
    lines: list[Shown] = field(default_factory=list)
    turn: int = 0
    waited: int = 0
    card: Reply = field(default_factory=dict)
    details: int = 0
    own: int = 0
    mails: int = 0
    retried: bool = False

    def play(self) -> None:
        """Say what the case says and go on until it is over, the person has what they wanted, or leaves."""
        reply: Reply | None = self._say(self.case.says, self.case.device)
        while reply is not None and self.turn < MOST_TURNS:
            reply = self._go_on(reply)

    # -- what the person does -----------------------------------------------------------------------------------------

    def _go_on(self, reply: Reply) -> Reply | None:
        if self._is_open(reply):
            return self._heard(SETTLES_SECONDS)
        if self._waits_for_others(reply):
            return self._await_approval(reply["action"]["id"])
        if self.own < len(self.case.then) and self._fits(self.case.then[self.own], reply):
            self.own += 1
            return self._do(self.case.then[self.own - 1], reply)
        if self._told(reply):
            return self._press("yes") if self._offers(reply, "yes") and not self.case.silent else None
        if reply["state"] in OVER:
            return None
        self.waited += 1
        if self.waited > self.case.patience:
            return self._give_up(reply)
        handlers = {"answer": self._judge, "clarification": self._clarify, "abstention": self._stuck, "error": self._retry}
        if reply.get("action"):
            return self._card(reply)
        return handlers.get(reply["kind"], self._say_more)(reply)

    def _waits_for_others(self, reply: Reply) -> bool:
        """Say whether approvers of the case are asked; they come before whatever the person does next, unless that is said to come right then."""
        if not self.case.approvers or (reply.get("action") or {}).get("needs") != "approval":
            return False
        return self.own >= len(self.case.then) or "approval" not in self.case.then[self.own].after

    def _fits(self, turn: Turn, reply: Reply) -> bool:
        return not turn.after or reply["kind"] in turn.after

    def _do(self, turn: Turn, reply: Reply) -> Reply | None:
        if turn.withdraws:
            self.stage.withdraw(turn.withdraws)
            self._note("author", f"withdraws {', '.join(turn.withdraws)}")
        if turn.leaves:
            return None
        if turn.says:
            return self._say(turn.says, turn.device)
        if turn.code:
            return self._enter(self.card.get("id", "a_none"), self._code() if turn.code == "right" else self._mistyped(turn.code))
        return self._press(self._choice(turn.presses, reply))

    def _choice(self, wanted: str, reply: Reply) -> str:
        if wanted in ("do", "drop", "show", "undo"):
            offered = next((one["id"] for one in reply["choices"] if one["id"].startswith(f"{wanted}:")), "")
            return offered or f"{wanted}:{self.card.get('id', 'a_none')}"
        if wanted.startswith("topic:"):
            return next((one["id"] for one in reply["choices"] if one.get("article") == wanted.removeprefix("topic:")), wanted)
        return wanted

    def _told(self, reply: Reply) -> bool:
        return any(words.casefold() in reply["text"].casefold() for words in self.case.goal.told)

    def _is_open(self, reply: Reply) -> bool:
        return bool(reply.get("action")) and reply["action"]["status"] in ("ready", "running")

    def _judge(self, reply: Reply) -> Reply | None:
        """Try what the answer says: it works when it comes from an article that solves it."""
        if {one["article"] for one in reply["citations"]} & set(self.case.goal.articles):
            return None if self.case.silent else self._press("yes")
        show = next((one["id"] for one in reply["choices"] if one["id"].startswith("show:")), "")
        if show and self.case.goal.action:
            return self._press(show)
        if self.case.silent or self.case.goal.nothing:
            return None
        if self.details < len(self.case.knows.details):
            return self._say_more(reply)
        return self._press("no") if self._offers(reply, "no") else self._give_up(reply)

    def _clarify(self, reply: Reply) -> Reply | None:
        topics = {one["article"]: one["id"] for one in reply["choices"] if one.get("article")}
        for wanted in self.case.knows.topic or self.case.goal.articles:
            if wanted in topics:
                return self._press(topics[wanted])
        platform = f"platform:{self.case.knows.platform}"
        if self.case.knows.platform and self._offers(reply, platform):
            return self._press(platform)
        return self._say_more(reply)

    def _stuck(self, reply: Reply) -> Reply | None:
        return self._give_up(reply) if reply["state"] == "offering_ticket" else self._say_more(reply)

    def _say_more(self, reply: Reply) -> Reply | None:
        if self.details < len(self.case.knows.details):
            self.details += 1
            return self._say((self.case.knows.details[self.details - 1],))
        return self._give_up(reply)

    def _retry(self, reply: Reply) -> Reply | None:
        if self.retried or not self._offers(reply, "retry"):
            return self._give_up(reply)
        self.retried = True
        return self._press("retry")

    def _give_up(self, reply: Reply) -> Reply | None:
        way = self.case.gives_up
        if self.case.goal.nothing or way == "leave" or reply["state"] in OVER:
            return None
        if self.waited > self.case.patience + 2:
            return None
        return self._press(way) if self._offers(reply, way) else self._say(ASKS_FOR[way])

    # -- cards --------------------------------------------------------------------------------------------------------

    def _card(self, reply: Reply) -> Reply | None:
        action = self.card = reply["action"]
        if action["needs"] == "press":
            return self._press(f"{'do' if action['tool'] in self.case.presses else 'drop'}:{action['id']}")
        if action["needs"] == "code":
            return self._enter(action["id"], self._typed())
        if action["needs"] == "approval":
            return None
        if action.get("reverts") or action["status"] == "reverted":
            return None
        right = action["tool"] == self.case.goal.action and action["status"] == "done"
        if self._offers(reply, "yes") and not self.case.silent:
            return self._press("yes" if right else "no")
        return None if right or reply["state"] == "acting" else self._give_up(reply)

    def _typed(self) -> str:
        if self.case.code == "right":
            return self._code()
        return self._mistyped(WRONG_CODE) if self.case.code == "wrong" else ""

    def _mistyped(self, code: str) -> str:
        """Return a wrong code once the right one was sent: before that, nobody has anything to mistype."""
        self.stage.code_of(self.case.person, self.mails)
        return code

    def _code(self) -> str:
        code = self.stage.code_of(self.case.person, self.mails)
        self.mails = self.stage.codes_sent(self.case.person)
        return code

    def _enter(self, action: str, code: str) -> Reply | None:
        if not code:
            return None
        self._note("person", "enters a one-time code", new=True)
        frame = self.chat.enter(action, code)
        reply = frame.get("reply") or {
            "text": frame.get("problem", {}).get("detail", ""),
            "kind": "error",
            "state": "",
            "choices": [],
            "citations": [],
        }
        self._show(reply)
        standing = (reply.get("action") or {}).get("status", "")
        if standing == "challenged" or not reply.get("action"):
            return reply if self.own < len(self.case.then) else None
        return self._heard(SETTLES_SECONDS) or reply if standing in ("ready", "running", "done") else reply

    def _await_approval(self, action: str) -> Reply | None:
        """Wait while those decide whom the case names, one after another; where they do not bring it to an end, the person goes."""
        for person, way in self.case.approvers.items():
            refused = self.stage.decide(person, action, way == "approves")
            self._note("approver", f"{person} {way}" + (f", but may not: {refused}" if refused else ""))
        return self._heard(SETTLES_SECONDS)

    # -- the channel --------------------------------------------------------------------------------------------------

    def _say(self, wordings: tuple[str, ...], device: str = "") -> Reply:
        text = self.voice.say(wordings)
        self._note("person", text, new=True)
        self.mails = self.stage.codes_sent(self.case.person)
        return self._show(self.chat.say(text, device or self.case.device))

    def _press(self, choice: str) -> Reply:
        label = next((one for line in reversed(self.lines) for one in line.choices if one.startswith(f"{choice}\t")), f"{choice}\t{choice}")
        self._note("person", f"[{label.partition(chr(9))[2]}]", new=True)
        self.mails = self.stage.codes_sent(self.case.person)
        reply = self._show(self.chat.press(choice))
        if (reply.get("action") or {}).get("status") == "done":
            self.card = reply["action"]
        return reply

    def _heard(self, seconds: float) -> Reply | None:
        reply = self.chat.next_reply(seconds)
        return self._show(reply) if reply is not None else None

    def _offers(self, reply: Reply, choice: str) -> bool:
        return any(one["id"] == choice for one in reply["choices"])

    def _show(self, reply: Reply) -> Reply:
        if reply.get("action"):
            self.card = reply["action"]
        self.lines.append(
            Shown(
                turn=self.turn,
                who="firstline",
                text=reply["text"],
                kind=reply["kind"],
                state=reply["state"],
                choices=tuple(f"{one['id']}\t{one['label']}" for one in reply["choices"]),
                cites=tuple(dict.fromkeys(one["article"] for one in reply["citations"])),
                own=own_words(reply["text"]),
            )
        )
        return reply

    def _note(self, who: str, text: str, new: bool = False) -> None:
        self.turn += new
        self.lines.append(Shown(turn=self.turn, who=who, text=text))


def own_words(text: str) -> str:
    """Return what of a reply is said by the service itself: statements without a source, headings left out."""
    from kb.claims import Kind, claims

    return "\n".join(claim.text for claim in claims(text) if not claim.numbers and claim.kind is not Kind.HEADING)
