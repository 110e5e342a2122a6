"""Settings of the service, from the environment (``FIRSTLINE_...``) or ``firstline.env``. Read here, handed down as values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from assistant.domain.configuration import DEFAULT_ROLES
from kb.settings import KnowledgeSettings

KEYS, KEY_LENGTH = 8, 32
BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*[A-Za-z0-9_/-]")
KEY_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")


class SlackListening(BaseModel):
    """How one channel of Slack is listened to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confidence: float = Field(default=0.8, ge=0, le=1)
    """An answer at least this sure is given to a question that nobody asked us."""
    answers: Literal["public", "ephemeral"] = "ephemeral"
    """Who sees it: everybody in the thread, or only the person who wrote."""


HEADER = "^[A-Za-z0-9-]{1,80}$"


class AlertSource(BaseModel):
    """A monitoring system that delivers alerts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["alertmanager", "grafana", "ninjaone", "generic"]
    secret: SecretStr = Field(min_length=16)
    """Signs what it delivers, or is its token."""
    token_allowed: bool = False
    """Whether the secret as a bearer token is enough: for systems that cannot sign."""
    mapping: Path | None = None
    """File that says which path fills which field; for ``generic`` only."""
    signature_header: str = Field(default="X-Grafana-Alerting-Signature", pattern=HEADER)
    """Header in which Grafana is set up to send its signature."""
    time_header: str = Field(default="", pattern=f"^$|{HEADER}")
    """Header in which Grafana is set up to send the time that it signs; when it is named, a delivery without it is refused."""

    @model_validator(mode="after")
    def _can_be_met(self) -> AlertSource:
        if self.kind in ("alertmanager", "ninjaone") and not self.token_allowed:
            raise ValueError(f"{self.kind} cannot sign what it sends: set token_allowed to true, and give it the secret as its bearer token")
        if self.mapping is not None and self.kind != "generic":
            raise ValueError(f"a mapping is for sources of the kind generic; how {self.kind} says what is known")
        if self.kind in ("alertmanager", "ninjaone") and self.model_fields_set & {"signature_header", "time_header"}:
            raise ValueError(f"{self.kind} cannot sign what it sends: signature_header and time_header are Grafana's")
        names = {self.signature_header.lower(), self.time_header.lower(), "authorization", "x-firstline-signature"}
        if len(names) < 4:
            raise ValueError("signature_header and time_header have to be two headers that are used for nothing else")
        return self


class Settings(KnowledgeSettings):
    """Everything that can be set; the knowledge base's settings are part of it."""

    host: str = Field(default="127.0.0.1", description="Address the service listens on.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port the service listens on.")
    public_url: str = Field(default="", description="Address under which people reach the service, for links in mails; empty means host and port.")
    workflows_url: str = Field(
        default="", description="Database of durable execution; empty means a file in the state folder, or the PostgreSQL of database_url."
    )
    token_secret: SecretStr = Field(
        default=SecretStr(""),
        description="The installation's key, for anchors, codes and user tokens; empty means one made at first start in the state folder.",
    )
    token_secrets: dict[str, SecretStr] = Field(
        default={},
        max_length=KEYS,
        description="Keys of user tokens by their names, as JSON, in place of token_secret: the first signs, all verify; 32 characters or more.",
    )
    token_minutes: int = Field(
        default=15, gt=0, le=60, description="Life of a token that Firstline issues itself; longer-lived ones of others are refused."
    )
    allowed_origins: list[str] = Field(default=[], description="Origins of pages, beside the service's own, that may embed the widget.")
    allowed_hosts: list[str] = Field(default=["127.0.0.1", "localhost"], description="Host names that the service answers to.")
    link_hosts: list[str] = Field(default=[], description="Hosts that links in answers may lead to, beside the organisation's own domain.")
    demo: bool = Field(default=False, description="Offer the demo company's page, where one of a few employees can be chosen.")
    demo_clock: bool = Field(default=False, description="The demo's time can be set ahead; refused where anything but the demo company is connected.")
    intents_file: Path | None = Field(default=None, description="File with the organisation's own examples and intents, over the packaged ones.")
    policy_file: Path | None = Field(default=None, description="Policy file to use instead of the packaged one.")
    articles_git: Path | None = Field(
        default=None, description="Git repository into which articles that are written here also go, each change as a commit on a branch."
    )
    articles_git_folder: str = Field(default="", description="Folder of the repository for new articles; empty means its top.")
    articles_git_branch: str = Field(default="firstline/", description="What the names of those branches begin with; the article's id follows.")
    articles_git_base: str = Field(default="", description="Branch that they begin at and are merged into; empty means the one that is checked out.")
    articles_git_remote: str = Field(default="", description="Remote to which they are pushed, never by force; empty means none.")
    steps_file: Path | None = Field(default=None, description="File that names the model of each step; without it every step is local.")
    anchor_file: Path | None = Field(
        default=None, description="File for the anchors of the audit, best on another disk or host; empty means one in the state folder."
    )
    deadline_seconds: float = Field(default=10.0, gt=0, description="Every accepted message is answered within this time, if only by an error.")
    assume_after_hours: float = Field(default=24.0, gt=0, description="Silence after an answer counts as RESOLVED_ASSUMED after this time.")
    abandon_after_hours: float = Field(
        default=24.0, gt=0, description="Silence after a question of the assistant ends the conversation as ABANDONED."
    )
    reopen_within_days: float = Field(default=14.0, gt=0, description="A reply to a closed conversation within this time reopens it.")
    same_issue_days: float = Field(default=14.0, gt=0, description="The same issue within this time goes to the ticket that is open for it.")
    handoff_first: bool = Field(default=False, description="A conversation goes to people at once; the assistant answers when they give it back.")
    hold_minutes: float = Field(
        default=60.0, gt=0, description="A conversation whose person of the desk says nothing for this time waits for somebody again."
    )
    desk: Literal["", "request-tracker", "zendesk"] = Field(
        default="", description="System in which people work tickets: request-tracker or zendesk; empty means Firstline's own console."
    )
    desk_url: str = Field(default="", description="Address of that system, https except on this host, such as https://rt.example.com.")
    desk_account: str = Field(
        default="", description="Firstline's account there: the user name of Request Tracker, the e-mail address of a Zendesk agent."
    )
    desk_token: SecretStr = Field(default=SecretStr(""), description="Token of that account.")
    desk_queues: dict[str, str] = Field(default={}, description="Names of queues there for ours, as JSON; what is not named is called the same.")
    desk_categories: dict[str, str] = Field(default={}, description="Names of categories there for ours, as JSON.")
    desk_category_field: str = Field(
        default="", description="Custom field there that holds the category: a name for Request Tracker, an id for Zendesk; empty means none."
    )
    desk_key_field: str = Field(default="Firstline Key", description="Custom field of Request Tracker that holds Firstline's keys.")
    desk_hook_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret that signs what the system reports to `/webhooks/desk`; empty means that nothing is accepted."
    )
    ticket_hook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Secret that signs the tickets that other systems send to `/webhooks/tickets`; empty means that none is accepted.",
    )
    desk_follow_seconds: float = Field(default=30.0, ge=5, description="How often the system is asked what people did there.")
    desk_timeout_seconds: float = Field(default=15.0, gt=0, description="How long one step of a call to the system may take.")
    fleet: Literal["builtin", "ninjaone", "salt"] = Field(
        default="builtin", description="Device management: builtin (a list of devices), ninjaone or salt (through salt-api)."
    )
    fleet_url: str = Field(default="", description="Its address, https except on this host, such as https://eu.ninjarmm.com.")
    fleet_account: str = Field(default="", description="Firstline's account there: the client id of NinjaOne, the user of Salt's shared secret.")
    fleet_secret: SecretStr = Field(default=SecretStr(""), description="Secret of that account.")
    fleet_remedies: dict[str, str] = Field(
        default={}, description="What stands there for the policy's remedies, as JSON: SCRIPT:NUMBER or ACTION:UID of NinjaOne, a state of Salt."
    )
    fleet_timeout_seconds: float = Field(default=40.0, gt=0, description="How long one step of a call to the device management may take.")
    messages_per_minute: int = Field(default=60, gt=0, description="More messages than this from one person are refused.")
    attachment_megabytes: int = Field(default=10, ge=0, le=50, description="Largest file that people may attach; 0 takes none.")
    attachments_per_conversation: int = Field(default=20, gt=0, description="More files than this in one conversation are refused.")
    attachments_per_day: int = Field(default=60, gt=0, description="More files than this of one person within 24 hours are refused.")
    scan_command: list[str] = Field(
        default=[],
        description="Virus scanner, as JSON: reads a file from its standard input, exits 0 for clean and 1 for not. Without a verdict it is refused.",
    )
    scan_seconds: float = Field(default=20.0, gt=0, description="A scanner that takes longer gave no verdict.")
    directory: Literal["builtin", "ldap", "scim"] = Field(
        default="builtin", description="Where people and accounts are: builtin (the people file), ldap or scim."
    )
    roles: dict[Literal["agent", "author", "operator", "auditor", "admin"], list[str]] = Field(
        default={}, description="Groups that give each role in the console, as JSON; roles not named keep their groups, admin has all roles."
    )
    oidc_issuer: str = Field(
        default="",
        description="Identity provider for signing in to the console, as its issuer, such as https://id.example.com; empty means none.",
    )
    oidc_client_id: str = Field(default="", description="Firstline's client id there; it is sent back to /console/sign-in/callback of public_url.")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="Secret of that client; empty for a public client.")
    oidc_scopes: list[str] = Field(default=["openid", "email", "profile"], description="Scopes that are asked for, as JSON.")
    oidc_person_claim: str = Field(
        default="email",
        min_length=1,
        description="Claim that names the person: email (verified, of one person), or one that holds the directory's id.",
    )
    oidc_groups_claim: str = Field(
        default="", description="Claim with the groups that give roles, until the session ends; empty means that the directory's groups count."
    )
    oidc_timeout_seconds: float = Field(default=5.0, gt=0, description="Longest wait for each answer of the identity provider.")
    ldap_url: str = Field(default="", description="ldaps://HOST or ldap://HOST, with :PORT if need be.")
    ldap_start_tls: bool = Field(default=False, description="Begin TLS on an ldap:// connection before anything else.")
    ldap_plain_allowed: bool = Field(default=False, description="Allow ldap:// without TLS to another host; passwords travel in the clear.")
    ldap_ca_file: str = Field(default="", description="Certificates that vouch for the LDAP server; empty means those of the system.")
    ldap_bind_dn: str = Field(default="", description="Entry of the service account.")
    ldap_password: SecretStr = Field(default=SecretStr(""), description="Password of the service account.")
    ldap_timeout_seconds: float = Field(default=5.0, gt=0, description="Longest wait for a connection and for each answer.")
    ldap_people_base: str = Field(default="", description="Where people stand; nobody outside it exists for Firstline.")
    ldap_people_filter: str = Field(default="(objectClass=inetOrgPerson)", description="Which entries below the base are people.")
    ldap_attributes: dict[str, str] = Field(
        default={}, description="Attributes that hold what is known of a person, as JSON; those not named keep their defaults."
    )
    ldap_group_base: str = Field(default="", description="Where groups stand; no group outside it exists for Firstline.")
    ldap_group_filter: str = Field(default="(objectClass=groupOfNames)", description="Which entries below the base are groups.")
    ldap_group_name: str = Field(default="cn", description="Attribute with a group's name.")
    ldap_group_member: str = Field(default="member", description="Attribute of a group that lists its members' entries.")
    ldap_member_of: str = Field(default="", description="Attribute of a person that lists groups; empty means that the groups are searched.")
    scim_url: str = Field(default="", description="Base of /Users and /Groups at the SCIM provider, https.")
    scim_token: SecretStr = Field(default=SecretStr(""), description="Bearer token for the SCIM provider.")
    scim_ca_file: str = Field(default="", description="Certificates that vouch for the SCIM provider; empty means those of the system.")
    scim_timeout_seconds: float = Field(default=10.0, gt=0, description="Longest wait for a connection and for each part of an answer.")
    scim_groups: list[str] = Field(default=[], description="The groups that exist for Firstline; empty means every group of the provider.")
    scim_inactive_is_locked: bool = Field(default=False, description="The provider locks accounts by active=false, so unlocking sets it to true.")
    scim_password_forces_change: bool = Field(
        default=False, description="The provider has a password that another set changed at the next sign-in; without that no password is reset."
    )
    scim_recovery_kind: str = Field(default="", description="Type of the e-mail address for one-time codes, such as home; empty means none.")
    smtp_host: str = Field(default="", description="Mail server that takes notices; empty writes them to the folder mail of the state folder.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server; 465 is usual for smtp_security=tls.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the way to the mail server is protected; none only for a server on this host."
    )
    smtp_user: str = Field(default="", description="User name at the mail server; empty means no sign-in.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Password at the mail server.")
    smtp_ca_file: str = Field(default="", description="Certificates that vouch for the mail server; empty means those of the system.")
    smtp_timeout_seconds: float = Field(default=10.0, gt=0, description="Longest wait for the mail server.")
    mail_from: str = Field(default="firstline@localhost", description="Address that notices come from.")
    mail_name: str = Field(default="IT help", description="Name beside the address that notices come from.")
    mail_address: str = Field(
        default="", description="Address of the mailbox that people write to, and that answers come from; empty means mail_from."
    )
    mail_authserv_id: str = Field(
        default="", description="Name of the receiving mail server in Authentication-Results; without it everybody who writes is a stranger."
    )
    mail_verdict_fields: int = Field(
        default=1, ge=1, le=5, description="How many Authentication-Results with that name the server puts on top of a mail."
    )
    mail_answer_strangers: bool = Field(default=True, description="Answer mails of senders for whom nobody vouches, from public articles only.")
    mail_per_hour: int = Field(
        default=20, gt=0, description="More mails than this of one sender, or in one thread, within an hour wait for a person."
    )
    mail_max_mb: int = Field(default=20, ge=1, le=25, description="Of a mail that is larger only the words are read.")
    imap_host: str = Field(default="", description="Server of the mailbox that people write to; empty means that e-mail is no way in.")
    imap_port: int = Field(default=993, ge=1, le=65535, description="Port of that server; 143 is usual for imap_security=starttls.")
    imap_security: Literal["tls", "starttls", "none"] = Field(
        default="tls", description="How the way to the mailbox is protected; none only for a server on this host."
    )
    imap_user: str = Field(default="", description="User name of the mailbox.")
    imap_password: SecretStr = Field(default=SecretStr(""), description="Password of the mailbox.")
    imap_ca_file: str = Field(default="", description="Certificates that vouch for the mailbox's server; empty means those of the system.")
    imap_timeout_seconds: float = Field(default=20.0, gt=0, description="Longest wait for the mailbox's server.")
    imap_folder: str = Field(default="INBOX", description="Folder that is followed.")
    imap_done_folder: str = Field(default="Firstline done", description="Folder for mails that are dealt with; made where it is missing.")
    imap_failed_folder: str = Field(
        default="Firstline failed", description="Folder for mails that somebody has to look at; made where it is missing."
    )
    slack_bot_token: SecretStr = Field(default=SecretStr(""), description="Bot token of the Slack app (xoxb-); empty means no Slack.")
    slack_transport: Literal["socket", "http"] = Field(
        default="socket", description="How Slack delivers: socket (Firstline connects to Slack) or http (Slack calls /slack/events)."
    )
    slack_app_token: SecretStr = Field(default=SecretStr(""), description="App-level token (xapp-) for socket.")
    slack_signing_secret: SecretStr = Field(default=SecretStr(""), description="Signing secret of the Slack app for http.")
    slack_workspaces: list[str] = Field(default=[], description="Ids of the workspaces whose people count, as JSON; all others are guests.")
    slack_reaction: str = Field(default="", description="Name of the emoji that asks for help with a message; empty means none.")
    slack_channels: dict[str, SlackListening] = Field(
        default={}, description="Channels that are listened to, by id, as JSON: confidence and answers (public or ephemeral)."
    )
    slack_api: str = Field(default="https://slack.com/api/", description="Base address of Slack's Web API; another one only for tests on this host.")
    joiners_folder: Path | None = Field(
        default=None, description="Folder with the organisation's own checklists, join.yaml and leave.yaml; empty means the packaged ones."
    )
    hr_hook_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret that signs the messages of HR's system to /webhooks/hr; empty means that none are taken."
    )
    hr_groups: list[str] = Field(default=["hr"], description="Groups whose members see and begin joiners and leavers for everybody, as JSON.")
    alert_sources: dict[str, AlertSource] = Field(
        default={},
        description="Monitoring systems that may deliver to /webhooks/alerts/NAME, by name, as JSON: "
        "kind, secret, token_allowed, mapping, signature_header, time_header.",
    )
    retain_alerts_days: float = Field(
        default=30.0, gt=0, description="Reports of alerts are deleted this long after they came, alerts of what is over this long after the last."
    )
    agent_minutes: dict[str, float] = Field(
        default={}, description='What a ticket costs the desk in minutes, by category, as JSON; "*" is every other. Gaps are ranked by it.'
    )
    review_day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = Field(
        default="monday", description="Day on which the review of the week before is made, in the organisation's time zone."
    )
    review_hour: int = Field(default=7, ge=0, le=23, description="Hour of that day at which it is made.")
    review_mail_groups: list[str] = Field(default=[], description="Groups whose members get the weekly review's three things by mail, as JSON.")
    review_slack_channel: str = Field(default="", description="Id of the Slack channel that gets them; empty means none.")
    retain_conversations_days: float = Field(default=180.0, gt=0, description="Conversations are deleted this long after the last word in them.")
    retain_tickets_days: float = Field(default=730.0, gt=0, description="Tickets are deleted this long after they were closed.")
    retain_changes_days: float = Field(
        default=730.0, gt=0, description="Changes that are over, and findings of compliance that are closed, are deleted this long after that."
    )
    retain_intents_days: float = Field(
        default=365.0, gt=0, description="Unanswered questions, and what people said about answers, are deleted after this time."
    )
    retain_actions_days: float = Field(default=365.0, gt=0, description="Actions, approvals and errands are deleted this long after they ended.")
    retain_notices_days: float = Field(default=14.0, gt=0, description="Notices in the folder of a missing mail server are deleted after this time.")
    zero_persistence: bool = Field(default=False, description="Keep conversations in memory only: nothing that somebody wrote reaches the disk.")
    memory_hours: float = Field(default=24.0, gt=0, description="With zero persistence, silent conversations leave the memory after this time.")

    @model_validator(mode="after")
    def _played_time_is_for_the_demo_alone(self) -> Settings:
        """Refuse a clock that can be set where anybody or anything outside of the demo would go by it."""
        if not self.demo_clock:
            return self
        outside = ("desk", "fleet_url", "oidc_issuer", "imap_host", "smtp_host", "database_url", "workflows_url", "articles_git")
        set_ones = [name for name in outside if getattr(self, name)] + ["slack_bot_token"] * bool(self.slack_bot_token.get_secret_value())
        if self.directory != "builtin":
            set_ones.append("directory")
        if set_ones or not self.demo:
            why = f"not with FIRSTLINE_{set_ones[0].upper()}" if set_ones else "it needs FIRSTLINE_DEMO=true"
            raise ValueError(f"FIRSTLINE_DEMO_CLOCK is for the demo company alone: {why}")
        return self

    @model_validator(mode="after")
    def _desk_is_complete(self) -> Settings:
        """Refuse a desk that cannot be called, or would be sent its token in the clear."""
        if self.desk:
            missing = [name for name in ("desk_url", "desk_account", "desk_token") if not getattr(self, name)]
            if missing or not self.desk_token.get_secret_value():
                raise ValueError(f"FIRSTLINE_DESK needs {', '.join(f'FIRSTLINE_{name.upper()}' for name in missing or ['desk_token'])}")
            where = urlsplit(self.desk_url)
            if where.scheme != "https" and (where.scheme, where.hostname) not in (("http", "127.0.0.1"), ("http", "localhost")):
                raise ValueError("FIRSTLINE_DESK_URL has to begin with https://")
        return self

    @field_validator("articles_git_folder")
    @classmethod
    def _articles_stay_inside(cls, value: str) -> str:
        """Refuse a folder that is none of the repository's."""
        parts = value.strip("/").split("/") if value.strip("/") else []
        if value.startswith("/") or any(part in ("", ".", "..", ".git") for part in parts):
            raise ValueError("FIRSTLINE_ARTICLES_GIT_FOLDER is a folder inside the repository, such as docs/it")
        return "/".join(parts)

    @field_validator("articles_git_branch")
    @classmethod
    def _branches_have_names(cls, value: str) -> str:
        """Refuse what Git takes for no name of a branch, and what would write to branches of others."""
        if not BRANCH.fullmatch(value) or ".." in value or "//" in value or value.endswith(".lock/"):
            raise ValueError("FIRSTLINE_ARTICLES_GIT_BRANCH begins the names of branches, such as firstline/")
        return value

    @field_validator("slack_api")
    @classmethod
    def _slack_is_called_safely(cls, value: str) -> str:
        """Refuse an address to which the token would go in the clear."""
        where = urlsplit(value)
        if where.scheme != "https" and (where.scheme, where.hostname) not in (("http", "127.0.0.1"), ("http", "localhost")):
            raise ValueError("FIRSTLINE_SLACK_API has to begin with https://")
        return value if value.endswith("/") else f"{value}/"

    @field_validator("alert_sources")
    @classmethod
    def _sources_have_names(cls, value: dict[str, AlertSource]) -> dict[str, AlertSource]:
        """Refuse names that do not go into an address."""
        for name in value:
            if not KEY_NAME.fullmatch(name):
                raise ValueError("FIRSTLINE_ALERT_SOURCES: a source's name has 1 to 40 letters, digits and ._-")
        return value

    @model_validator(mode="after")
    def _keys_are_keys(self) -> Settings:
        """Refuse keys that could be guessed, and names that do not go into a token's head."""
        for name, key in self.token_secrets.items():
            if not KEY_NAME.fullmatch(name):
                raise ValueError("FIRSTLINE_TOKEN_SECRETS: a key's name has 1 to 40 letters, digits and ._-")
            if len(key.get_secret_value()) < KEY_LENGTH:
                raise ValueError(f"FIRSTLINE_TOKEN_SECRETS: the key '{name}' has fewer than {KEY_LENGTH} characters")
        return self

    @property
    def granted_roles(self) -> dict[str, frozenset[str]]:
        """The groups that give each role, and ``admin`` all of them."""
        return {**DEFAULT_ROLES, **{role: frozenset(groups) for role, groups in self.roles.items()}}

    @property
    def token_keys(self) -> dict[str, bytes]:
        """The keys of user tokens by their names; none where the installation's own key signs them."""
        return {name: key.get_secret_value().encode() for name, key in self.token_secrets.items()}

    @property
    def url(self) -> str:
        """Where people reach the service, for links that leave it."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def workflows_database(self) -> str:
        """Where durable execution keeps its state."""
        if self.workflows_url:
            return self.workflows_url
        if self.database_url.startswith("postgresql"):
            return "postgresql" + self.database_url[self.database_url.index("://") :]
        return f"sqlite:///{(self.home / 'workflows.db').absolute()}"
