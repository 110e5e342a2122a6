"""The command ``firstline eval``."""

from __future__ import annotations

import typer

from evals.commands.fit_evidence import fit_evidence
from evals.commands.questions import questions
from evals.commands.render import render
from evals.commands.turns import turns

app = typer.Typer(no_args_is_help=True, help="Measure Firstline. Example: firstline eval turns")
app.command("fit-evidence", epilog="Example: firstline eval fit-evidence DATA/kb_symptoms DATA/stackfaq --outsiders DATA/banking77/train.jsonl")(
    fit_evidence
)
app.command(epilog="Example: firstline eval questions evals/cases/itkb_questions.jsonl DATA/itkb_small/articles")(questions)
app.command(epilog="Example: firstline eval render DATA/security/render.jsonl")(render)
app.command(epilog="Example: firstline eval turns --questions 200 --json turns.json")(turns)
