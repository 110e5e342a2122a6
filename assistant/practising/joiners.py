"""Composes joiners and leavers: their checklists, their stock of devices, and the errands of their steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assistant.adapters.store.inventory import BuiltinInventory
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.agent.tools.registry import undoing
from assistant.connections import Misconfigured
from assistant.desk import onboarding
from assistant.desk.onboarding.checklist import Checklist, ChecklistError, read_checklist
from assistant.domain.onboarding import CaseKind
from assistant.ports.identity import NewAccount, Workplace
from assistant.ports.store import Store
from assistant.practising.ready import Ready
from assistant.workflows.errands import Errand
from assistant.workflows.joiner_errands import joiner_errands
from assistant.workflows.joiner_parts import Around
from assistant.workflows.joiner_steps import account_of, digest_of
from assistant.workflows.joining import Joiners

PACKAGED = Path(onboarding.__file__).parent


def read_checklists(folder: Path | None) -> dict[CaseKind, Checklist]:
    """Return the organisation's checklists, and the packaged ones for what its folder does not have.

    Raises:
        ChecklistError: one of them cannot be used, or says that it is another.
        OSError: one of them cannot be read.
    """
    found = {}
    for kind in CaseKind:
        own = folder / f"{kind}.yaml" if folder is not None else None
        path = own if own is not None and own.exists() else PACKAGED / f"{kind}.yaml"
        read = read_checklist(path.read_text(encoding="utf-8"), str(path))
        if read.kind is not kind:
            raise ChecklistError(f"{path}: checklist is {read.kind}, and this file has to be the one for {kind}")
        found[kind] = read
    return found


def newcomers_of(store: Store, workplace: Workplace) -> Callable[[str], tuple[NewAccount, str] | None]:
    """Return what tells a tool which account is to be opened for a case."""

    def newcomer(case_id: str) -> tuple[NewAccount, str] | None:
        with store.read() as unit:
            case = unit.joiners.load(case_id)
        if case is None:
            return None
        wanted = account_of(case, workplace.company().domain)
        return wanted, digest_of(wanted)

    return newcomer


def compose(ready: Ready) -> tuple[Joiners, dict[str, Errand]]:
    """Return the way in to joiners and leavers, and the errands of their steps.

    Raises:
        Misconfigured: a checklist cannot be used.
    """
    try:
        checklists = read_checklists(ready.settings.joiners_folder)
    except (ChecklistError, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"FIRSTLINE_JOINERS_FOLDER: {error}") from None
    outward, store = ready.outward, ready.store
    assert isinstance(store, SqlStore), "the stock is kept beside the tables"
    around = Around(
        store=store,
        clock=ready.clock,
        directory=outward.directory,
        workplace=outward.workplace,
        fleet=outward.fleet,
        inventory=BuiltinInventory(store.engine, ready.clock),
        notifier=outward.notifier,
        fulfilment=ready.acting.fulfilment,
        checklists=checklists,
        undoing=undoing,
        secret=ready.secret,
        url=lambda: ready.settings.url,
        managed=ready.fleet.device,
    )
    return Joiners(around, frozenset(ready.settings.hr_groups)), joiner_errands(around)
