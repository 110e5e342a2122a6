"""What is configured, healthy or missing, in one list."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from assistant.adapters.files.scanning import ScanCommand
from assistant.agent.steps.act import MODEL as LOCAL_ACTING
from assistant.agent.tools.registry import TOOLS, switched_off
from assistant.bootstrap import Assistant
from assistant.connections import Misconfigured, open_mail_server, open_provider
from assistant.desk.triage.kept import CannotKeep
from assistant.domain.attachment import FileRefused
from assistant.entrypoints.web.sign_in import BACK as SIGN_IN_BACK
from assistant.governance.step_up import channel_of
from assistant.ports.audit import AuditUnreadable
from assistant.ports.outside import Refused, Unavailable
from assistant.privacy import expired, periods_of, unfinished_erasures
from assistant.surfaces import open_slack
from assistant.workflows.standing import LOOK_BACK, standing
from kb.keeper import Health

ANCHORED_WITHIN = timedelta(minutes=5)
PEOPLE_PAGE = "register recovery addresses or apps, see docs/guide/people.md"
EMAIL_PAGE = "see docs/guide/email.md"
SLACK_PAGE = "see docs/guide/slack.md"
SIGN_IN_PAGE = "see docs/guide/sign-in.md"
MAIL_PAGE = "name a mail server, see docs/guide/mail.md"
TRIAGE_PAGE = "run `firstline triage train` again, or `firstline triage undo`"
DEVICES_PAGE = "see docs/guide/devices.md"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: ``state`` is ok, note or bad; ``advice`` says what to do."""

    name: str
    state: str
    says: str
    advice: str = ""


def _version_in_force(assistant: Assistant) -> str:
    with assistant.store.read() as unit:
        policy = assistant.in_force.of(unit)
    count = len(policy.accepted)
    return policy.version + (f" (the file with {count} accepted {'threshold' if count == 1 else 'thresholds'})" if count else "")


def examine(assistant: Assistant, owned_here: bool) -> Iterator[Check]:
    """Examine an assistant. Without the indexes (a service owns them) their contents are not compared."""
    yield Check("python", "ok", f"{platform.python_version()} on {sys.platform}")
    yield from _packages()
    yield from _knowledge(assistant, owned_here)
    yield from _people(assistant)
    yield Check("policy", "ok", f"version {_version_in_force(assistant)}, steps {', '.join(sorted(assistant.policy.bands))}")
    with assistant.store.read() as unit:
        waiting = len(unit.conversations.pending())
    yield Check(
        "messages",
        "note" if waiting else "ok",
        f"{waiting} accepted messages wait for a reply",
        "they are answered when the service starts" if waiting else "",
    )
    yield from _sign_in(assistant)
    yield _models(assistant)
    yield from _tools(assistant)
    yield _fleet(assistant)
    yield _checklists(assistant)
    yield _triage(assistant)
    yield _outbox(assistant)
    yield from _audit(assistant, owned_here)
    yield from _privacy(assistant)
    yield _review(assistant)
    yield _files(assistant)
    yield from _mailbox(assistant)
    origins = ", ".join(assistant.settings.allowed_origins) or "none"
    yield Check("widget", "ok", f"may be embedded by the service's own pages and by these origins: {origins}")
    yield from _slack(assistant)
    if assistant.settings.demo:
        yield Check("demo", "note", "anybody who reaches the service may be a demo employee", "set FIRSTLINE_DEMO=false for real people")


def _slack(assistant: Assistant) -> Iterator[Check]:
    """Whether Slack can be reached, as the token says who we are there."""
    if not assistant.settings.slack_bot_token.get_secret_value():
        return
    try:
        workspace = open_slack(assistant).reach()
    except (Misconfigured, Refused, Unavailable) as error:
        yield Check("slack", "bad", str(error), SLACK_PAGE)
        return
    named = workspace["team_id"] in assistant.settings.slack_workspaces
    says = f"{workspace['team']} ({workspace['team_id']}) by {assistant.settings.slack_transport}"
    advice = "" if named else f"FIRSTLINE_SLACK_WORKSPACES does not name {workspace['team_id']}, so everybody there is a guest"
    yield Check("slack", "ok" if named else "bad", says, advice)


