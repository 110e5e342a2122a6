"""The tables ``[compliance]`` and ``[changes]`` of the policy, windows, waves, and what a check says of a device."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.domain.change import NEXT, ChangeStatus, DeviceStep, IllegalChange, StepState, Tally, Terms, digest_of, moved, waves_of
from assistant.domain.compliance import Check, Judgement, Posture, Subject, version_of
from assistant.domain.configuration import Device
from assistant.domain.window import DAYS, Window, next_span
from assistant.governance import change_rules
from assistant.governance.policy import PolicyError
from assistant.governance.policy_file import PACKAGED, load_policy, parse_policy
from kb.model import Platform

TEXT = PACKAGED.read_text(encoding="utf-8").split("[[examples]]")[0]
STOCKHOLM = "Europe/Stockholm"


def changed(old: str, new: str) -> str:
    assert old in TEXT, old
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (changed('check = "signatures"', 'check = "virus"'), "update-signatures: there is no check virus"),
        (changed('risk = "low"', 'risk = "tiny"'), "there is no risk tiny, so nobody could authorise it"),
        (changed('authority = "standard_change"', 'authority = "nobody"'), "its authority nobody is no tool that a practice may begin"),
        (changed('authority = "standard_change"', 'authority = "unlock_account"'), "unlock_account is no tool that a practice may begin"),
        (changed("devices_at_most = 10\n", "devices_at_most = 11\n"), "allows 11 devices, and tools.standard_change only 10"),
        (changed('rollback = "older-signatures"', ""), "update-signatures: nothing takes it back, and nobody authorises the risk low"),
        (changed('rollback = "older-signatures"', 'rollback = "update-signatures"'), "it cannot take itself back"),
        (changed('from = "20:00"\nto = "05:00"', 'from = "20:00"\nto = "20:00"'), "it never opens"),
        (changed('days = ["monday", "tuesday", "wednesday", "thursday"]', "days = []"), "it never opens"),
        (changed('days = ["monday",', 'days = ["moonday",'), "moonday is no day"),
        (changed('from = "20:00"', 'from = "8 pm"'), "times are written as 22:00"),
        (changed('to = "05:00"', 'to = "05:00"\nzone = "Europe/Gotham"'), "Europe/Gotham is no time zone"),
        (changed("waves = [1, 5, 20]", "waves = []"), "whole numbers, 1 or more"),
        (changed("waves = [1, 5, 20]", "waves = [1, 0]"), "waves is 0"),
        (changed("stop_above = 0.25", "stop_above = 1"), "from 0 to less than 1"),
        (changed("at_once = 5", "at_once = true"), "at_once is True"),
        (changed("ask_again_days = 7", "ask_again_dayz = 7"), "unknown: ask_again_dayz"),
        (changed("devices_at_most = 100\n", "devices_at_most = 9\n"), "from the least to the greatest"),
        (changed('check = "encryption"', 'check = "signatures"'), "signatures has two remedies"),
        (changed("at_most_days = 7", "at_most_days = 0"), "at_most_days, more than 0, belongs to a check that looks at signatures"),
        (changed('looks_at = "encryption"', 'looks_at = "encryption"\nat_most_days = 3'), "and only to it"),
        (changed('windows = "10.0.22631", macos = "14.0"', 'windows = "10.0.22631"'), "a version for each platform"),
        (changed('macos = "14.0"', 'macos = "newest"'), "newest is no version"),
        (changed('looks_at = "encryption"', 'looks_at = "tidiness"'), "tidiness"),
        (changed('id = "encryption"', 'id = "signatures"'), "names signatures twice"),
        (changed('at = "03:00"', 'at = "3 am"'), "has to be a time of the day"),
        (changed('tier = "own"\nauto = 0.50', 'tier = "sensitive"\nauto = 0.50'), "tool standard_change is a practice's"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why.replace("[", r"\[")):
        parse_policy(text, "test")


def test_a_policy_without_the_tables_looks_at_nothing_and_changes_nothing() -> None:
    last = "waits = false\n"
    bare = TEXT[: TEXT.index("# What devices have to be like.")] + TEXT[TEXT.index(last) + len(last) :]
    policy = parse_policy(bare, "test")
    assert change_rules.rules_of(policy) == change_rules.ChangeRules()


@pytest.mark.parametrize(("devices", "risk"), [(1, "low"), (10, "low"), (11, "medium"), (100, "medium"), (101, "high"), (500, "high")])
def test_the_risk_follows_from_the_remedy_and_the_number_of_devices(devices: int, risk: str) -> None:
    rules = change_rules.rules_of(load_policy())
    signatures, encryption = rules.remedies[0], rules.remedies[1]
    assert rules.risk_of(signatures, devices).name == risk
    assert rules.risk_of(encryption, devices).name == ("medium" if risk == "low" else risk)


NIGHT = Window(("monday", "tuesday"), "20:00", "05:00", STOCKHOLM)


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        ("2026-11-23T09:00", "2026-11-23T19:00", "2026-11-24T04:00"),
        ("2026-11-23T23:00", "2026-11-23T19:00", "2026-11-24T04:00"),
        ("2026-11-24T03:00", "2026-11-23T19:00", "2026-11-24T04:00"),
        ("2026-11-24T03:50", "2026-11-24T19:00", "2026-11-25T04:00"),
        ("2026-11-25T05:00", "2026-11-30T19:00", "2026-12-01T04:00"),
        ("2026-06-15T09:00", "2026-06-15T18:00", "2026-06-16T03:00"),
    ],
)
def test_the_first_window_with_enough_left_is_taken_by_the_clocks_of_its_zone(now: str, opens: str, closes: str) -> None:
    at, begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, opens, closes))
    assert next_span([NIGHT], at, timedelta(minutes=15)) == (begin, end)


def test_an_hour_that_a_change_of_clocks_leaves_out_is_no_window() -> None:
    gap = Window(("sunday",), "02:00", "03:00", STOCKHOLM)
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_span([gap], before) == (datetime(2026, 4, 5, 0, tzinfo=UTC), datetime(2026, 4, 5, 1, tzinfo=UTC))


@settings(derandomize=True, database=None, max_examples=200)
@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.sets(st.sampled_from(DAYS), min_size=1), st.integers(0, 1439), st.integers(0, 1439)
)
def test_a_window_that_a_policy_may_name_opens_within_two_weeks(now: datetime, days: set[str], start: int, end: int) -> None:
    if start == end:
        return
    window = Window(tuple(sorted(days)), f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}", STOCKHOLM)
    at = now.replace(tzinfo=UTC)
    span = next_span([window], at)
    assert span is not None
    assert span[0] < span[1]
    assert span[1] > at
    assert span[0] - at < timedelta(days=14)


@settings(derandomize=True, database=None, max_examples=200)
@given(st.integers(0, 300), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_every_device_is_in_one_wave_and_no_wave_is_larger_than_it_may_be(count: int, sizes: list[int]) -> None:
    waves = waves_of(count, sizes)
    assert len(waves) == count
    assert waves == sorted(waves)
    for wave in set(waves):
        assert waves.count(wave) <= sizes[min(wave, len(sizes) - 1)]
    assert set(waves) == set(range(len(set(waves))))


def test_what_is_authorised_is_everything_that_is_done() -> None:
    terms = Terms("c", "r", "Do.", "low", "standard_change", windows=(NIGHT,))
    plain = digest_of("t", "s", terms, [("a", 0), ("b", 1)])
    assert plain == digest_of("t", "s", Terms.of(terms.facts()), [("b", 1), ("a", 0)])
    others = [
        digest_of("t", "s", terms, [("a", 0), ("b", 0)]),
        digest_of("t", "s", terms, [("a", 0)]),
        digest_of("t", "x", terms, [("a", 0), ("b", 1)]),
        digest_of("t", "s", Terms("c", "r2", "Do.", "low", "standard_change", windows=(NIGHT,)), [("a", 0), ("b", 1)]),
    ]
    assert plain not in others


@pytest.mark.parametrize("status", ChangeStatus)
def test_a_change_moves_only_as_its_table_says(status: ChangeStatus) -> None:
    for target in ChangeStatus:
        if target in NEXT.get(status, frozenset()):
            assert moved(status, target) is target
        else:
            with pytest.raises(IllegalChange):
                moved(status, target)


def test_devices_that_were_never_reached_do_not_stop_a_change() -> None:
    def steps(*states: StepState) -> Tally:
        at = datetime(2026, 11, 23, tzinfo=UTC)
        return Tally.of(DeviceStep("ch", n, f"d{n}", "d", 0, state, at) for n, state in enumerate(states))

    assert not steps(StepState.UNREACHABLE, StepState.UNREACHABLE).stops(0.0)
    assert not steps(StepState.FIXED, StepState.FIXED, StepState.FIXED, StepState.FAILED).stops(0.25)
    assert steps(StepState.FIXED, StepState.FIXED, StepState.FAILED).stops(0.25)
    assert steps(StepState.TAKING_BACK).stops(0.9)


@pytest.mark.parametrize(
    ("text", "numbers"), [("10.0.22631", (10, 0, 22631)), ("macOS 14.0", (14,)), ("Version 15", (15,)), ("", ()), ("unknown", ()), ("0.0", (0,))]
)
def test_versions_are_compared_as_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert version_of(text) == numbers


def test_a_check_says_met_failed_or_that_nobody_knows() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    device = Device("d", "", "d", Platform.WINDOWS, "Windows")
    fresh = Check("s", "S", Subject.SIGNATURES, frozenset(Platform), 7)
    version = Check("v", "V", Subject.OS_VERSION, frozenset(Platform), at_least={Platform.WINDOWS: "10.0.9"})
    said = [
        fresh.judge(Posture(device, signatures_at=now - timedelta(days=7)), now)[0],
        fresh.judge(Posture(device, signatures_at=now - timedelta(days=7, seconds=1)), now)[0],
        fresh.judge(Posture(device, signatures_current=False), now)[0],
        fresh.judge(Posture(device, signatures_at=now, trouble="away"), now)[0],
        fresh.judge(Posture(device), now)[0],
        version.judge(Posture(device, os_version="10.0.10"), now)[0],
        version.judge(Posture(device, os_version="10.0.8"), now)[0],
        version.judge(Posture(device, os_version="?"), now)[0],
    ]
    met, failed, unknown = Judgement.MET, Judgement.FAILED, Judgement.UNKNOWN
    assert said == [met, failed, failed, unknown, unknown, met, failed, unknown]
