"""Actions in Slack: cards, one-time codes in a form, and approvers who decide in a message."""

from __future__ import annotations

import re
from typing import Any

from evals.slack.people import Somebody, labels, words
from tests.support.letters import letter
from tests.support.slack import Office, until

Node = dict[str, Any]


def posted(office: Office, person: Somebody, holding: str, after: int = 0) -> Node:
    """Return a message to somebody that holds some words, when it comes."""
    return until(
        lambda: next((one for one in office.workspace.by_bot(person.direct)[after:] if holding in words(one) + one["text"]), None),
        why=f"no message that holds {holding!r}: {[words(one) for one in office.workspace.by_bot(person.direct)]}",
    )


def asked_for_crm(office: Office, asker: str) -> tuple[Somebody, str]:
    agnes = office.somebody(asker)
    thread = agnes.say("I need access to CRM for 30 days")
    (card,) = agnes.replies(thread)
    assert "CRM" in words(card) and "It touches" in words(card)
    agnes.press(agnes.direct, card, "Access to CRM")
    agnes.replies(thread, 2)
    return agnes, thread


class TestCards:
    def test_an_account_is_unlocked_by_the_cards_button_and_how_it_ended_is_said(self, slack: Office) -> None:
        priya = slack.somebody("priya.nair")
        thread = priya.say("My account is locked, please unlock it")
        (card,) = priya.replies(thread)
        assert "Waits for you" in words(card)
        assert slack.service.assistant.directory.account("priya.nair").locked
        priya.press(priya.direct, card, labels(card)[0])
        posted(slack, priya, "Done")
        assert not slack.service.assistant.directory.account("priya.nair").locked
        until(lambda: "Done" in words(card), why="the card does not say how it ended")
        assert not labels(card), "the pressed card has no buttons"

    def test_a_code_goes_into_a_form_says_there_what_is_wrong_and_stands_in_no_message(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        thread = maria.say("I forgot my password")
        (card,) = maria.replies(thread)
        maria.press(maria.direct, card, labels(card)[0])
        asks = maria.replies(thread, 2)[1]
        maria.press(maria.direct, asks, "Enter the code")
        form = maria.modal("code")
        code = letter(slack.service.home, "maria.santos@private.example", "one-time code").code
        wrong = maria.submit(form, code="000000" if code != "000000" else "111111")
        assert wrong.body["response_action"] == "errors" and "not right" in wrong.body["errors"]["code"]
        assert maria.submit(form, code=code).status == 200
        posted(slack, maria, "Done")
        until(lambda: not labels(asks), why="the question for the code keeps its buttons")
        sent = str([call.arguments for call in slack.workspace.calls]) + str(slack.server.responses)
        assert code not in sent
        with slack.service.assistant.store.read() as unit:
            kept = [event.body for one in unit.conversations.of_person("maria.santos", 50) for event in unit.conversations.events(one.id)]
        assert code not in str(kept)
        again = maria.submit(form, code=code)
        assert again.body["response_action"] == "errors", "a code counts once"

    def test_a_form_for_somebody_elses_code_is_not_opened(self, slack: Office) -> None:
        jonas, maria = slack.somebody("jonas.weber"), slack.somebody("maria.santos")
        thread = jonas.say("I forgot my password")
        (card,) = jonas.replies(thread)
        jonas.press(jonas.direct, card, labels(card)[0])
        asks = jonas.replies(thread, 2)[1]
        block = next(one for one in asks["blocks"] if one["type"] == "actions")
        forms = len([one for one in slack.workspace.views.values() if one["callback_id"] == "code"])
        slack.server.send("interactive", maria.press_payload(maria.direct, asks, block, block["elements"][0]))
        maria.modal("said")
        assert len([one for one in slack.workspace.views.values() if one["callback_id"] == "code"]) == forms


class TestApprovals:
    def test_a_refusal_asks_for_a_reason_and_a_press_after_it_is_told_so(self, slack: Office) -> None:
        nils = slack.somebody("nils.forsberg")
        asker, _ = asked_for_crm(slack, "agnes.noren")
        asked = posted(slack, nils, "Agnes")
        block = next(one for one in asked["blocks"] if one["type"] == "actions")
        late = nils.press_payload(nils.direct, dict(asked), block, block["elements"][0])
        nils.press(nils.direct, asked, "Refuse")
        form = nils.modal("refuse")
        assert nils.submit(form, note="Not before the <!channel> audit").status == 200
        until(lambda: "Refused" in words(asked), why="the copy does not say so")
        assert "&lt;!channel&gt; audit" in words(asked)
        posted(slack, asker, "Not done")
        slack.server.send("interactive", late)
        until(lambda: "already" in words(asked), why="a late press is not told so")
        assert nils.submit(form, note="again").body["response_action"] == "errors"

    def test_who_does_not_decide_cannot_also_with_a_forged_press_and_what_is_withdrawn_says_so(self, slack: Office) -> None:
        approvals, nils = slack.service.assistant.deciding, slack.somebody("nils.forsberg")
        before = len(slack.workspace.by_bot(nils.direct))
        asker, thread = asked_for_crm(slack, "agnes.noren")
        asked = posted(slack, nils, "Agnes", before)
        found = next(one for one in approvals.requests(_person(slack, "nils.forsberg")) if one.mine)
        forged = {
            "type": "button",
            "action_id": f"approve:{found.action.id}",
            "value": f"{found.action.id} {found.action.hash}",
            "text": {"text": "Approve"},
        }
        slack.server.send("interactive", asker.press_payload(asker.direct, {"ts": "1.1", "blocks": []}, {"block_id": "consent/x"}, forged))
        until(lambda: [one for one in slack.workspace.ephemerals if one["user"] == asker.id], why="nothing is said")
        assert approvals.request(_person(slack, "nils.forsberg"), found.action.id).approval.votes == ()
        waits = asker.replies(thread, 2)[1]
        asker.press(asker.direct, waits, "Cancel")
        until(lambda: "Withdrawn" in words(asked), why="the approver's copy does not say that it was withdrawn")

    def test_both_stages_approve_in_slack_and_the_access_is_there(self, slack: Office) -> None:
        nils, rachel = slack.somebody("nils.forsberg"), slack.somebody("rachel.thornton")
        before = len(slack.workspace.by_bot(nils.direct))
        agnes, _ = asked_for_crm(slack, "agnes.noren")
        asked = posted(slack, nils, "Agnes", before)
        assert labels(asked) == ["Approve", "Refuse"]
        assert "CRM" in words(asked) and "It touches" in words(asked) and "Open until" in words(asked)
        assert re.search(r"Open until \d\d \w+ \d\d:\d\d CES?T\.", words(asked))
        assert labels(nils.open_home()).count("Approve") == 1
        nils.press(nils.direct, asked, "Approve")
        until(lambda: not labels(asked), why="the first copy keeps its buttons")
        second = posted(slack, rachel, "Agnes")
        assert "Step 2 of 2" in words(second)
        rachel.press(rachel.direct, second, "Approve")
        posted(slack, agnes, "Done")
        until(lambda: "Approved" in words(asked) and "Approved" in words(second), why="not every copy says how it was decided")
        person = slack.service.assistant.directory.person("agnes.noren")
        assert person is not None and "crm-users" in person.groups


def _person(office: Office, name: str):  # type: ignore[no-untyped-def]
    return office.service.assistant.directory.person(name)
