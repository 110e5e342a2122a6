"""Small retrieval systems that stand in for a peer: one that works, and ones that fail in the ways in which a peer may."""

from __future__ import annotations

from pathlib import Path

WORKING = """
import json, os
from pathlib import Path

class System:
    PACKAGES = ("pydantic",)
    SETTINGS = {"retrieval": "shared words"}

    def open(self, folder, model):
        self.file = Path(folder) / "rows.json"
        self.rows = json.loads(self.file.read_text()) if self.file.exists() else []

    def ingest(self, rows, split):
        print("Batches: 100%", flush=True)
        os.write(1, b"a line of a C library\\n")
        self.rows = rows
        self.file.write_text(json.dumps(rows))
        return len(rows)

    def search(self, question):
        with open(self.file.with_suffix(".asked"), "a") as asked:
            asked.write(question + "\\n")
        wanted = set(question.lower().split())
        words = lambda row: set((row["title"] + " " + row["text"]).lower().split())
        return [row["id"] for row in sorted(self.rows, key=lambda row: -len(wanted & words(row))) for _ in range(2)]
"""
"""Ranks by shared words, returns every id twice, prints on standard output, keeps what it was asked."""

INGESTS = "    def ingest(self, rows, split):\n"
CRASHES = WORKING.replace(INGESTS, INGESTS + '        import sys; sys.stderr.write("out of luck\\n"); sys.stderr.flush(); os._exit(3)\n')
HANGS = WORKING.replace(
    INGESTS,
    INGESTS
    + '        import subprocess, time; child = subprocess.Popen(["sleep", "300"])\n'
    + '        self.file.with_name("child").write_text(str(child.pid)); time.sleep(300)\n',
)
RAISES = WORKING.replace(INGESTS, INGESTS + '        raise LookupError("the index is gone")\n')
NEEDS_MORE = "import a_package_that_nobody_has\n" + WORKING
INVENTS = WORKING.replace("return len(rows)", "return float('nan')")


def driver(folder: Path, name: str, code: str) -> Path:
    """Write a driver and return its file."""
    file = folder / f"{name}.py"
    file.write_text(code, encoding="utf-8")
    return file
