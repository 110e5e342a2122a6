"""Which tool a message asks for without a language model: wishes, questions, trouble, somebody else's account, and what is no wish at all."""

from __future__ import annotations

import pytest

from assistant.agent.steps.act import HOW_TO, PLAIN, LocalActing
from assistant.ports.models import Chosen, Handle, Situation

OFFERED = (
    Handle("e_crm", "entitlement", "CRM"),
    Handle("e_ledger", "entitlement", "Ledgerline"),
    Handle("e_design", "entitlement", "Design Suite"),
    Handle("h_crm", "held", "CRM"),
    Handle("s_vpn", "service", "VPN"),
    Handle("s_mail", "service", "E-mail"),
    Handle("c_vpn", "category", "vpn"),
    Handle("c_access", "category", "access"),
    Handle("t_1001", "ticket", "T-1001 VPN drops"),
)


def chosen(words: str) -> Chosen:
    return LocalActing().choose(Situation(words, "", lambda: OFFERED, list))


@pytest.mark.parametrize(
    ("words", "tool", "arguments"),
    [
        ("I forgot my password", "reset_password", {}),
        ("Please reset my password", "reset_password", {}),
        ("Hi, can you reset my password?", "reset_password", {}),
        ("my password has expired", "reset_password", {}),
        ("Ich habe mein Passwort vergessen", "reset_password", {}),
        ("j’ai oublié mon mot de passe", "reset_password", {}),
        ("olvidé mi contraseña", "reset_password", {}),
        ("My account is locked", "unlock_account", {}),
        ("I am locked out", "unlock_account", {}),
        ("Please unlock my account, I typed it wrong too often.", "unlock_account", {}),
        ("Mein Konto ist gesperrt", "unlock_account", {}),
        ("mon compte est bloqué", "unlock_account", {}),
        ("mi cuenta está bloqueada", "unlock_account", {}),
        ("I need access to the CRM for a week", "grant_access", {"group": "e_crm", "days": "7"}),
        ("I need CRM", "grant_access", {"group": "e_crm", "days": "30"}),
        ("Please give me access to Ledgerline for two months", "grant_access", {"group": "e_ledger", "days": "90"}),
        ("Can I have a licence for Design Suite for 3 days?", "grant_access", {"group": "e_design", "days": "7"}),
        ("I no longer need CRM", "give_up_access", {"group": "h_crm"}),
        ("Please remove my CRM access", "give_up_access", {"group": "h_crm"}),
        ("Please close ticket T-1001", "close_ticket", {"ticket": "t_1001"}),
        ("reopen t-1001", "reopen_ticket", {"ticket": "t_1001"}),
        ("Add to T-1001 that it is worse today", "comment_ticket", {"ticket": "t_1001"}),
        ("Add to ticket T-1001 that it also fails on my phone hotspot", "comment_ticket", {"ticket": "t_1001"}),
        ("Tell the technician of T-1001 that I am back", "comment_ticket", {"ticket": "t_1001"}),
        ("Move T-1001 to access", "update_ticket", {"ticket": "t_1001", "category": "c_access"}),
        ("What devices do I have", "my_devices", {}),
        ("what access do I have?", "my_access", {}),
        ("Is the VPN down?", "service_status", {"service": "s_vpn"}),
        ("is e-mail slow for everyone today?", "service_status", {"service": "s_mail"}),
    ],
)
def test_a_plain_wish_gets_its_card_at_once(words: str, tool: str, arguments: dict[str, str]) -> None:
    (call,) = chosen(words).calls
    assert (call.tool, dict(call.arguments), call.confidence) == (tool, arguments, PLAIN)


