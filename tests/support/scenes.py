"""Every state of the widget as a scene: what the service says, and what the person does to get there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support.stage import DEVICES, PERSON, Socket, Stage, replied, said

LONG = """Up to **25 MB** goes as an attachment, anything larger as a link. [1]

| Way | Largest file | Kept for |
|---|---|---|
| Attachment | 25 MB | as long as the mail |
| Link from OneDrive | 250 GB | until you stop sharing |
| Transfer portal for customers | 4 TB | 14 days |

Map the share first, then check the quota: [1]

```
net use L: \\\\fs01.corp.lindqvist.example\\departments\\mechanical-engineering\\2026 /persistent:yes
fsutil volume diskfree L:
```

The setting is `HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\OneDrive\\DiskSpaceCheckThresholdMB`. [1]

Did this solve it?"""
PDF = {"name": "vpn-error.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " + b"x" * 148_000}
LOG = {"name": "AnyConnect-diagnostics-2026-11-22T09-15-02-LT-2417.log", "mimeType": "text/plain", "buffer": b"x" * 2_340_000}


@dataclass
class Play:
    """What a scene has to work with."""

    page: Page
    socket: Socket
    stage: Stage
    lang: str
    phone: bool
    words: dict[str, str]

    @property
    def widget(self) -> Locator:
        """The element."""
        return self.page.locator("firstline-helpdesk")

    @property
    def field(self) -> Locator:
        """Where the person writes."""
        return self.widget.locator(".composer textarea")

    def open(self) -> None:
        """Open the panel."""
        if not self.widget.locator(".panel").is_visible():
            self.widget.locator(".launcher").click()
        expect(self.field).to_be_visible()

    def write(self, text: str) -> None:
        """Send words."""
        self.field.fill(text)
        self.field.press("Enter")

    def attach(self, *files: dict[str, Any]) -> None:
        """Choose files."""
        self.widget.locator("input[type=file]").set_input_files(list(files))  # type: ignore[arg-type]


def choices(play: Play) -> list[dict[str, str]]:
    """What every answer offers."""
    return [{"id": name, "label": play.words[name]} for name in ("yes", "no", "person")]


def citations(play: Play) -> list[dict[str, Any]]:
    """Two articles, the second of which is due for a review."""
    whole = {
        "revision": 3,
        "start": 0,
        "end": 10,
        "owner": "it@lindqvist.example",
        "updated": "2026-08-14",
        "review_by": "2027-02-14",
        "withdrawn": "",
    }
    first = {"article": "vpn-install-windows", "title": play.words["title"], "heading": play.words["heading"], "quote": play.words["quote"]}
    second = {"article": "mfa-approve", "title": play.words["other"], "heading": play.words["other"], "quote": play.words["line"]}
    return [
        whole | first | {"overdue": False, "platforms": ["windows"]},
        whole | second | {"overdue": True, "review_by": "2026-10-01", "platforms": []},
    ]


def answer(play: Play, text: str = "", **more: Any) -> dict[str, Any]:
    """The answer to the question."""
    given = {"citations": citations(play), "choices": choices(play), "device": DEVICES[0], "language": play.lang, "confidence": 0.86}
    return replied(text or play.words["answer"], **(given | more))


def asked(play: Play) -> list[dict[str, Any]]:
    """A question and its answer."""
    return [said(play.words["question"]), answer(play)]


def action(play: Play, name: str, status: str, needs: str, **more: Any) -> dict[str, Any]:
    """An action as the envelope shows it."""
    words = play.words
    return {
        "id": "a_1",
        "tool": name,
        "title": words[name],
        "lines": [words["line"]],
        "blast_radius": words["blast"],
        "undo": words["undo"],
        "status": status,
        "needs": needs,
        "channel": "notice",
        "reverts": "",
    } | more


def acted(play: Play, shown: dict[str, Any], text: str = "", kind: str = "action", **more: Any) -> dict[str, Any]:
    """A reply about an action."""
    return replied(text, kind, "confirming_action", action=shown, language=play.lang, **more)


def holding(play: Play, holds: bool = True) -> dict[str, Any]:
    """Somebody of the desk joins or leaves."""
    person = {"id": "sam.oduya", "name": "Sam Oduya"}
    return {
        "type": "holding",
        "person": person,
        "holds": holds,
        "why": "taken" if holds else "given back",
        "text": play.words["joined" if holds else "left"],
    }


def person(play: Play) -> dict[str, Any]:
    """Words of somebody of the desk."""
    return {"type": "person", "message": "p1", "person": {"id": "sam.oduya", "name": "Sam Oduya"}, "text": play.words["agent"], "html": ""}


def attachment(name: str = "vpn-error.png", kind: str = "image", size: int = 184_320, who: dict[str, str] = PERSON) -> dict[str, Any]:
    """A file that the service holds."""
    return {"type": "attachment", "person": who, "attachment": {"id": f"f_{name}", "name": name, "kind": kind, "size": size}}


def ticket(status: str = "open", **more: Any) -> dict[str, Any]:
    """A ticket as the envelope shows it."""
    return {"id": "T-1042", "subject": "I cannot connect to the VPN", "status": status, "queue": "Network", "attached": False} | more


def rows(play: Play) -> list[dict[str, Any]]:
    """What the person asked before."""
    told = [
        ("c_stage", play.words["question"], "awaiting_confirmation", "", "widget", "2026-11-22T09:00:00Z"),
        (
            "c_2",
            "The dock on my desk charges the laptop but shows no picture on the second screen since Monday morning",
            "with_person",
            "T-1038",
            "slack",
            "2026-11-20T09:00:00Z",
        ),
        ("c_3", "How do I share a calendar with somebody outside?", "resolved", "", "mail", "2026-11-12T09:00:00Z"),
        ("c_4", "صندوق البريد ممتلئ", "filed", "T-1011", "widget", "2026-10-02T09:00:00Z"),
        ("c_5", "", "abandoned", "", "widget", "2026-09-02T09:00:00Z"),
    ]
    keys = ("conversation", "issue", "state", "ticket", "channel", "changed_at")
    return [dict(zip(keys, row, strict=True)) | {"opened_at": row[5], "outcome": ""} for row in told]


@dataclass
class Scene:
    """A state, by the name of its picture."""

    name: str
    act: Callable[[Play], object]
    events: Callable[[Play], list[dict[str, Any]]] = field(default=lambda _: [])
    answers: Callable[[Play], dict[tuple[str, str], Any]] = field(default=lambda _: {})
    attributes: str = ""
    close: int = 0


def _typing(play: Play) -> None:
    play.open()
    play.socket.after = [{"type": "typing"}]
    play.write(play.words["question"])
    expect(play.widget.locator(".typing-words")).to_be_visible()


def _streaming(play: Play) -> None:
    play.open()
    from assistant.governance.rendering import render

    growing = {"type": "growing", "conversation": "c_stage", "message": "m1", "text": "", "html": render(play.words["growing"] + " [1]", set())}
    play.socket.after = [{"type": "typing"}, growing]
    play.write(play.words["question"])
    expect(play.widget.locator(".growing")).to_be_visible()


def _answered(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".sources")).to_be_attached()
    play.widget.locator(".view").evaluate("view => (view.scrollTop = 0)")


def _asked_whether_it_helped(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".asking .choice").first).to_be_visible()


def _source(play: Play) -> None:
    play.open()
    play.widget.locator(".source-title").first.click()
    expect(play.widget.locator(".quote")).to_be_visible()


def _shown(selector: str) -> Callable[[Play], None]:
    def act(play: Play) -> None:
        play.open()
        expect(play.widget.locator(selector).last).to_be_visible()

    return act


def _offline(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".sources")).to_be_visible()
    play.socket.drop()
    expect(play.widget.locator(".banner:not(.offer)")).to_be_visible()
    play.write(play.words["next"])
    play.attach(PDF)
    play.widget.locator(".send").click()
    expect(play.widget.locator(".file-row")).to_be_visible()
    play.page.wait_for_timeout(950)  # a message that goes out at once says nothing


def _resumed(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".sources")).to_be_visible()
    play.page.reload()
    play.open()
    expect(play.widget.locator(".note")).to_be_visible()


def _writing(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".from-person")).to_be_visible()
    play.socket.after = [{"type": "typing", "person": {"id": "sam.oduya", "name": "Sam Oduya"}}]
    play.write(play.words["next"])
    expect(play.widget.locator(".typing-words")).to_be_visible()


def _chosen(play: Play) -> None:
    play.open()
    play.attach(PDF, LOG)
    play.field.fill(play.words["next"])
    expect(play.widget.locator(".tray .file")).to_have_count(2)


def _not_taken(play: Play) -> None:
    play.open()
    play.attach({"name": "VPN-setup.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    expect(play.widget.locator(".tray-fault span")).to_be_visible()


def _refused(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".bubble")).to_be_visible()
    play.attach(PDF)
    play.widget.locator(".send").click()
    expect(play.widget.locator(".failure")).to_be_visible()


def _past(play: Play) -> None:
    play.open()
    play.widget.locator(".head [aria-expanded]").click()
    expect(play.widget.locator(".past-entry, .past-words").first).to_be_visible()
    expect(play.widget.locator("[aria-busy]")).to_have_count(0)


def _why(play: Play) -> None:
    play.open()
    play.widget.locator(".thumb").last.click()
    play.widget.locator(".reason input").nth(1).check()


def _rated(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".thumb").last).to_be_visible()
    play.socket.say({"type": "feedback", "message": "m1", "verdict": "unhelpful", "reason": "outdated"})
    expect(play.widget.locator(".feedback .link")).to_be_visible()


def _devices(play: Play) -> None:
    play.open()
    play.widget.locator(".device-line button").click()
    expect(play.widget.locator(".device-options")).to_be_visible()


def _elsewhere(play: Play) -> None:
    play.open()
    expect(play.widget.locator(".sources")).to_be_visible()
    news = '{"person":"maria.santos","conversation":"c_other","event":0,"at":1}'
    play.page.evaluate("news => dispatchEvent(new StorageEvent('storage', { key: 'firstline:tabs', newValue: news }))", news)
    expect(play.widget.locator(".offer")).to_be_visible()


UPLOAD = ("POST", "/v1/conversations/c_stage/attachments")
SCENES = [
    Scene("closed", lambda play: expect(play.widget.locator(".launcher")).to_be_visible()),
    Scene("first-open", lambda play: play.open(), attributes='data-suggestions=\'["I cannot connect to the VPN", "How do I reset my password?"]\''),
    Scene("typing", _typing),
    Scene("streaming", _streaming),
    Scene("answered", _answered, asked),
    Scene("confirming", _asked_whether_it_helped, asked),
    Scene("source-open", _source, asked),
    Scene(
        "solved",
        _shown(".mark.good"),
        lambda play: [
            *asked(play),
            said(play.words["yes"], "m2", "yes"),
            replied(play.words["solved"], "status", "resolved", "m2", ticket=ticket("closed"), language=play.lang),
        ],
    ),
    Scene("long-answer", _answered, lambda play: [said(play.words["question"]), answer(play, LONG, language="en")]),
    Scene(
        "action-proposed",
        _shown(".card .choice"),
        lambda play: [
            said(play.words["question"]),
            acted(
                play,
                action(play, "unlock", "proposed", "press"),
                choices=[{"id": "do:a_1", "label": play.words["unlock"]}, {"id": "drop:a_1", "label": play.words["no"]}],
            ),
        ],
    ),
    Scene(
        "step-up",
        _shown(".code input"),
        lambda play: [
            said(play.words["question"]),
            acted(play, action(play, "reset", "challenged", "code"), play.words["sent"], choices=[{"id": "drop:a_1", "label": play.words["no"]}]),
        ],
    ),
    Scene(
        "waiting-for-approval",
        _shown(".action-awaiting"),
        lambda play: [
            said(play.words["question"]),
            acted(
                play,
                action(play, "access", "awaiting", "approval"),
                play.words["asked"],
                "approval",
                choices=[{"id": "drop:a_1", "label": play.words["no"]}],
            ),
        ],
    ),
    Scene(
        "filed",
        _shown(".ticket"),
        lambda play: [said(play.words["question"]), replied(play.words["filed"], "status", "filed", ticket=ticket(), language=play.lang)],
    ),
    Scene("person-joining", _shown(".holding"), lambda play: [*asked(play), said(play.words["person"], "m2", "person"), holding(play)]),
    Scene("person-writing", _writing, lambda play: [said(play.words["question"]), holding(play), person(play)]),
    Scene(
        "person-left",
        _shown(".holding"),
        lambda play: [said(play.words["question"]), holding(play), person(play), said(play.words["next"], "m2"), holding(play, holds=False)],
    ),
    Scene("offline", _offline, asked, lambda _: {UPLOAD: (503, {})}),
    Scene("resumed", _resumed, asked),
    Scene("expired", _shown(".banner.warn"), close=4401),
    Scene(
        "error",
        _shown(".mark.bad"),
        lambda play: [
            said(play.words["question"]),
            replied(
                play.words["error"], "error", "open", choices=[{"id": "retry", "label": play.words["no"]}], reference="E-4f21aa09", language=play.lang
            ),
        ],
    ),
    Scene("attachments-chosen", _chosen, asked),
    Scene("attachment-not-taken", _not_taken, asked),
    Scene(
        "attachment-refused",
        _refused,
        lambda play: [said(play.words["question"])],
        lambda play: {UPLOAD: (422, {"status": 422, "detail": play.words["refused"]})},
    ),
    Scene(
        "attachments-sent",
        _shown(".file-row"),
        lambda play: [
            said(play.words["question"]),
            attachment(),
            attachment("AnyConnect-diagnostics-2026-11-22T09-15-02-LT-2417.log", "text", 2_340_000),
            attachment("dock-lights.pdf", "pdf", 91_000, {"id": "sam.oduya", "name": "Sam Oduya"}),
        ],
    ),
    Scene("past-conversations", _past, asked, lambda play: {("GET", "/v1/conversations"): (200, rows(play))}),
    Scene("past-empty", _past),
    Scene("past-failed", _past, answers=lambda _: {("GET", "/v1/conversations"): (503, {"status": 503, "detail": ""})}),
    Scene("feedback-reason", _why, asked),
    Scene("feedback-given", _rated, asked),
    Scene("device-choice", _devices, asked),
    Scene("another-tab", _elsewhere, asked),
]
