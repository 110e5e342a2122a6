"""One-time codes: bound to one action, few tries, once, and not for ever."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.configuration import Person
from assistant.domain.secret import Secret
from assistant.domain.step_up import Challenge, Channel, SecondFactor
from assistant.governance.step_up import LIFE, MOST_TRIES, STEP_SECONDS, Verdict, begin, channel_of, check, enrol, enrolment_uri

NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
HASH = "a" * 64
ANN = Person("ann", "Ann Lee", "ann@x.example", recovery="ann@home.example")
STEP = timedelta(seconds=STEP_SECONDS)


def sent() -> tuple[Challenge, str]:
    challenge, code = begin("act_1", HASH, Channel.NOTICE, NOON, KEY)
    assert isinstance(code, Secret)
    return challenge, code.reveal()


def app(factor: SecondFactor) -> pyotp.TOTP:
    """The person's authenticator app, set up from the printed address as a phone does it."""
    made = pyotp.parse_uri(enrolment_uri(factor, "Example AB", KEY).reveal())
    assert isinstance(made, pyotp.TOTP)
    return made


class TestCodesBySecondChannel:
    def test_the_right_code_is_accepted_once(self) -> None:
        challenge, code = sent()
        first = check(challenge, HASH, code, NOON, KEY)
        assert (first.verdict, first.accepted, first.challenge.used_at) == (Verdict.ACCEPTED, True, NOON)
        assert check(first.challenge, HASH, code, NOON, KEY).verdict is Verdict.USED

    def test_spaces_do_not_matter(self) -> None:
        challenge, code = sent()
        assert check(challenge, HASH, f" {code[:3]} {code[3:]}\n", NOON, KEY).accepted

    def test_five_wrong_codes_are_the_end_also_for_the_right_one(self) -> None:
        challenge, code = sent()
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        verdicts = []
        for _ in range(MOST_TRIES):
            checked = check(challenge, HASH, wrong, NOON, KEY)
            challenge = checked.challenge
            verdicts.append(checked.verdict)
        assert verdicts == [Verdict.WRONG] * 4 + [Verdict.EXHAUSTED]
        assert check(challenge, HASH, code, NOON, KEY).verdict is Verdict.EXHAUSTED

    def test_the_fifth_try_may_still_be_right(self) -> None:
        challenge, code = sent()
        assert check(replace(challenge, tries=MOST_TRIES - 1), HASH, code, NOON, KEY).accepted

    def test_it_ends_after_ten_minutes(self) -> None:
        challenge, code = sent()
        assert timedelta(minutes=10) == LIFE
        assert check(challenge, HASH, code, NOON + LIFE - timedelta(seconds=1), KEY).accepted
        assert check(challenge, HASH, code, NOON + LIFE, KEY).verdict is Verdict.EXPIRED

    def test_a_code_is_worth_nothing_for_another_action_or_an_altered_one(self) -> None:
        challenge, code = sent()
        assert check(challenge, "b" * 64, code, NOON, KEY).verdict is Verdict.ALTERED
        assert check(replace(challenge, action="act_2"), HASH, code, NOON, KEY).verdict is Verdict.WRONG

    def test_a_stored_challenge_alone_does_not_tell_the_code(self) -> None:
        challenge, code = sent()
        assert code not in repr(challenge)
        assert not check(challenge, HASH, code, NOON, OTHER_KEY).accepted

    @pytest.mark.parametrize(
        "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\x00", "\udcff" * 6, "000000\n000000", "-12345", "1e5000"]
    )
    def test_what_is_no_code_is_a_wrong_try(self, code: str) -> None:
        challenge, _ = sent()
        checked = check(challenge, HASH, code, NOON, KEY)
        assert (checked.verdict, checked.challenge.tries) == (Verdict.WRONG, 1)

    @given(st.text(max_size=12))
    def test_only_the_code_itself_is_accepted(self, text: str) -> None:
        challenge, code = sent()
        assert check(challenge, HASH, text, NOON, KEY).accepted is ("".join(text.split()) == code)

    def test_codes_differ_between_actions_hashes_and_installations(self) -> None:
        asked = [(f"act_{number}", HASH, KEY) for number in range(200)] + [("act_1", "b" * 64, KEY), ("act_1", HASH, OTHER_KEY)]
        codes = [begin(action, made, Channel.NOTICE, NOON, key)[1] for action, made, key in asked]
        assert len({code.reveal() for code in codes if code}) >= 200

    def test_asking_again_for_the_same_action_gives_the_same_code(self) -> None:
        later, code = begin("act_1", HASH, Channel.NOTICE, NOON + timedelta(minutes=3), KEY)
        assert code is not None
        assert (code.reveal(), later.expires_at) == (sent()[1], NOON + timedelta(minutes=13))

    def test_codes_are_spread_over_all_figures(self) -> None:
        codes = [begin(f"act_{number}", HASH, Channel.NOTICE, NOON, KEY)[1] for number in range(3_000)]
        for place in range(6):
            figures = Counter(code.reveal()[place] for code in codes if code)
            assert all(230 < figures[str(figure)] < 370 for figure in range(10))