def _sign_in(assistant: Assistant) -> Iterator[Check]:
    """Whether the identity provider answers as its issuer, and where it has to send people back to."""
    settings = assistant.settings
    try:
        provider = open_provider(settings, assistant.clock)
    except Misconfigured as error:
        yield Check("sign-in", "bad", str(error), SIGN_IN_PAGE)
        return
    if provider is None:
        yield Check("sign-in", "note", "no identity provider: people sign in to the console with tokens", SIGN_IN_PAGE)
        return
    try:
        provider.begin(f"{settings.url}{SIGN_IN_BACK}")
    except Unavailable as error:
        yield Check("sign-in", "bad", f"{settings.oidc_issuer}: {error}", SIGN_IN_PAGE)
        return
    roles = f"the claim {settings.oidc_groups_claim}" if settings.oidc_groups_claim else "the directory's groups"
    yield Check("sign-in", "ok", f"{settings.oidc_issuer} sends people back to {settings.url}{SIGN_IN_BACK}; roles come from {roles}")


def _models(assistant: Assistant) -> Check:
    models, acting = assistant.parts.models, assistant.acting.model.identity
    found = {"understand": models.understand, "answer": models.answer, "summarise": models.summarise, "draft": assistant.drafting}
    said = [f"{step} by {one.model.chat.identity}" for step, one in found.items() if one is not None]
    said += [f"act by {acting}"] if acting != LOCAL_ACTING else []
    return Check("models", "ok", ", ".join(said) if said else "every step is done locally")


def _tools(assistant: Assistant) -> Iterator[Check]:
    off = switched_off(assistant.policy, assistant.acting.hands)
    usable = sorted(tool.name for tool in TOOLS.values() if tool.offered and tool.name not in off)
    yield Check("tools", "ok" if usable else "note", f"usable: {', '.join(usable) or 'none'}")
    for name, reason in off.items():
        yield Check(f"tool {name}", "note", f"switched off: {reason}", "see docs/guide/tools.md")


def _fleet(assistant: Assistant) -> Check:
    """Whether the device management answers, and whether it knows every remedy that the policy names."""
    practice, settings = assistant.practices.changes, assistant.settings
    try:
        known = next(iter(practice.fleet.all()), None)
    except (Refused, Unavailable) as error:
        return Check("devices", "bad", f"{practice.fleet.name}: {error}", DEVICES_PAGE)
    wanted = {name for one in practice.rules.remedies for name in (one.id, one.rollback) if name}
    missing = sorted(wanted - set(settings.fleet_remedies)) if settings.fleet != "builtin" else []
    if known is None or missing:
        says = f"nothing stands for {', '.join(missing)} there" if missing else "no device is known"
        return Check("devices", "note", f"{practice.fleet.name}: {says}", DEVICES_PAGE)
    looks = f"looked at every day at {practice.compliance.at}" if practice.compliance.at else "not looked at by itself"
    return Check("devices", "ok", f"{practice.fleet.name} answers, {looks}")


def _checklists(assistant: Assistant) -> Check:
    """Say whether the checklists of joiners and leavers name only what the directory knows; their form was checked at the start."""
    practice = assistant.practices.joiners
    try:
        faults = practice.unknown()
    except (Refused, Unavailable) as error:
        return Check("checklists", "note", f"the directory cannot be asked: {error}")
    if faults:
        return Check("checklists", "bad", "; ".join(faults), "change the checklist, see docs/guide/joiners.md")
    own = assistant.settings.joiners_folder
    return Check("checklists", "ok", f"of joiners and leavers, from {own if own is not None else 'the shipped ones'}")


def _triage(assistant: Assistant) -> Check:
    """Say whether the version in use can be read, with the encoder that it was taught with."""
    practice = assistant.practices.triage
    try:
        readers = practice.in_use()
    except CannotKeep as error:
        return Check("triage", "bad", f"{error}; tickets are left to people", TRIAGE_PAGE)
    if readers is None:
        return Check("triage", "ok", "no history was learnt from: category and queue are those of the conversation")
    said = f"{readers.name} reads {', '.join(sorted(readers.fields))}"
    if readers.reads_meaning and not len(practice.meant(readers, ["try"])):
        missing = readers.vectors_by or "the embedding model"
        return Check("triage", "bad", f"{said} by words alone: {missing} cannot be read", TRIAGE_PAGE)
    return Check("triage", "ok", said + (f", with {readers.vectors_by}" if readers.vectors_by else ""))


def _outbox(assistant: Assistant) -> Check:
    found = standing(assistant.store, assistant.clock.now())
    oldest = f", the oldest for {found.oldest.total_seconds() / 60:.0f} minutes" if found.waiting else ""
    says = f"{found.waiting} entries wait{oldest}; {found.unsettled} of the last {LOOK_BACK.days} days failed or are uncertain"
    if found.late:
        return Check("outbox", "bad", says, "start the service; when it runs, its log says what it cannot reach")
    return Check("outbox", "note" if found.unsettled else "ok", says, "look at them under Actions in the console" if found.unsettled else "")


