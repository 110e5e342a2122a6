"""An answer that a model writes is shown while it grows: checked, in order, never stored, and the stored reply takes its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.adapters.memory.scripted_chat import Said, ScriptedChat
from tests.support.chat import opened
from tests.support.chatting import STEPS, Script, quoting
from tests.support.service import copy_demo, served_here


@pytest.mark.parametrize("first", [True, False], ids=["the first message", "a later one"])
def test_each_growing_frame_holds_more_and_the_reply_ends_them(tmp_path: Path, model_home: Path, first: bool) -> None:
    home = copy_demo(tmp_path / "home", model_home)
    (home / "steps.toml").write_text(f'{STEPS}answer = "scripted"')
    invented = "Ring 0900 123 456 and pay ten pounds. [p1]"
    script = Script({"answer": lambda told, ask: Said(f"{quoting('p1', told['passages'][0], 4)}\n{invented}", pause=0.005)})
    with served_here(home, opens=lambda _: ScriptedChat(script), steps_file=home / "steps.toml") as service, opened(service) as socket:

        def send(**frame: object) -> None:
            socket.send(json.dumps({"v": 1, **frame}))

        def until_reply() -> list[dict[str, object]]:
            frames = []
            while True:
                frames.append(json.loads(socket.recv(30)))
                if frames[-1]["type"] == "event" and frames[-1]["event"]["type"] == "reply":
                    return frames

        send(type="hello", token=service.token("maria.santos"), conversation=None, last_event_id=0)
        assert json.loads(socket.recv(30))["type"] == "welcome"
        if not first:
            send(type="message", id="m0", text="hello")
            until_reply()
        send(type="message", id="m1", text="I can't connect to the VPN")
        frames = until_reply()
    growing = [frame for frame in frames if frame["type"] == "growing"]
    assert growing
    assert {frame["message"] for frame in growing} == {"m1"}
    lengths = [len(str(frame["text"])) for frame in growing]
    assert lengths == sorted(set(lengths))
    assert "0900" not in str(frames)
    events = [frame for frame in frames if frame["type"] == "event"]
    assert [frame["event"]["type"] for frame in events] == ["message", "reply"]  # type: ignore[index]
    assert frames.index(events[0]) < frames.index(growing[0]) < frames.index(events[1])
    reply = events[1]["event"]["reply"]  # type: ignore[index]
    assert str(growing[-1]["text"]).split(" [1]")[0] in reply["text"]