@pytest.mark.parametrize(
    ("words", "tool"),
    [
        ("How do I reset my password?", "reset_password"),
        ("How often must I change my password?", "reset_password"),
        ("why was my account locked", "unlock_account"),
        ("who can grant me access to CRM?", "grant_access"),
        ("My password expired and now Outlook keeps asking for it, what should I do?", "reset_password"),
        ("A mail says I have to reset my password, is that real?", "reset_password"),
        ("Password reset link does not work", "reset_password"),
        ("I already reset my password and it still fails", "reset_password"),
        ("The VPN says my account is locked, is it the same as Windows?", "unlock_account"),
        ("my login is blocked by conditional access", "unlock_account"),
        ("I don't need CRM, I need the intranet", "give_up_access"),
    ],
)
def test_a_question_and_a_problem_keep_their_answer_and_the_tool_is_only_mentioned(words: str, tool: str) -> None:
    (call,) = chosen(words).calls
    assert (call.tool, call.confidence) == (tool, HOW_TO)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "Outlook keeps asking for my password",
        "After I changed my password the wifi stopped working",
        "change the password of the meeting room wifi",
        "PDF is password protected and I forgot the password",
        "I forgot the pin of my phone",
        "unlock my iPhone",
        "The file is locked for editing by another user",
        "I was locked out of my office",
        "my phone is locked out after too many PIN tries",
        "I need help with CRM",
        "CRM is slow, I need it for a meeting",
        "can't join the CRM call",
        "I request a new laptop for the Design Suite course",
        "remove my CRM icon from the desktop",
        "Is the VPN working on Linux?",
        "how do I close a ticket",
        "Can you tell me the status of T-1001",
        "please close T-1002",
        "reopen T-9999999999",
        "move T-1001 to the moon",
        "I need access to CRM and Ledgerline",
        "I need access to payroll",
        " ".join(["I forgot my password"] + ["and then something else happened"] * 12),
    ],
)
def test_what_asks_for_no_tool_that_is_offered_gets_none(words: str) -> None:
    assert chosen(words).calls == ()


@pytest.mark.parametrize(
    "words",
    [
        "don't reset my password, just tell me the rules",
        "do not unlock my account",
        "Never close T-1001",
        "there is no need to reopen T-1001",
        "Bitte mein Konto nicht entsperren",
    ],
)
def test_a_no_is_no_wish(words: str) -> None:
    assert chosen(words) == Chosen()


@pytest.mark.parametrize(
    "words",
    [
        "my colleague forgot his password",
        "reset jonas.weber's password",
        "reset jonas weber password",
        "reset the password of jonas.weber",
        "unlock Jonas' account",
        "unlock account for user jweber",
        "Can you reset the password for somebody else?",
        "give Jonas access to CRM",
        "grant jonas.weber access to CRM",
        "I need CRM access for my colleague Jonas",
        "my manager needs access to CRM",
        "unlock the account jonas@x.example",
        "Bitte das Konto von Jonas Weber entsperren",
        "réinitialise le mot de passe de Marie",
        "restablece la contraseña de Juan",
    ],
)
def test_somebody_elses_account_is_seen_for_what_it_is(words: str) -> None:
    assert chosen(words) == Chosen(about_others=True)


@pytest.mark.parametrize(
    "words",
    [
        "my colleague says his account was locked, how does that happen?",
        "Débloquez le compte de Jonas Weber",
        "desbloquea la cuenta de Juan",
        "please unlock jonas weber",
    ],
)
def test_what_is_said_about_others_never_becomes_a_wish_for_oneself(words: str) -> None:
    assert chosen(words).calls == ()


def test_a_name_that_two_things_share_is_left_open() -> None:
    twice = (*OFFERED, Handle("e_crm2", "entitlement", "CRM Plus"))
    found = LocalActing().choose(Situation("I need access to CRM Plus for a day", "", lambda: twice, list))
    assert dict(found.calls[0].arguments) == {"group": "e_crm2", "days": "1"}
    assert LocalActing().choose(Situation("I need access to CRM or Ledgerline", "", lambda: OFFERED, list)) == Chosen()


def test_what_is_offered_is_asked_for_only_when_a_message_may_need_it() -> None:
    def never() -> tuple[Handle, ...]:
        raise AssertionError("asked")

    for words in ("I forgot my password", "How do I print on both sides?", "the projector is broken"):
        LocalActing().choose(Situation(words, "", never, list))


@pytest.mark.parametrize("words", ["close ticket T-77", "please reopen t-77", "add to T-77 that it is urgent", "move T-77 to access"])
def test_a_ticket_that_is_not_the_persons_own_is_named_as_such_and_nothing_is_wished(words: str) -> None:
    assert chosen(words) == Chosen(not_theirs="T-77")


@pytest.mark.parametrize("words", ["What is T-77 about?", "Please close T-1001", "My screen is dark since T-77 was closed in the other room"])
def test_a_number_alone_names_no_strange_ticket(words: str) -> None:
    assert chosen(words).not_theirs == ""