def _people(assistant: Assistant) -> Iterator[Check]:
    where = assistant.settings.directory
    advice = "firstline people load FILE" if where == "builtin" else f"see docs/guide/{where}.md"
    try:
        people = assistant.directory.people()
    except (Refused, Unavailable) as error:
        yield Check("people", "bad", f"{where}: {error}", advice)
        return
    devices = sum(len(assistant.workplace.devices_of(person.id)) for person in people)
    if people:
        yield Check("people", "ok", f"{where}: {len(people)} people, {devices} devices, {len(assistant.workplace.queues())} queues")
    else:
        yield Check("people", "bad", f"{where}: nobody is known, so nobody can ask", advice)
    domain = assistant.workplace.company().domain
    with assistant.store.read() as unit:
        reached = sum(channel_of(person, domain, unit.second_factors.factor(person.id)) is not None for person in people)
    state = "ok" if reached == len(people) else "note"
    yield Check("second channel", state, f"{reached} of {len(people)} people can be asked for a one-time code", "" if state == "ok" else PEOPLE_PAGE)
    sent = assistant.settings.smtp_host or assistant.settings.home / "mail"
    yield Check("notices", "ok" if assistant.settings.smtp_host else "note", f"go to {sent}", "" if assistant.settings.smtp_host else MAIL_PAGE)


def _audit(assistant: Assistant, owned_here: bool) -> Iterator[Check]:
    """The audit's guards and anchors. The whole chain is for ``firstline audit verify``."""
    try:
        with assistant.store.read() as unit:
            unguarded, last, head = unit.audit.unguarded(), unit.audit.last_anchor(), unit.audit.head()
            waiting = unit.audit.lines(last.number if last else 0, 1)
    except AuditUnreadable as error:
        yield Check("audit", "bad", str(error), "firstline audit verify")
        return
    if unguarded:
        yield Check("audit", "bad", "; ".join(unguarded), "firstline audit verify")
    else:
        yield Check("audit", "ok", f"{head.number if head else 0} records, the table refuses changes")
    path, late = assistant.anchors.path, assistant.clock.now() - ANCHORED_WITHIN
    if not path.parent.is_dir() or (last is not None and not path.exists()):
        yield Check("audit anchors", "bad", f"{path} is not there", "set FIRSTLINE_ANCHOR_FILE to where the anchors are, or mount its disk")
    elif waiting and not owned_here and datetime.fromisoformat(str(waiting[0].facts["at"])) < late:
        yield Check("audit anchors", "bad", f"the running service has not anchored record {waiting[0].number} and what came after", "see its log")
    elif last is None:
        yield Check("audit anchors", "note", "nothing is anchored yet", "the service does it every half minute while it runs")
    else:
        outside = "" if path.parent.resolve() != assistant.settings.home.resolve() else ", beside the database"
        advice = "let FIRSTLINE_ANCHOR_FILE name a file on another disk or host" if outside else ""
        yield Check("audit anchors", "note" if outside else "ok", f"up to record {last.number}{outside}", advice)


def _review(assistant: Assistant) -> Check:
    """Say which week was reviewed last, and whether that review is still the one that was frozen."""
    last = assistant.reviewer.last_week()
    with assistant.store.read() as unit:
        heads = unit.reviews.heads(1)
        found = unit.reviews.load(heads[0].week, heads[0].version) if heads else None
        failed = assistant.reviewer.standing(unit, last) == "failed"
    if failed:
        return Check(
            "review", "bad", f"the review of {last} could not be made", f"firstline review run --week {last}; the service's log says why it failed"
        )
    if found is None:
        return Check("review", "ok", "none was made yet; the service makes the first one after a week in which something was asked")
    if found.faults():
        return Check("review", "bad", f"the review of {found.week} is not as it was frozen", f"firstline review show --week {found.week}")
    late = found.week < str(last)
    says = f"the last one is of {found.week}" + (f", that of {last} is not made yet" if late else "")
    return Check("review", "note" if late else "ok", says, "the running service makes it by itself" if late else "")


def _privacy(assistant: Assistant) -> Iterator[Check]:
    settings = assistant.settings
    yield Check("redaction", "ok", "secrets leave messages before they are stored; logs and unresolved questions lose personal numbers too")
    waiting = sum(expired(assistant).values())
    days = ", ".join(f"{kind.value} {days:g}" for kind, days in periods_of(assistant).days.items())
    advice = "firstline privacy retain; a running service does it once a day" if waiting else ""
    yield Check("retention", "note" if waiting else "ok", f"{waiting} records are past their time; days kept: {days}", advice)
    left = unfinished_erasures(assistant)
    yield Check("erasures", "bad" if left else "ok", f"{left} were broken off", "start the service, or erase the person again" if left else "")
    if settings.zero_persistence:
        yield Check("zero persistence", "ok", f"on: conversations live in memory only, and leave it after {settings.memory_hours:g} hours of silence")
    else:
        yield Check("zero persistence", "ok", "off: conversations are stored; FIRSTLINE_ZERO_PERSISTENCE=true keeps them in memory only")


