"""A case: who asks, what they know and want, how they behave, and what must have happened in the end. Its form is in docs/guide/evaluation.md."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from evals.beir import BadInput

CASES = Path(__file__).parent.parent / "cases"
Group = Literal[
    "answerable",
    "unanswerable",
    "ambiguous",
    "multi_turn",
    "wrong_device",
    "not_permitted",
    "action",
    "angry",
    "multilingual",
    "adversarial",
    "changes_mind",
]
Language = Literal["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ar"]
Kind = Literal["answer", "clarification", "abstention", "action", "approval", "status", "handoff", "smalltalk", "error"]
Platform = Literal["windows", "macos", "linux", "ios", "android"]
TicketEnd = Literal["none", "filed", "handed_off"]
StateName = Literal[
    "open", "clarifying", "confirming_action", "acting", "awaiting_confirmation", "offering_ticket", "resolved", "filed", "handed_off", "abandoned"
]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
States = Annotated[tuple[StateName, ...], BeforeValidator(_listed)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Goal(_Part):
    """What would in truth settle the matter, whatever the service believes."""

    articles: tuple[str, ...] = ()
    """Articles whose steps solve it on the person's device."""
    action: str = ""
    """The tool that settles it when it was done."""
    told: tuple[str, ...] = ()
    """Words of which one, in any reply, is all that the person wanted to know."""
    nothing: bool = False
    """There is nothing that IT should do: idle talk, an attack, a matter of somebody else."""


class Knows(_Part):
    """How the person answers a question."""

    platform: Platform | None = None
    topic: tuple[str, ...] = ()
    """Articles that they would pick from a list; without any, those that solve it."""
    details: tuple[str, ...] = ()
    """What they say when they are asked for more, one after another."""


class OpenTicket(_Part):
    """A ticket that is open before the conversation begins."""

    subject: str
    category: str
    person: str = ""
    status: Literal["open", "in_progress", "waiting"] = "open"


class ArticleText(_Part):
    """An article of the case itself, beside those of the demo company."""

    id: str
    title: str
    text: str
    category: str = "general"
    platforms: tuple[Platform, ...] = ()
    audience: tuple[str, ...] = ()


class Wanted(_Part):
    """An access of the case itself that people may ask for, beside those of the demo company."""

    id: str
    name: str
    description: str = ""
    owner: str
    category: str = ""
    cost: int = 0


class Outside(_Part):
    """How the directory answers a tool instead of doing it; ``times`` counts the calls, 0 stands for every one."""

    answer: Literal["done", "unchanged", "refused", "unavailable", "uncertain"]
    times: int = Field(default=0, ge=0)


class World(_Part):
    """What is different from the demo company."""

    locked: tuple[str, ...] = ()
    unlocked: tuple[str, ...] = ()
    members: dict[str, tuple[str, ...]] = {}
    """Groups and who joins them beforehand."""
    tickets: tuple[OpenTicket, ...] = ()
    articles: tuple[ArticleText, ...] = ()
    entitlements: tuple[Wanted, ...] = ()
    withdrawn: tuple[str, ...] = ()
    outside: dict[str, Outside] = {}


class Turn(_Part):
    """What the person does next of their own accord, once a reply of one of the kinds ``after`` has come (any reply when it is empty)."""

    after: Annotated[tuple[Kind, ...], BeforeValidator(_listed)] = ()
    says: Words = ()
    """Ways to word it."""
    presses: str = ""
    """A choice: its id, or do, drop, show, undo for the latest card, or topic:ARTICLE."""
    code: str = ""
    """A code typed into the latest card; ``right`` stands for the one that was sent."""
    device: str = ""
    withdraws: tuple[str, ...] = ()
    """Articles that their authors withdraw just before."""
    leaves: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> Turn:
        if sum((bool(self.says), bool(self.presses), bool(self.code), self.leaves)) != 1:
            raise ValueError("a turn says, presses, enters a code or leaves: exactly one of them")
        return self


class Account(_Part):
    """What is true of the asker's account in the end."""

    locked: bool | None = None
    member_of: tuple[str, ...] = ()
    not_member_of: tuple[str, ...] = ()
    password_reset: bool | None = None


class End(_Part):
    """What must be so when it is over. What is left out is not judged, but ``actions``: no other action may have been begun by a press."""

    state: States = ()
    outcome: Words = ()
    ticket: TicketEnd | None = None
    queue: Words = ()
    category: Words = ()
    attached: str = ""
    """The open ticket, by its id or its subject, that the matter was added to."""
    tickets: dict[str, str] = {}
    """Tickets by id and their status."""
    account: Account = Account()
    actions: dict[str, Annotated[tuple[str, ...], BeforeValidator(_listed)]] = {}
    """Tools and the status that their latest action has; no other tool was carried out, asked for or begun."""
    cites: tuple[Words, ...] = ()
    """Articles that must be cited; of several in one line, one of them."""
    never_cites: tuple[str, ...] = ()
    shows: tuple[Kind, ...] = ()
    """Kinds of reply that must come."""
    never_shows: tuple[Kind, ...] = ()
    says: tuple[Words, ...] = ()
    """Words that replies must hold, in any case of letters; of several in one line, one of them."""
    never_says: tuple[str, ...] = ()
    language: Language | None = None
    """The language of what the service says itself in every reply (quotations of articles are left out)."""


