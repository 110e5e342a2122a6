"""Joiners and leavers over HTTP: HR's signed messages, the form, who sees whose case, and the link of a newcomer."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.domain.onboarding import Case, CaseStatus
from tests.support.service import LocalService, copy_demo, served_here

SECRET = b"hr-secret-of-this-test-0123456789"
MANAGER, OTHER, HR, AGENT, EMPLOYEE = "johan.ekstrom", "daniel.ortega", "karin.sjoberg", "sam.oduya", "maria.santos"
JOIN = """
checklist: join
steps:
  - {id: account, title: Open the account, kind: account, when: -200, owner: "group:it-desk"}
  - {id: access, title: Give access, kind: groups, when: -200, needs: [account], owner: manager, approval: manager, groups: [design-suite]}
  - {id: rules, title: Read the rules, kind: policies, when: -200, needs: [account], owner: joiner,
     documents: [{title: Use of IT, url: "https://intranet.lindqvist.example/use"}]}
  - {id: day-one, title: Is everything there, kind: readiness, when: 0, owner: "group:it-desk"}
"""
NUMBERS = count(1)


def soon(days: int = 20) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.fixture(scope="module")
def service(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    folder = tmp_path_factory.mktemp("joiners")
    (folder / "lists").mkdir()
    (folder / "lists" / "join.yaml").write_text(JOIN.replace("-200", "-100"))
    home = copy_demo(folder / "home", model_home)
    with served_here(home, hr_hook_secret=SECRET.decode(), joiners_folder=str(folder / "lists"), messages_per_minute=100_000) as local:
        yield local


def signed(body: bytes, delivery: str, at: float | None = None, secret: bytes = SECRET) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(secret, f"{stamp}.{delivery}.".encode() + body, sha256).hexdigest()
    headers = {"X-Firstline-Timestamp": stamp, "X-Firstline-Delivery": delivery, "X-Firstline-Signature": f"sha256={signature}"}
    return headers | {"Content-Type": "application/json"}


def joining(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    facts = {"event": "join", "employee": f"E-{next(NUMBERS)}", "at": now, "name": "Lena Holm", "first_day": soon(), "manager": MANAGER}
    return facts | {"private_email": "lena@home.example"} | changes


@pytest.fixture
def tell(service: LocalService) -> Iterator[Callable[..., httpx.Response]]:
    with service.client() as client:

        def send(message: dict[str, Any] | bytes, delivery: str = "", **more: Any) -> httpx.Response:
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            return client.post("/webhooks/hr", content=body, headers=signed(body, delivery or f"d{next(NUMBERS)}", **more))

        yield send


def case_of(service: LocalService, case_id: str) -> Case:
    return service.assistant.practices.joiners.case(case_id)


def page(service: LocalService, person: str, path: str, **form: str) -> httpx.Response:
    headers = {"Accept": "text/html", "Origin": service.url, "Cookie": f"firstline_session={service.token(person)}"}
    with service.client(**headers) as client:
        return client.post(path, data=form) if form else client.get(path)


class TestTheWebhook:
    def test_a_joiner_begins_a_case_and_the_same_delivery_begins_no_other(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        message = joining()
        first, again = tell(message, "once"), tell(message, "once")
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json() == {"status": "accepted", "case": ""}
        with service.assistant.store.read() as unit:
            assert [one.id for one in unit.joiners.of_employee(message["employee"])] == [first.json()["case"]]

    def test_the_same_message_under_another_delivery_is_the_same_case(self, tell: Callable[..., httpx.Response]) -> None:
        message = joining()
        assert tell(message).json()["case"] == tell(message).json()["case"] != ""

    @pytest.mark.parametrize(
        ("more", "why"),
        [({"secret": b"wrong"}, "wrong"), ({"at": time.time() - 3_600}, "too old"), ({"at": time.time() + 3_600}, "from the future")],
    )
    def test_a_message_that_is_not_signed_here_and_now_is_refused(
        self, service: LocalService, tell: Callable[..., httpx.Response], more: dict[str, Any], why: str
    ) -> None:
        message = joining()
        answer = tell(message, **more)
        assert answer.status_code == 401
        assert why in answer.json()["detail"]
        with service.assistant.store.read() as unit:
            assert unit.joiners.of_employee(message["employee"]) == []

    @pytest.mark.parametrize(
        ("message", "why"),
        [
            (b"{", "no JSON"),
            (b"[]", "no JSON object"),
            (joining(event="promote"), "event has to be one of"),
            (joining(groups=["domain-admins"]), "groups, which means nothing for join"),
            (joining(manager="nobody.here"), "the directory knows nobody of the manager's id"),
            (joining(first_day="2019-01-01"), "first_day is more than 30 days ago"),
            (joining(first_day="soon"), "first_day has to be a day"),
            (joining(name="Lena\nHolm"), "name has to be one line"),
            (joining(at="2027-01-01T00:00:00"), "at has to be a time with its zone"),
            ({name: value for name, value in joining().items() if name != "manager"}, "lacks manager"),
            (joining(event="leave", leaving_at="2026-12-01T17:00:00+01:00") | {}, "means nothing for leave"),
        ],
    )
    def test_what_cannot_be_is_refused_with_a_sentence(self, tell: Callable[..., httpx.Response], message: Any, why: str) -> None:
        answer = tell(message)
        assert answer.status_code == 422, answer.text
        assert why in answer.json()["detail"]

    def test_what_was_refused_may_be_sent_again_under_its_delivery(self, tell: Callable[..., httpx.Response]) -> None:
        assert tell(joining(manager="nobody.here"), "try").status_code == 422
        assert tell(joining(), "try").json()["case"]

    def test_a_message_that_a_later_one_overtook_changes_nothing(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        message = joining()
        case = tell(message).json()["case"]
        early = (datetime.fromisoformat(message["at"]) - timedelta(hours=1)).isoformat()
        answer = tell({"event": "change", "employee": message["employee"], "at": early, "first_day": soon(40)})
        assert answer.status_code == 422
        assert "a later message" in answer.json()["detail"]
        assert case_of(service, case).day.isoformat() == message["first_day"]


class TestThePages:
    def test_a_manager_sees_their_own_people_and_nobody_elses(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        case = tell(joining(name="Only Johans")).json()["case"]
        for person, sees in ((MANAGER, True), (HR, True), (AGENT, True), (OTHER, False), (EMPLOYEE, False)):
            assert ("Only Johans" in page(service, person, "/console/joiners").text) == sees, person
            assert page(service, person, f"/console/joiners/{case}").status_code == (200 if sees else 404), person
            assert (page(service, person, f"/console/joiners/{case}/date", first_day=soon(30)).status_code == 404) != sees, person

    def test_words_of_hr_are_shown_and_never_run(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        case = tell(joining(name="<script>alert(1)</script> Holm", department="{name} ${x}")).json()["case"]
        for path in ("/console/joiners", f"/console/joiners/{case}"):
            text = page(service, HR, path).text
            assert "<script>alert" not in text
            assert "&lt;script&gt;" in text

    def test_a_manager_begins_for_their_own_people_only(self, service: LocalService) -> None:
        form = {"kind": "join", "number": "F-1", "name": "Nils Ny", "first_day": soon()}
        assert page(service, EMPLOYEE, "/console/joiners/new", **form).status_code == 403
        refused = page(service, MANAGER, "/console/joiners/new", **form, manager=OTHER)
        assert refused.status_code == 422
        assert "your own people only" in refused.text
        assert "Nils Ny" in refused.text, "nothing that was filled in is lost"
        made = page(service, MANAGER, "/console/joiners/new", **form)
        assert made.status_code == 303
        again = page(service, MANAGER, "/console/joiners/new", **form)
        assert again.headers["location"] == made.headers["location"], "a form that is sent twice is one case"
        case = case_of(service, made.headers["location"].rpartition("/")[2])
        assert (case.manager, case.started_by, case.source) == (MANAGER, MANAGER, "form")

    def test_the_buttons_of_a_step_are_the_desks(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        case = tell(joining()).json()["case"]
        assert page(service, MANAGER, f"/console/joiners/{case}/steps/account/undo", x="1").status_code == 403
        early = page(service, AGENT, f"/console/joiners/{case}/steps/day-one/undo", x="1")
        assert early.status_code == 409
        assert "Only what was done can be taken back." in early.text

    def test_a_case_is_called_off_by_its_manager(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        case = tell(joining()).json()["case"]
        assert page(service, MANAGER, f"/console/joiners/{case}/withdraw", x="1").status_code == 303
        assert case_of(service, case).status in (CaseStatus.WITHDRAWING, CaseStatus.WITHDRAWN)
        assert page(service, MANAGER, f"/console/joiners/{case}/withdraw", x="1").status_code == 409


def waits(service: LocalService, case: str, step: str) -> None:
    until = time.monotonic() + 20
    while case_of(service, case).state(step).status.value != "asked" and time.monotonic() < until:
        time.sleep(0.1)
    assert case_of(service, case).state(step).status.value == "asked"


class TestTheLinkOfANewcomer:
    def test_opening_the_page_changes_nothing_and_a_press_counts(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        case = tell(joining()).json()["case"]
        waits(service, case, "rules")
        practice = service.assistant.practices.joiners
        path = f"/joiners/{case}/rules/{practice.around.code(case_of(service, case), 'rules')}"
        with service.client(Origin=service.url) as client:
            shown = client.get(path)
            assert shown.status_code == 200
            assert "https://intranet.lindqvist.example/use" in shown.text
            assert case_of(service, case).state("rules").status.value == "asked"
            assert client.post(path).status_code == 303
            assert case_of(service, case).state("rules").status.value == "done"
            assert "It is noted" in client.get(path).text
            assert client.post(path, headers={"Origin": "https://evil.example"}).status_code == 403

    def test_a_link_that_we_did_not_make_opens_nothing(self, service: LocalService, tell: Callable[..., httpx.Response]) -> None:
        case, other = (tell(joining()).json()["case"] for _ in range(2))
        practice = service.assistant.practices.joiners
        codes = ["x", practice.around.code(case_of(service, other), "rules"), practice.around.code(case_of(service, case), "account")]
        with service.client(Origin=service.url) as client:
            for code in codes:
                assert client.get(f"/joiners/{case}/rules/{code}").status_code == 404
                assert client.post(f"/joiners/{case}/rules/{code}").status_code == 404


def test_the_manager_approves_the_list_on_the_page_of_approvals(service: LocalService, tell: Callable[..., httpx.Response]) -> None:
    case = tell(joining(name="Vera Stroem")).json()["case"]
    waits(service, case, "access")
    action = case_of(service, case).state("access").action
    shown = page(service, MANAGER, f"/console/approvals/{action}")
    assert "Vera Stroem becomes a member of design-suite" in shown.text
    seen = re.search(r'name="seen" value="([0-9a-f]+)"|name="hash" value="([0-9a-f]+)"', shown.text)
    assert seen is not None
    service.assistant.deciding.decide(service.assistant.directory.person(MANAGER), action, True, seen[1] or seen[2], "")  # type: ignore[arg-type]
    until = time.monotonic() + 20
    while case_of(service, case).state("access").status.value != "done" and time.monotonic() < until:
        time.sleep(0.1)
    assert "design-suite" in service.assistant.directory.account(case_of(service, case).person).groups