def _files(assistant: Assistant) -> Check:
    """Whether files are taken, and whether the scanner gives a verdict."""
    limits, command = assistant.files.limits, assistant.settings.scan_command
    if not limits.file_bytes:
        return Check("files", "ok", "people cannot attach files")
    says = f"people may attach pictures, PDF and text up to {limits.file_bytes / 1_000_000:g} MB"
    if not command:
        return Check("files", "note", f"{says}; no virus scanner is asked", "let FIRSTLINE_SCAN_COMMAND name one, see docs/guide/operations.md")
    try:
        ScanCommand(command, assistant.settings.scan_seconds)(b"A plain text without anything in it.\n")
    except FileRefused:
        return Check(
            "files", "bad", f"{says}; {command[0]} gives no verdict, so every file is refused", "run FIRSTLINE_SCAN_COMMAND by hand on a plain file"
        )
    return Check("files", "ok", f"{says}; {command[0]} is asked")


def _mailbox(assistant: Assistant) -> Iterator[Check]:
    settings = assistant.settings
    server = open_mail_server(settings)
    if server is None:
        return
    from assistant.entrypoints.mail.mailbox import Folders
    from assistant.entrypoints.mail.standing import mailbox_standing

    try:
        found = mailbox_standing(server, Folders(settings.imap_folder, settings.imap_done_folder, settings.imap_failed_folder))
    except Unavailable as error:
        yield Check("mailbox", "bad", f"{server.user} on {server.host}: {error}", EMAIL_PAGE)
        return
    says = f"{server.user} on {server.host}: {found.open} mails open, {found.failed} in {settings.imap_failed_folder}"
    says += "" if found.tells else "; the server has no IDLE and is asked every half minute"
    yield Check("mailbox", "note" if found.failed else "ok", says, "look at them in the mailbox" if found.failed else "")
    seen = ", ".join(f"{name or 'no verdict'} on {count}" for name, count in found.verdicts.most_common(3)) or "no mails to tell by"
    trusted = settings.mail_authserv_id
    known = bool(trusted) and (not found.verdicts or trusted in found.verdicts)
    advice = "" if known else "name your receiving mail server in FIRSTLINE_MAIL_AUTHSERV_ID, see docs/guide/email.md"
    yield Check("senders of mail", "ok" if known else "note", f"verdicts of {trusted or 'nobody'} count; topmost on the latest mails: {seen}", advice)


def _packages() -> Iterator[Check]:
    for name in ("torch", "sentence-transformers"):
        try:
            yield Check(name, "ok", f"{version(name)}, used to prepare the embedding model only")
        except PackageNotFoundError:
            yield Check(name, "note", "not installed", "needed only to prepare another local embedding model")


def _knowledge(assistant: Assistant, owned_here: bool) -> Iterator[Check]:
    base, settings = assistant.knowledge_base, assistant.settings
    yield Check("database", "ok", f"{base.engine.url.render_as_string(hide_password=True)}")
    articles = base.store.articles()
    advice = "" if articles else "firstline ingest sync FOLDER"
    yield Check("articles", "ok" if articles else "bad", f"{len(articles)} articles, {len(base.store.passage_ids())} passages", advice)
    failures = sum(len(run.failures) for run in base.ingest_log.latest())
    yield Check("ingest", "note" if failures else "ok", f"{failures} files failed in the latest runs", "firstline ingest status" if failures else "")
    yield Check(
        "embedding model",
        "ok" if base.embedder.identity != "none" else "bad",
        base.embedder.identity,
        "" if base.embedder.identity != "none" else "firstline prepare",
    )
    state, why = base.keeper.health()
    where = settings.chroma_url or "embedded"
    yield Check("vector index", "ok" if state is Health.READY else "bad", f"{where}, {state.value}", why)
    if not owned_here:
        yield Check("indexes", "note", "a running service keeps them; /healthz has its view")
        return
    for agreement in base.keeper.check():
        if agreement.agrees:
            yield Check(f"{agreement.index} index agrees", "ok", "it holds exactly the live passages")
        else:
            yield Check(
                f"{agreement.index} index agrees",
                "bad",
                f"{agreement.missing} passages missing, {agreement.extra} too many",
                "firstline ingest rebuild",
            )
