"""The week at a glance and the weekly reviews in the console: who sees what, what a form changes, and what the files hold."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from assistant.domain.conversation import Outcome
from assistant.domain.review import Status
from assistant.domain.week import Week
from kb.model import FailureClass, Spike, UnresolvedIntent
from tests.support.reviewed import Ended, settle
from tests.support.service import LocalService, copy_demo, served_here

AGENT, AUTHOR, EMPLOYEE = "sam.oduya", "elin.berg", "maria.santos"
CONFIRMED, UNRESOLVED = Outcome.RESOLVED_CONFIRMED, Outcome.UNRESOLVED


@dataclass
class Console:
    """A running service with a week behind it, and that week."""

    service: LocalService
    week: Week

    def client(self, person: str = AUTHOR, origin: bool = True) -> httpx.Client:
        """Return the client of somebody whose session cookie is good."""
        named = {"Accept": "text/html"} | ({"Origin": self.service.url} if origin else {})
        client = self.service.client(**named)
        client.cookies.set("firstline_session", self.service.token(person))
        return client

    def get(self, path: str, person: str = AUTHOR, status: int = 200) -> str:
        """Return a page's text."""
        with self.client(person) as client:
            answer = client.get(path)
        assert answer.status_code == status, answer.text[:300]
        return answer.text

    def post(self, path: str, person: str = AUTHOR, origin: bool = True, **fields: str) -> int:
        """Send a form; return the status."""
        with self.client(person, origin) as client:
            return client.post(path, data=fields).status_code


