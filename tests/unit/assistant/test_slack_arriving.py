"""What is kept of a delivery, under which id, and which deliveries count as Slack's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.entrypoints.slack.arriving import received_of
from assistant.entrypoints.slack.config import Listening, SlackConfig
from assistant.entrypoints.slack.signing import is_signed, signature_of
from evals.slack.server import event_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONFIG = SlackConfig("xoxb", teams=frozenset({"T0HOME"}), reaction="ask-it", channels={"C1": Listening(0.8)})
SAID = {"type": "message", "user": "U1", "channel": "D1", "channel_type": "im", "text": "hello", "ts": "1795356190.000010"}


def kept(**changes: Any) -> dict[str, Any] | None:
    received = received_of(event_of("message", {**SAID, **changes}, "Ev1"), CONFIG, NOW)
    return received.body if received is not None else None


class TestIds:
    def test_an_event_is_kept_under_its_own_id_in_the_line_of_its_thread_at_the_moment_it_was_written(self) -> None:
        received = received_of(event_of("message", SAID, "Ev1"), CONFIG, NOW)
        assert received is not None
        assert (received.id, received.line) == ("Ev1", "D1/1795356190.000010")
        assert received.at == datetime.fromtimestamp(1795356190.00001, UTC)
        assert received_of(event_of("message", SAID, "Ev1"), CONFIG, NOW) == received

    def test_nothing_is_kept_at_a_moment_that_is_still_to_come_or_is_none(self) -> None:
        for ts in ("9999999999.1", "soon", ""):
            received = received_of(event_of("message", {**SAID, "ts": ts}, "Ev1"), CONFIG, NOW)
            assert received is not None and received.at == NOW

    def test_the_same_press_has_the_same_id_and_another_choice_of_the_row_has_another(self) -> None:
        def press(value: str, action_ts: str) -> str:
            action = {"action_id": "choice:0", "block_id": "choice/c_1/4/0", "value": value, "action_ts": action_ts, "text": {"text": "Yes"}}
            container = {"message_ts": "1.1", "channel_id": "D1"}
            body = {"type": "block_actions", "team": {"id": "T0HOME"}, "user": {"id": "U1"}, "container": container, "actions": [action]}
            received = received_of(body, CONFIG, NOW)
            assert received is not None
            return received.id

        assert press("yes", "1") == press("yes", "2") != press("no", "1")


class TestWhatIsKept:
    @pytest.mark.parametrize(
        "changes",
        [{"bot_id": "B1"}, {"subtype": "message_changed"}, {"subtype": "channel_join"}, {"hidden": True}, {"user": None}],
        ids=lambda changes: next(iter(changes)),
    )
    def test_what_nobody_wrote_is_not_kept(self, changes: dict[str, Any]) -> None:
        assert kept() is not None and kept(**changes) is None

    def test_in_channels_only_what_is_for_us_is_kept(self) -> None:
        assert kept(channel="C2", channel_type="channel") is None
        assert kept(channel="C1", channel_type="channel")["kind"] == "heard"  # type: ignore[index]
        assert kept(channel="C2", channel_type="channel", thread_ts="1.1")["kind"] == "followed"  # type: ignore[index]
        assert kept(channel="C1", channel_type="channel", text="<@U0FIRSTLINE> hello") is None, "the mention comes by itself"

    def test_a_code_is_never_kept(self) -> None:
        view = {"id": "V1", "callback_id": "code", "state": {"values": {"code": {"code": {"value": "123456"}}}}}
        assert received_of({"type": "view_submission", "user": {"id": "U1"}, "view": view}, CONFIG, NOW) is None

    @pytest.mark.parametrize(
        "body", [{}, {"type": "event_callback"}, {"type": "event_callback", "event": {"type": "message"}}, {"type": "block_actions"}]
    )
    def test_what_is_malformed_is_not_kept(self, body: dict[str, Any]) -> None:
        assert received_of(body, CONFIG, NOW) is None


class TestSignatures:
    def test_a_signature_counts_for_its_body_its_secret_and_five_minutes_both_ways(self) -> None:
        signature = signature_of("secret", "1000", b"{}")
        assert is_signed("secret", "1000", signature, b"{}", 1000.0)
        assert is_signed("secret", "1000", signature, b"{}", 1300.0) and is_signed("secret", "1000", signature, b"{}", 700.0)
        assert not is_signed("secret", "1000", signature, b"{}", 1301.0)
        assert not is_signed("secret", "1000", signature, b"{}", 699.0)
        assert not is_signed("secret", "1000", signature, b"{ }", 1000.0)
        assert not is_signed("other", "1000", signature, b"{}", 1000.0)
        assert not is_signed("secret", "1001", signature, b"{}", 1000.0)

    @pytest.mark.parametrize("moment", ["", "-1", "1e3", "９９", "soon", "1" * 400])
    def test_a_moment_that_is_none_is_refused(self, moment: str) -> None:
        assert not is_signed("secret", moment, signature_of("secret", moment, b"{}"), b"{}", 1000.0)

    def test_without_a_secret_nothing_is_signed(self) -> None:
        assert not is_signed("", "1000", signature_of("", "1000", b"{}"), b"{}", 1000.0)
