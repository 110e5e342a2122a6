"""The conversation's state machine: every entry of its table, everything that is not in it, and random walks."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from assistant.domain.conversation import CLOSED, Happening, IllegalTransition, Outcome, State, advance, outcome_of

S, H, O = State, Happening, Outcome  # noqa: E741 - the table below is read as a table
RESTING = [state for state in State if state not in (State.ANSWERING, State.WITH_PERSON)]
REPLIES: dict[Happening, tuple[State | None, Outcome | None]] = {
    H.ANSWERED: (S.AWAITING_CONFIRMATION, None),
    H.ASKED: (S.CLARIFYING, None),
    H.OFFERED: (S.OFFERING_TICKET, None),
    H.CONFIRMED: (S.RESOLVED, O.RESOLVED_CONFIRMED),
    H.FILED: (S.FILED, O.TICKET_FILED),
    H.HANDED_OFF: (S.HANDED_OFF, O.HANDED_OFF),
    H.DECLINED: (S.ABANDONED, O.UNRESOLVED),
    H.PROPOSED: (S.CONFIRMING_ACTION, None),
    H.STARTED: (S.ACTING, None),
    H.DROPPED: (S.ABANDONED, O.ABANDONED),
    H.CONVERSED: (None, None),
    H.FAILED: (None, None),
}
"""What a reply makes of a conversation that is being answered; None as the state: the one before the message."""
SILENCES = {
    S.AWAITING_CONFIRMATION: (S.RESOLVED, O.RESOLVED_ASSUMED),
    S.CLARIFYING: (S.ABANDONED, O.ABANDONED),
    S.OFFERING_TICKET: (S.ABANDONED, O.ABANDONED),
    S.CONFIRMING_ACTION: (S.ABANDONED, O.ABANDONED),
}
ENDINGS = {
    H.ACTED: (S.AWAITING_CONFIRMATION, None),
    H.FILED: (S.FILED, O.TICKET_FILED),
    H.DROPPED: (S.ABANDONED, O.ABANDONED),
}
"""How an action that was under way ends, outside of any message."""
PEOPLE = {H.MESSAGE: S.WITH_PERSON, H.GIVEN_BACK: S.OPEN, H.LAPSED: S.HANDED_OFF}
"""What can happen to a conversation that somebody of the desk has."""
LEGAL = (
    {(state, H.MESSAGE) for state in RESTING}
    | {(S.ANSWERING, happening) for happening in REPLIES}
    | {(state, H.SILENCE) for state in SILENCES}
    | {(S.ACTING, happening) for happening in ENDINGS}
    | {(state, H.TAKEN) for state in (*RESTING, S.ANSWERING)}
    | {(S.WITH_PERSON, happening) for happening in PEOPLE}
)


@pytest.mark.parametrize("state", RESTING)
def test_a_message_is_accepted_in_every_resting_state(state: State) -> None:
    assert advance(state, H.MESSAGE) is S.ANSWERING
    assert outcome_of(state, H.MESSAGE) is None


@pytest.mark.parametrize(("happening", "before"), product(REPLIES, RESTING))
def test_a_reply_leads_where_the_table_says(happening: Happening, before: State) -> None:
    target, outcome = REPLIES[happening]
    assert advance(S.ANSWERING, happening, before) is (target or before)
    assert outcome_of(S.ANSWERING, happening) is outcome


@pytest.mark.parametrize("state", [*RESTING, S.ANSWERING])
def test_a_person_can_take_a_conversation_in_every_state(state: State) -> None:
    assert advance(state, H.TAKEN) is S.WITH_PERSON


@pytest.mark.parametrize("happening", list(Happening))
def test_nothing_that_the_assistant_does_is_possible_while_a_person_has_it(happening: Happening) -> None:
    if happening in PEOPLE:
        assert advance(S.WITH_PERSON, happening) is PEOPLE[happening]
    else:
        with pytest.raises(IllegalTransition):
            advance(S.WITH_PERSON, happening)


@pytest.mark.parametrize("happening", list(ENDINGS))
def test_an_action_ends_where_the_table_says(happening: Happening) -> None:
    target, outcome = ENDINGS[happening]
    assert advance(S.ACTING, happening) is target
    assert outcome_of(S.ACTING, happening) is outcome


@pytest.mark.parametrize("state", list(SILENCES))
def test_silence_is_never_a_confirmation(state: State) -> None:
    target, outcome = SILENCES[state]
    assert advance(state, H.SILENCE) is target
    assert outcome_of(state, H.SILENCE) is outcome
    assert outcome is not O.RESOLVED_CONFIRMED


@pytest.mark.parametrize(("state", "happening"), [pair for pair in product(State, Happening) if pair not in LEGAL])
def test_everything_else_is_refused_in_words(state: State, happening: Happening) -> None:
    with pytest.raises(IllegalTransition) as caught:
        advance(state, happening)
    assert state.value in str(caught.value)
    assert happening.value in str(caught.value)
    assert outcome_of(state, happening) is None


def test_an_episode_ends_exactly_where_a_closed_state_is_entered() -> None:
    for state, happening in LEGAL:
        if happening in (H.TAKEN, H.LAPSED):
            continue  # whoever takes a conversation ends its episode, if it goes on, and says so in the ledger
        target = REPLIES[happening][0] if state is S.ANSWERING else advance(state, happening)
        assert (outcome_of(state, happening) is not None) is (target in CLOSED), (state, happening)


def test_every_outcome_can_be_reached() -> None:
    assert {outcome_of(state, happening) for state, happening in LEGAL} - {None} == set(Outcome)


class Walk(RuleBasedStateMachine):
    """A conversation to which things happen in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.OPEN
        self.before = State.OPEN
        self.accepted = 0
        self.replied = 0

    @rule()
    def a_person_takes_it(self) -> None:
        if self.state is State.WITH_PERSON:
            return
        self.replied += 1 if self.state is State.ANSWERING else 0
        self.state, self.before = advance(self.state, H.TAKEN), State.OPEN

    @precondition(lambda self: self.state is State.WITH_PERSON)
    @rule(happening=st.sampled_from(list(PEOPLE)))
    def a_person_has_it(self, happening: Happening) -> None:
        self.state = advance(self.state, happening)

    @precondition(lambda self: self.state not in (State.ANSWERING, State.WITH_PERSON))
    @rule()
    def a_message_arrives(self) -> None:
        self.before = self.state
        self.state = advance(self.state, H.MESSAGE)
        self.accepted += 1

    @precondition(lambda self: self.state is State.ANSWERING)
    @rule(happening=st.sampled_from(list(REPLIES)))
    def the_assistant_replies(self, happening: Happening) -> None:
        self.state = advance(self.state, happening, self.before)
        self.replied += 1

    @rule()
    def time_passes(self) -> None:
        if self.state in SILENCES:
            self.state = advance(self.state, H.SILENCE)
        else:
            with pytest.raises(IllegalTransition):
                advance(self.state, H.SILENCE)

    @rule(happening=st.sampled_from(list(Happening)))
    def anything_is_tried(self, happening: Happening) -> None:
        if (self.state, happening) in LEGAL:
            assert advance(self.state, happening, self.before) in State
        else:
            with pytest.raises(IllegalTransition):
                advance(self.state, happening, self.before)

    @invariant()
    def the_state_is_one_of_the_table_and_every_message_gets_one_reply(self) -> None:
        assert self.state in State
        assert self.accepted - self.replied == (1 if self.state is State.ANSWERING else 0)
        assert self.before is not State.ANSWERING


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True, database=None)