def _ends(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Case(_Part):
    """One conversation to be played."""

    title: str = Field(min_length=3)
    group: Group
    person: str
    device: str = ""
    """The device that is chosen in the widget."""
    language: Language = "en"
    says: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(min_length=1)
    """The first message, in one or more wordings."""
    goal: Goal
    knows: Knows = Knows()
    patience: int = Field(default=4, ge=1, le=20)
    """How many replies may pass without getting anywhere."""
    gives_up: Literal["file", "person", "leave"] = "file"
    silent: bool = False
    """Never says whether an answer helped."""
    presses: tuple[str, ...] = ()
    """Tools whose card they press; they leave every other card."""
    code: Literal["right", "wrong", "none"] = "right"
    approvers: dict[str, Literal["approves", "refuses"]] = {}
    """Who decides how when they are asked; everybody else stays silent."""
    then: tuple[Turn, ...] = ()
    world: World = World()
    expect: Annotated[tuple[End, ...], BeforeValidator(_ends)] = Field(min_length=1)
    """What must have happened; of several, one of them as a whole."""

    @model_validator(mode="after")
    def _has_a_goal(self) -> Case:
        goal = self.goal
        if goal.nothing and (goal.articles or goal.action or goal.told):
            raise ValueError("a goal of nothing has no articles, action or words")
        return self

    @property
    def answerable(self) -> bool:
        """Say whether an article answers it."""
        return bool(self.goal.articles)

    @property
    def wants_people(self) -> bool:
        """Say whether every right end is with people."""
        return all(end.ticket in ("filed", "handed_off") for end in self.expect)


class Named(_Part):
    """A case with its name: folder and file without the ending."""

    name: str
    case: Case

    @property
    def intent(self) -> str:
        """The folder that it lies in."""
        return self.name.partition("/")[0]


class _Known(BaseModel):
    people: frozenset[str]
    articles: frozenset[str]


def load_cases(root: Path = CASES, patterns: Sequence[str] = ()) -> list[Named]:
    """Read the cases below a folder whose names match one of the patterns (all without any); a pattern may also be the path of a file.

    Raises:
        BadInput: a case is malformed, speaks of people or articles that do not exist, or a pattern matches nothing.
    """
    places = {path.relative_to(root).with_suffix("").as_posix(): path for path in sorted(root.glob("*/*.yaml"))}
    chosen: dict[str, Path] = {} if patterns else dict(places)
    for pattern in patterns:
        found = {name: path for name, path in places.items() if fnmatch(name, pattern)}
        if not found and Path(pattern).is_file():
            found = {f"{Path(pattern).parent.name}/{Path(pattern).stem}": Path(pattern)}
        if not found:
            raise BadInput(f"no case matches {pattern}")
        chosen |= found
    if not chosen:
        raise BadInput(f"{root} holds no cases (INTENT/NAME.yaml)")
    known = _known()
    return [Named(name=name, case=read_case(path, known)) for name, path in chosen.items()]


def sampled(cases: Sequence[Named], number: int, seed: int) -> list[Named]:
    """Return so many of the cases (all where there are fewer), drawn by a seed, each group in proportion and with one at least; in their order."""
    groups: dict[str, list[Named]] = {}
    for named in cases:
        groups.setdefault(named.case.group, []).append(named)
    if number >= len(cases):
        return list(cases)
    shuffled = {group: random.Random(f"{seed}/{group}").sample(part, len(part)) for group, part in groups.items()}
    # Place k of n in a group comes at (k + 1/2) / n of the way: the first so many of all are in proportion.
    order = sorted((((place + 0.5) / len(part)) if place else 0.0, group, place) for group, part in shuffled.items() for place in range(len(part)))
    chosen = {shuffled[group][place].name for _, group, place in order[:number]}
    return [named for named in cases if named.name in chosen]


def read_case(path: Path, known: _Known | None = None) -> Case:
    """Read one case.

    Raises:
        BadInput: the file cannot be used; the message says where and why.
    """
    try:
        case = Case.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: {'.'.join(map(str, first['loc'])) or 'the case'}: {first['msg']}") from error
    if strangers := _strangers(case, known or _known()):
        raise BadInput(f"{path}: unknown to the demo company: {', '.join(sorted(strangers))}")
    return case


def _strangers(case: Case, known: _Known) -> set[str]:
    people = {case.person, *case.approvers, *case.world.locked, *case.world.unlocked, *(ticket.person for ticket in case.world.tickets)}
    people |= {one.owner for one in case.world.entitlements} | {one for members in case.world.members.values() for one in members}
    articles = {*case.goal.articles, *case.knows.topic, *case.world.withdrawn, *(one for turn in case.then for one in turn.withdraws)}
    for end in case.expect:
        articles |= {one for line in end.cites for one in line} | set(end.never_cites)
    return (people - known.people - {""}) | (articles - known.articles - {one.id for one in case.world.articles})


def _known() -> _Known:
    from evals.world import DEMO_ARTICLES

    company = tomllib.loads((DEMO_ARTICLES / "company.toml").read_text(encoding="utf-8"))
    people = frozenset(row["id"] for row in company["people"])
    return _Known(people=people, articles=frozenset(path.stem for path in DEMO_ARTICLES.glob("*/*.md")))
