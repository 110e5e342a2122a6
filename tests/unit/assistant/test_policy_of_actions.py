"""The policy of actions: what a file must not say, and what it decides by the facts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.adapters.memory.store import MemoryStore
from assistant.domain.action import Label, Status, Tier
from assistant.domain.configuration import Entitlement
from assistant.governance.policy import Facts, PolicyError, Verdict
from assistant.governance.policy_file import PACKAGED, load_policy, parse_policy, read_policy
from tests.support.workshop import MADE, Workshop

TEXT = PACKAGED.read_text(encoding="utf-8")
POLICY = load_policy()
GOING_ON = {Verdict.ALLOW, Verdict.CONFIRM, Verdict.ASK, Verdict.SECOND_FACTOR, Verdict.APPROVAL}


def without_examples(text: str) -> str:
    return text.split("[[examples]]")[0]


RULES = without_examples(TEXT)
GRANT = '[tools.grant_access]\ntier = "approval"'
CHAIN = 'stages = [{ role = "manager" }, { role = "owner" }]'


def changed(old: str, new: str) -> str:
    assert RULES.count(old) >= 1, old
    return RULES.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (RULES + '\n[[people-only]]\nname = "x"\ngroups = ["y"]\n', "unknown: people-only"),
        (RULES + "\n[tool.unlock_account]\n", "unknown: tool"),
        (changed("writes_per_day = 15", "writes_per_week = 15"), "unknown: writes_per_week"),
        (changed("writes_per_day = 15", "writes_per_day = -1"), "writes_per_day is -1"),
        (changed("writes_per_day = 15", "writes_per_day = true"), "writes_per_day is True"),
        (changed("per_day = 500", "per_day = 1.5"), "per_day is 1.5"),
        (changed("per_day = 500", 'per_day = "many"'), "per_day is 'many'"),
        (changed("per_day = 500\n", ""), "per_day"),
        (changed(GRANT, GRANT + '\nsecond_factor = "yes"'), "unknown: second_factor"),
        (changed("second_factor_approves = true", "second_factor_approves = 1"), "true or false"),
        (changed(GRANT, '[tools.grant_access]\ntier = "approve"'), "approve"),
        (changed(GRANT + "\nauto = 0.60\nreview = 0.40", GRANT + "\nauto = 0.40\nreview = 0.60"), "tool grant_access: 0 <= review <= auto <= 1"),
        (changed(GRANT + "\nauto = 0.60", GRANT + "\nauto = true"), "auto is True"),
        (changed('chain = "access"\n', ""), "tool grant_access needs a chain"),
        (changed('chain = "access"', 'chain = "acess"'), "names the chain acess"),
        (changed(CHAIN, "stages = []"), "chain access needs stages"),
        (changed(CHAIN, 'stages = [{ role = "manager", quorom = 2 }]'), "unknown: quorom"),
        (changed(CHAIN, 'stages = [{ role = "manager", quorum = 0 }]'), "chain access needs stages"),
        (changed(CHAIN, 'stages = [{ role = "boss" }]'), "boss is no role"),
        (changed(CHAIN, 'stages = [{ role = "group" }]'), "group is no role"),
        (changed(CHAIN, 'stages = [{ role = "manager:bo" }]'), "manager:bo is no role"),
        (changed(CHAIN, 'stages = ["manager"]'), "cannot be used"),
        (changed("hours = 72\nremind_hours = 24", "hours = 24\nremind_hours = 72"), "remind_hours <= hours"),
        (changed("\nhours = 72", "\nhours = inf"), "remind_hours <= hours"),
        (changed("\nhours = 72", "\nhours = nan"), "remind_hours <= hours"),
        (changed("remind_hours = 24", "remind_hours = 0"), "remind_hours <= hours"),
        (changed("above = 250", "above = nan"), "above has to be an amount"),
        (changed("above = 250", 'above = "250"'), "above is '250'"),
        (changed("above = 250", ""), "amount: it covers nothing"),
        (changed("touches_more_than = 1", "touches_more_than = -1"), "touches_more_than is -1"),
        (changed('groups = ["hr-*", "payroll*"]', 'groups = "hr-*"'), "has to be a list of names"),
        (changed('categories = ["regulated"]', "categories = [1]"), "has to be a list of names"),
        (changed('name = "privileged"\n', ""), "name"),
        (RULES + '\n[[examples]]\ntool = "unlock_account"\nverdict = "maybe"\n', "maybe"),
        (RULES + '\n[[examples]]\ntool = "unlock_account"\nconfidance = 0.5\nverdict = "ask"\n', "confidance"),
        (RULES + '\n[[examples]]\ntool = "unlock_account"\nlabel = "model"\nverdict = "ask"\n', "model"),
    ],
)
def test_a_policy_that_says_what_it_must_not_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(PolicyError, match=r"the policy file somewhere\.toml cannot be used") as caught:
        parse_policy(text, "somewhere.toml")
    assert why in str(caught.value)


def test_a_policy_whose_examples_do_not_come_out_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(TEXT.replace('tier = "sensitive"', 'tier = "own"'), encoding="utf-8")
    with pytest.raises(PolicyError, match="its own examples say: reset_password"):
        load_policy(path)


@pytest.mark.parametrize("number", range(TEXT.count("[[examples]]")))
def test_every_packaged_example_can_fail(number: int) -> None:
    parts = TEXT.split("[[examples]]")
    example = parts[number + 1]
    verdict = example.split('verdict = "')[1].split('"')[0]
    other = "deny" if verdict != "deny" else "allow"
    parts[number + 1] = example.replace(f'verdict = "{verdict}"', f'verdict = "{other}"')
    with pytest.raises(PolicyError, match="its own examples"):
        read_policy("[[examples]]".join(parts), "x")


def facts(tool: str = "unlock_account", **changes: Any) -> Facts:
    return replace(Facts(tool, pressed=True), **changes)


def begun(tool: str) -> Label:
    """How a tool is begun that may be begun at all."""
    return Label.RECORD if POLICY.tools[tool].of_practice else Label.PRESS


class TestPeopleOnly:
    @pytest.mark.parametrize(
        "group", ["Domain Admins", "domain-administrators", "it-desk", "IT-ops", "billing-prod-eu", "Security", "hr-records", "PAYROLL"]
    )
    def test_a_group_is_found_by_its_pattern_whatever_its_case(self, group: str) -> None:
        assert POLICY.judge(facts("grant_access", group=group, days=1, approved=True)).verdict is Verdict.PEOPLE

    @pytest.mark.parametrize("group", ["ledgerline-users", "crm-users", "design-suite", "unit-tests", "chr-users"])
    def test_another_group_is_not(self, group: str) -> None:
        assert POLICY.judge(facts("grant_access", group=group, days=1, approved=True)).verdict is Verdict.ALLOW

    @pytest.mark.parametrize(
        "changes", [{"category": "privileged"}, {"category": "regulated"}, {"amount": 250.01}, {"touches": 2}, {"group": "x-admin"}]
    )
    def test_no_confidence_press_factor_or_approval_is_enough(self, changes: dict[str, Any]) -> None:
        for tool, rule in POLICY.tools.items():
            more = {**changes, "touches": rule.touches_at_most + 1} if rule.of_practice and "touches" in changes else changes
            said = POLICY.judge(facts(tool, days=1, confidence=1.0, second_factor=True, approved=True, label=begun(tool), **more))
            assert said.verdict is Verdict.PEOPLE
            assert said.rule.startswith("people only: ")

    def test_an_amount_of_exactly_the_limit_is_no_case_for_people(self) -> None:
        assert POLICY.judge(facts("grant_access", amount=250.0, days=1, approved=True)).verdict is Verdict.ALLOW


class TestCaps:
    @pytest.mark.parametrize("tool", POLICY.tools)
    def test_the_limit_of_a_day_is_reached_exactly(self, tool: str) -> None:
        most = POLICY.tools[tool].per_day
        agreed = {"approved": True, "second_factor": True, "label": begun(tool)}
        last, over = (POLICY.judge(facts(tool, days=1, today=today, **agreed)) for today in (most - 1, most))
        assert last.verdict is Verdict.ALLOW
        assert (over.verdict, over.rule) == (Verdict.DENY, f"tools.{tool}: at most {most} in 24 hours")

    def test_all_changes_together_have_a_limit_and_looks_have_not(self) -> None:
        for tool, rule in POLICY.tools.items():
            said = POLICY.judge(facts(tool, days=1, writes_today=POLICY.writes_per_day, approved=True, second_factor=True))
            assert (said.verdict is Verdict.ALLOW) == (rule.tier is Tier.READ)

    def test_a_policy_without_a_limit_allows_no_change(self) -> None:
        text = without_examples(TEXT).replace("writes_per_day = 15", "")
        assert parse_policy(text, "x").judge(facts()).verdict is Verdict.DENY


FACTS = st.builds(
    Facts,
    tool=st.sampled_from([*POLICY.tools, "export_conversations"]),
    confidence=st.floats(-1, 2),
    own=st.booleans(),
    label=st.sampled_from(Label),
    group=st.sampled_from(["", "crm-users", "domain-admins"]),
    category=st.sampled_from(["", "regulated"]),
    days=st.integers(-1, 400),
    amount=st.floats(0, 500),
    touches=st.integers(1, 3),
    reversible=st.booleans(),
    pressed=st.booleans(),
    second_factor=st.booleans(),
    approved=st.booleans(),
    today=st.integers(0, 20),
    writes_today=st.integers(0, 20),
)


@settings(derandomize=True, database=None, max_examples=1_500)
@given(FACTS)
def test_nothing_that_changes_something_is_allowed_without_what_it_needs(one: Facts) -> None:
    said = POLICY.judge(one)
    rule = POLICY.tools.get(one.tool)
    if said.verdict in GOING_ON:
        assert rule is not None
        assert one.own or rule.of_practice
        assert (one.label is Label.RECORD) == rule.of_practice
        assert one.label is not Label.TEXT
    if said.verdict is Verdict.ALLOW and rule is not None and rule.tier is not Tier.READ:
        assert one.pressed
        assert one.second_factor or rule.tier is not Tier.SENSITIVE
        assert one.approved or rule.tier is not Tier.APPROVAL
        assert one.reversible or one.approved or (rule.second_factor_approves and one.second_factor)


@settings(derandomize=True, database=None, max_examples=800)
@given(FACTS, st.floats(0, 1), st.floats(0, 1))
def test_confidence_replaces_nothing_that_people_have_to_do(one: Facts, low: float, high: float) -> None:
    order = [Verdict.DENY, Verdict.PEOPLE, Verdict.ASK, Verdict.CONFIRM, Verdict.ALLOW]
    less, more = (POLICY.judge(replace(one, confidence=value)).verdict for value in sorted((low, high)))
    if one.pressed:
        assert less is more
    elif less in order and more in order and POLICY.tools.get(one.tool) is not None:
        assert order.index(less) <= order.index(more)
        assert more is not Verdict.ALLOW or POLICY.tools[one.tool].tier is Tier.READ


class TestTheFactsOfTheMoment:
    @pytest.fixture
    def workshop(self) -> Any:
        made = Workshop(MemoryStore(0.78))
        yield made
        made.close()

    def test_actions_of_a_day_are_counted_and_those_of_the_day_before_are_not(self, workshop: Workshop) -> None:
        for _ in range(POLICY.tools["unlock_account"].per_day):
            assert workshop.does("unlock_account").status is Status.DONE
        with pytest.raises(AssertionError, match="too often today"):
            workshop.wants("unlock_account")
        workshop.clock.advance(timedelta(hours=24, seconds=1))
        assert workshop.does("unlock_account").status is Status.DONE

    def test_cards_that_nobody_pressed_count_for_nothing(self, workshop: Workshop) -> None:
        for _ in range(2 * POLICY.tools["unlock_account"].per_day):
            workshop.wants("unlock_account")
        assert workshop.does("unlock_account").status is Status.DONE

    def test_cards_that_were_shown_before_the_limit_stop_at_their_press(self, workshop: Workshop) -> None:
        most = POLICY.tools["unlock_account"].per_day
        cards = [workshop.wants("unlock_account") for _ in range(most + 2)]
        for card in cards:
            workshop.press(card)
        workshop.carry()
        ended = [workshop.action(card.id).status for card in cards]
        assert ended == [Status.DONE] * most + [Status.REFUSED] * 2

    def test_changes_of_all_kinds_are_counted_together(self, workshop: Workshop) -> None:
        rng, most = random.Random(1), POLICY.writes_per_day
        done = 0
        for _ in range(most + 6):
            ticket = workshop.ticket()
            tool, labels = rng.choice((("close_ticket", {}), ("comment_ticket", {}), ("update_ticket", {"category": "access"})))
            try:
                done += workshop.does(tool, ticket=ticket, **labels).status is Status.DONE
            except AssertionError as refused:
                assert "too often today" in str(refused)
        assert done == most

    @pytest.mark.parametrize("became", [{"category": "privileged"}, {"cost": 900}])
    def test_what_became_a_case_for_people_after_the_card_is_not_done(self, workshop: Workshop, became: dict[str, Any]) -> None:
        action = workshop.wants("grant_access", group="Ledger", days="7")
        workshop.press(action)
        workshop.approve(action, "bo", "cy")
        ledger = Entitlement("ledger", "Ledger", owner="cy", **became)
        workshop.workplace.replace(replace(MADE, entitlements=(ledger,)))
        workshop.carry()
        assert workshop.action(action.id).status is Status.REFUSED
        assert "ledger" not in workshop.directory.account("ann").groups

    def test_a_person_who_left_gets_nothing_any_more(self, workshop: Workshop) -> None:
        action = workshop.wants("give_up_access", group="Finance")
        workshop.press(action)
        workshop.change(lambda people: [one for one in people if one.id != "ann"])
        workshop.carry()
        assert workshop.action(action.id).status is Status.REFUSED

    def test_a_chain_that_one_person_would_have_to_sign_twice_goes_to_people(self, workshop: Workshop) -> None:
        workshop.workplace.replace(replace(MADE, entitlements=(Entitlement("ledger", "Ledger", owner="bo"),)))
        action = workshop.wants("grant_access", group="Ledger", days="7")
        reply = workshop.press(action)
        assert "not enough people to approve it as owner" in reply.text
        assert workshop.action(action.id).status is Status.REFUSED
        assert [choice.id for choice in reply.choices][:1] != []


PRACTICE = '\n[tools.remediate]\ntier = "approval"\nauto = 0.6\nreview = 0.4\nper_day = 9\nchain = "access"\ntouches_at_most = 25\n'
FLEET = Facts("remediate", own=False, label=Label.RECORD, touches=8, pressed=True)


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (FLEET, Verdict.APPROVAL),
        (replace(FLEET, approved=True), Verdict.ALLOW),
        (replace(FLEET, approved=True, touches=26), Verdict.PEOPLE),
        (replace(FLEET, approved=True, group="Domain Admins"), Verdict.PEOPLE),
        (replace(FLEET, approved=True, label=Label.WORDS), Verdict.DENY),
        (replace(FLEET, approved=True, label=Label.PRESS), Verdict.DENY),
        (replace(FLEET, approved=True, label=Label.TEXT), Verdict.DENY),
        (Facts("unlock_account", label=Label.RECORD, pressed=True), Verdict.DENY),
        (Facts("unlock_account", own=False, pressed=True), Verdict.DENY),
    ],
)
def test_tools_of_practices_begin_from_records_alone_and_other_tools_never_do(facts: Facts, verdict: Verdict) -> None:
    assert parse_policy(RULES + PRACTICE, "test").judge(facts).verdict is verdict