class TestCodesOfAnApp:
    def asked(self, at: datetime = NOON) -> Challenge:
        challenge, code = begin("act_1", HASH, Channel.TOTP, at, KEY)
        assert code is None
        return challenge

    def test_the_code_of_now_is_accepted_and_remembered(self) -> None:
        factor = enrol("ann", NOON - STEP)
        checked = check(self.asked(), HASH, app(factor).at(NOON), NOON, KEY, factor)
        assert checked.accepted
        assert checked.factor is not None
        assert checked.factor.last_step == int(NOON.timestamp()) // STEP_SECONDS

    @pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_a_clock_may_be_half_a_minute_off(self, steps: int, accepted: bool) -> None:
        factor = enrol("ann", NOON - STEP)
        assert check(self.asked(), HASH, app(factor).at(NOON + steps * STEP), NOON, KEY, factor).accepted is accepted

    def test_a_code_counts_once_also_for_another_action_and_an_older_one_no_more(self) -> None:
        factor = enrol("ann", NOON - STEP)
        used = check(self.asked(), HASH, app(factor).at(NOON), NOON, KEY, factor).factor
        for moment in (NOON, NOON - STEP):
            assert check(self.asked(), HASH, app(factor).at(moment), NOON, KEY, used).verdict is Verdict.WRONG
        later = NOON + STEP
        assert check(self.asked(later), HASH, app(factor).at(later), later, KEY, used).accepted

    def test_another_persons_app_does_not_count(self) -> None:
        mine, theirs = enrol("ann", NOON - STEP), enrol("bo", NOON - STEP)
        assert not check(self.asked(), HASH, app(theirs).at(NOON), NOON, KEY, mine).accepted
        assert not check(self.asked(), HASH, app(mine).at(NOON), NOON, KEY, replace(mine, person="bo")).accepted

    def test_an_app_that_was_removed_or_registered_after_the_question_does_not_count(self) -> None:
        fresh = enrol("ann", NOON + timedelta(seconds=1))
        moment = NOON + timedelta(seconds=2)
        assert check(self.asked(), HASH, app(fresh).at(moment), moment, KEY, fresh).verdict is Verdict.NO_FACTOR
        assert check(self.asked(), HASH, "123456", NOON, KEY, None).verdict is Verdict.NO_FACTOR

    def test_what_is_stored_makes_no_codes_without_the_installations_key(self) -> None:
        factor = enrol("ann", NOON - STEP)
        assert app(factor).secret not in repr(factor)
        assert check(self.asked(), HASH, app(factor).at(NOON), NOON, OTHER_KEY, factor).verdict is Verdict.WRONG

    def test_a_registration_is_new_every_time(self) -> None:
        assert app(enrol("ann", NOON)).secret != app(enrol("ann", NOON)).secret

    def test_the_printed_address_names_the_person_and_the_company(self) -> None:
        uri = enrolment_uri(enrol("ann", NOON), "Example AB", KEY)
        assert str(uri) == "[secret]"
        made = pyotp.parse_uri(uri.reveal())
        assert (made.name, made.issuer) == ("ann", "Firstline Example AB")


class TestChannels:
    def test_an_app_comes_first_then_the_recovery_address_then_nothing(self) -> None:
        assert channel_of(ANN, "x.example", enrol("ann", NOON)) is Channel.TOTP
        assert channel_of(ANN, "x.example", None) is Channel.NOTICE
        assert channel_of(replace(ANN, recovery=""), "x.example", None) is None

    @pytest.mark.parametrize(
        "address",
        [
            "ann@x.example",
            "ANN@X.EXAMPLE",
            " ann@x.example",
            "other@x.example",
            "ann@mail.x.example",
            "ann@y.example",
            "ann",
            "@home.example",
            "ann@",
        ],
    )
    def test_a_mailbox_that_the_locked_account_opens_is_no_second_channel(self, address: str) -> None:
        person = replace(ANN, recovery=address, email="ann@y.example" if "y." in address else ANN.email)
        assert channel_of(person, "x.example", None) is None

    def test_a_domain_that_only_ends_alike_is_another_one(self) -> None:
        assert channel_of(replace(ANN, recovery="ann@notx.example"), "x.example", None) is Channel.NOTICE
