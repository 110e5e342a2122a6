"""Mails as people's programs write them, for tests."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from itertools import count

SERVER = "mx.northwind.example"
DESK = "it-help@northwind.example"
NUMBERS = count(1)
WRITTEN = SMTP.clone(max_line_length=900)
"""The library would encode ids that do not fit on a line, which mail programs do not."""


def verdict(domain: str, result: str = "pass", server: str = SERVER) -> str:
    """Return what the receiving server writes on top of a mail."""
    return f"{server}; dmarc={result} header.from={domain}; spf=pass smtp.mailfrom={domain}"


def mail(
    sender: str, text: str, subject: str = "Help", *, judged: str | None = None, answers: tuple[str, ...] = (), name: str = "", **headers: str
) -> EmailMessage:
    """Return a mail of somebody whose server vouches for them; ``judged`` replaces that verdict, "" leaves it out."""
    made = EmailMessage(policy=WRITTEN)
    shown = verdict(sender.rpartition("@")[2].rstrip(">")) if judged is None else judged
    if shown:
        made["Authentication-Results"] = shown
    made["From"] = sender
    made["To"] = DESK
    made["Subject"] = subject
    made["Message-ID"] = f"<{name or f'mail-{next(NUMBERS)}@laptop.example'}>"
    if answers:
        made["In-Reply-To"] = f"<{answers[-1]}>"
        made["References"] = " ".join(f"<{one}>" for one in answers)
    for field, value in headers.items():
        made[field.replace("_", "-")] = value
    made.set_content(text)
    return made
