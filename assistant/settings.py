"""Settings of the service, from the environment (``FIRSTLINE_...``) or ``firstline.env``. Read here, handed down as values."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from kb.settings import KnowledgeSettings


class Settings(KnowledgeSettings):
    """Everything that can be set; the knowledge base's settings are part of it."""

    host: str = Field(default="127.0.0.1", description="Address the service listens on.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port the service listens on.")
    token_secret: SecretStr = Field(
        default=SecretStr(""), description="Key that signs user tokens; empty means one made at first start in the state folder."
    )
    token_minutes: int = Field(
        default=15, gt=0, le=60, description="Life of a token that Firstline issues itself; longer-lived ones of others are refused."
    )
    allowed_origins: list[str] = Field(default=[], description="Origins of pages, beside the service's own, that may embed the widget.")
    allowed_hosts: list[str] = Field(default=["127.0.0.1", "localhost"], description="Host names that the service answers to.")
    link_hosts: list[str] = Field(default=[], description="Hosts that links in answers may lead to, beside the organisation's own domain.")
    demo: bool = Field(default=False, description="Offer the demo company's page, where one of a few employees can be chosen.")
    policy_file: Path | None = Field(default=None, description="Policy file to use instead of the packaged one.")
    deadline_seconds: float = Field(default=10.0, gt=0, description="Every accepted message is answered within this time, if only by an error.")
    assume_after_hours: float = Field(default=24.0, gt=0, description="Silence after an answer counts as RESOLVED_ASSUMED after this time.")
    abandon_after_hours: float = Field(
        default=24.0, gt=0, description="Silence after a question of the assistant ends the conversation as ABANDONED."
    )
    reopen_within_days: float = Field(default=14.0, gt=0, description="A reply to a closed conversation within this time reopens it.")
    same_issue_days: float = Field(default=14.0, gt=0, description="The same issue within this time goes to the ticket that is open for it.")
    messages_per_minute: int = Field(default=60, gt=0, description="More messages than this from one person are refused.")
