"""Run as a script: erases a person in a state folder and says when it begins, so that it can be killed at some moment after that."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.bootstrap import open_assistant
from assistant.privacy import erase
from assistant.settings import Settings

if __name__ == "__main__":
    assistant = open_assistant(Settings(home=Path(sys.argv[1])))
    print("begins", flush=True)
    print(erase(assistant, sys.argv[2]), flush=True)