@pytest.fixture(scope="module")
def console(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The demo company's service with conversations in the last week and in this one, and a review of the last week."""
    with served_here(copy_demo(tmp_path_factory.mktemp("review") / "home", model_home)) as service:
        week = service.assistant.reviewer.last_week()
        inside = datetime.combine(week.monday, datetime.min.time(), UTC) + timedelta(days=2, hours=10)
        settle(service.assistant.store, inside, Ended(CONFIRMED, 30), Ended(UNRESOLVED, 12, "printing"), Ended(CONFIRMED, 3, "<b>odd</b>"))
        settle(service.assistant.store, inside, Ended(UNRESOLVED, 4, "wifi", article="vpn-install-linux", right=False), name="w")
        settle(service.assistant.store, datetime.now(UTC), Ended(CONFIRMED, 5), Ended(UNRESOLVED, 2))
        service.assistant.reviewer.review(week, "operator")
        yield Console(service, week)


class TestTheWeek:
    def test_every_role_finds_its_question_with_an_answer_and_its_own_first(self, console: Console) -> None:
        for person, question in ((AUTHOR, "What should I write first?"), (AGENT, "Who is waiting?")):
            page = console.get("/console/week", person)
            for asked in ("What should I write first?", "Who is waiting?", "What must I decide?", "Is it getting better?", "Can I trust the record?"):
                assert page.count(asked) == 1
            first = re.search(r'<li class="mine"><h2>(.*?)</h2>', page)
            assert first is not None
            assert first[1] == question

    def test_each_number_has_denominator_interval_and_a_way_to_its_rows(self, console: Console) -> None:
        page = console.get(f"/console/week?week={console.week}")
        rows = re.search(r'<a class="figure-rate" href="(/console/ledger/rows\?[^"]*outcome=RESOLVED_CONFIRMED[^"]*)">(.*?)</a>', page)
        assert rows is not None
        assert re.sub("<.*?>", "", rows[2]).replace("\xa0", " ") == "67 % of 49, 53-79 %"
        listed = console.get(rows[1].replace("&amp;", "&"))
        assert "33" in listed

    def test_the_week_shows_its_plots_with_a_table_behind_each(self, console: Console) -> None:
        page = console.get(f"/console/week?week={console.week}")
        for title in ("Demand", "Confirmed resolution", "From question to outcome", "How sure is sure", "When people ask"):
            assert title in page
        assert page.count("<figure") == page.count("plot-numbers") == 5
        assert "<script>" not in page
        assert "&lt;b&gt;odd" in page

    def test_the_gap_that_costs_most_is_what_to_write_first_and_a_spike_is_called_out(self, console: Console) -> None:
        assistant, now = console.service.assistant, datetime.now(UTC)
        with assistant.store.write() as unit:
            for number in range(6):
                question = "How do I book a desk at the Gothenburg office?"
                made = UnresolvedIntent(f"i_{number}", question, FailureClass.NO_ARTICLE, (), "office", "", f"c_{number}", f"p{number}", now)
                unit.intents.record(replace(made, vector=assistant.knowledge.embed(question)))
            unit.gaps.flag(Spike("category:office", "office", now - timedelta(minutes=30), now, 14, 1.3, 1e-6))
        assistant.gathering.gather()
        page = console.get("/console/week")
        assert re.search(r"What should I write first\?</h2><p[^>]*>[^<]*asked 6 times by 6 people", page)
        assert "14 questions about office within an hour" in page

    @pytest.mark.parametrize("week", ["2026-W99", "nonsense", "2099-W01", "'"])
    def test_a_week_that_is_none_or_has_not_begun_is_not_there(self, console: Console, week: str) -> None:
        console.get(f"/console/week?week={week}", status=404)

    def test_a_week_in_which_nothing_ended_says_what_will_appear(self, console: Console) -> None:
        page = console.get(f"/console/week?week={console.week.later(-20)}")
        assert "Nothing has ended in this week" in page
        assert "nan" not in page.lower().replace("navigation", "")

    @pytest.mark.parametrize(
        "path", ["/console/week", "/console/reviews", "/console/reviews/{}", "/console/reviews/{}.md", "/console/reviews/{}.html"]
    )
    def test_employees_without_a_role_and_strangers_see_none_of_it(self, console: Console, path: str) -> None:
        console.get(path.format(console.week), EMPLOYEE, 403)
        with console.service.client(Accept="text/html") as stranger:
            assert stranger.get(path.format(console.week)).status_code == 303


class TestTheReview:
    def test_the_page_says_what_to_do_first_and_what_it_was_made_from(self, console: Console) -> None:
        page = console.get(f"/console/reviews/{console.week}")
        with console.service.assistant.store.read() as unit:
            found = unit.reviews.latest(str(console.week))
        assert found is not None
        assert found.hash in page
        assert page.count("<figure") == 2
        assert "What to do first" in page
        assert "made by operator" in page

    def test_a_week_without_a_review_says_so_and_offers_to_make_it(self, console: Console) -> None:
        missing = console.week.later(-3)
        assert "Make the review" in console.get(f"/console/reviews/{missing}")
        assert "Make the review" not in console.get(f"/console/reviews/{missing}", AGENT)
        assert "not over" in console.get(f"/console/reviews/{console.week.later()}", status=404)
        console.get("/console/reviews/2026-W99", status=404)

    def test_a_missing_review_is_made_by_a_press_and_the_page_finds_it(self, console: Console) -> None:
        missing = console.week.later(-2)
        assert console.post(f"/console/reviews/{missing}/make", AGENT) == 403
        assert console.post(f"/console/reviews/{missing}/make", origin=False) == 403
        assert console.post(f"/console/reviews/{missing}/make") == 303
        end = time.monotonic() + 60
        with console.client() as client:
            while time.monotonic() < end:
                answer = client.get(f"/console/reviews/{missing}/progress")
                if answer.headers.get("HX-Refresh"):
                    break
                assert "is being made" in answer.text
                time.sleep(0.2)
        assert "SHA-256" in console.get(f"/console/reviews/{missing}")
        assert console.post(f"/console/reviews/{console.week.later()}/make") == 422

    def test_decisions_are_taken_down_changed_and_locked(self, console: Console) -> None:
        where = f"/console/reviews/{console.week}/decisions"
        assert console.post(where, what="Write <i>it</i>.", owner=AUTHOR, due="2030-01-31") == 303
        with console.service.assistant.store.read() as unit:
            [made] = unit.reviews.decisions(str(console.week))
        assert (made.owner, str(made.due), made.made_by) == (AUTHOR, "2030-01-31", AUTHOR)
        assert "Write &lt;i&gt;it&lt;/i&gt;." in console.get(f"/console/reviews/{console.week}")
        assert console.post(f"{where}/{made.id}", version="1", owner=AUTHOR, due="", status="done") == 303
        assert console.post(f"{where}/{made.id}", version="1", owner=AUTHOR, status="dropped") == 409
        with console.service.assistant.store.read() as unit:
            [after] = unit.reviews.decisions(str(console.week))
        assert (after.status, after.due, after.version) == (Status.DONE, None, 2)

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"what": ""}, 422),
            ({"what": "x" * 501}, 422),
            ({"what": "Do it.", "owner": EMPLOYEE}, 422),
            ({"what": "Do it.", "owner": "nobody.at.all"}, 422),
            ({"what": "Do it.", "due": "tomorrow"}, 422),
            ({"what": "Do it.", "finding": "gap:unknown"}, 422),
        ],
    )
    def test_a_form_that_says_nothing_or_names_the_wrong_is_refused(self, console: Console, fields: dict[str, str], status: int) -> None:
        assert console.post(f"/console/reviews/{console.week}/decisions", **fields) == status

    def test_agents_read_and_do_not_decide_and_no_other_site_can(self, console: Console) -> None:
        page = console.get(f"/console/reviews/{console.week}", AGENT)
        assert "<form" not in page.partition('id="main"')[2]
        assert console.post(f"/console/reviews/{console.week}/decisions", AGENT, what="Do it.") == 403
        assert console.post(f"/console/reviews/{console.week}/decisions", origin=False, what="Do it.") == 403

    def test_a_decision_of_another_week_is_not_there(self, console: Console) -> None:
        console.post(f"/console/reviews/{console.week}/decisions", what="Of this week.")
        with console.service.assistant.store.read() as unit:
            made = unit.reviews.decisions(str(console.week))[-1]
        assert console.post(f"/console/reviews/{console.week.later(-1)}/decisions/{made.id}", version="1", status="done") == 404
        assert console.post(f"/console/reviews/{console.week}/decisions/d_none", version="1", status="done") == 404

    def test_the_document_needs_nothing_else_and_runs_nothing(self, console: Console) -> None:
        with console.client() as client:
            answer = client.get(f"/console/reviews/{console.week}.html")
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        page = answer.text
        assert re.findall(r'(?:src|srcset)="|<link|<script|@import|url\(', page) == []
        assert all(address.startswith(("http", "#")) for address in re.findall(r'<a [^>]*href="([^"]*)"', page))

    def test_the_markdown_is_a_file_with_the_same_things_first(self, console: Console) -> None:
        with console.client() as client:
            answer = client.get(f"/console/reviews/{console.week}.md")
        assert answer.headers["content-disposition"] == f'attachment; filename="review-{console.week}.md"'
        assert answer.text.startswith(f"# Weekly review {console.week}\n")
        assert "| Confirmed resolution rate | 67 % of 49, 53-79 % |" in answer.text

    def test_the_list_leads_to_each_version(self, console: Console) -> None:
        week = console.week.later(-6)
        console.service.assistant.reviewer.review(week, "operator")
        console.service.assistant.reviewer.review(week, "operator", "a reason to look again")
        page = console.get("/console/reviews")
        assert f"/console/reviews/{week}?version=1" in page
        assert f"/console/reviews/{week}?version=2" in page
        assert "a reason to look again" in console.get(f"/console/reviews/{week}?version=2")
        console.get(f"/console/reviews/{week}?version=7", status=404)

    def test_a_review_that_was_changed_says_so_wherever_it_is_shown(self, console: Console) -> None:
        engine = console.service.assistant.store.engine
        week = console.week.later(-8)
        console.service.assistant.reviewer.review(week, "operator")
        change = text("UPDATE reviews SET body = :body WHERE week = :week")
        with console.service.assistant.store.read() as unit:
            found = unit.reviews.latest(str(week))
        assert found is not None
        try:
            with engine.begin() as connection:
                connection.execute(change, {"body": found.body.replace('"still_open":0', '"still_open":9'), "week": str(week)})
            assert "not as it was frozen" in console.get(f"/console/reviews/{week}")
            with engine.begin() as connection:
                connection.execute(change, {"body": '{"week":"', "week": str(week)})
            assert "cannot be read any more" in console.get(f"/console/reviews/{week}")
            console.get(f"/console/reviews/{week}.md", status=409)
        finally:
            with engine.begin() as connection:
                connection.execute(change, {"body": found.body, "week": str(week)})
