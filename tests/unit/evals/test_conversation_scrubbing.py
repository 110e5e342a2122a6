"""Nobody of the organisation stays in a recorded conversation."""

from __future__ import annotations

from assistant.adapters.store.organisation import read_people_file
from assistant.domain.configuration import Company, Device, Person
from evals.conversations.scrub import Scrubber
from evals.world import DEMO_ARTICLES
from kb.model import Platform

DEMO, _ = read_people_file(DEMO_ARTICLES / "company.toml")
COMPANY = Company(name="Acme Rockets", domain="acme.test")


def person(person_id: str, name: str, *groups: str) -> Person:
    return Person(person_id, name, f"{person_id}@acme.test", groups=frozenset(groups))


ANNA = person("anna.vogel", "Anna Vogel", "finance")
BERT = person("bert.quist", "Bert Quist")
MAC = Device("AC-77", ANNA.id, "MacBook Pro 16", Platform.MACOS, "macOS 15", "laptop", True, True)


def scrubber() -> Scrubber:
    made = Scrubber([ANNA, BERT], COMPANY, DEMO)
    made.asker(ANNA, [MAC])
    return made


def test_the_asker_becomes_somebody_with_such_a_device_and_such_groups() -> None:
    chosen = scrubber().stands_for[ANNA.id]
    assert chosen.id == "jonas.weber"
    assert scrubber().devices["AC-77"].id == "LT-2288"


def test_people_devices_addresses_and_the_company_are_replaced_everywhere_alike() -> None:
    made = scrubber()
    said = made.text("I am Anna Vogel (anna.vogel@acme.test), my AC-77 at Acme Rockets fails. Bert said Bert.Quist can help, anna too.")
    for gone in ("anna", "vogel", "acme", "ac-77", "bert", "quist"):
        assert gone not in said.casefold()
    assert "Jonas Weber" in said
    assert "jonas.weber@lindqvist.example" in said
    assert "LT-2288" in said
    assert "Lindqvist Instruments" in said
    other = made.stands_for[BERT.id]
    assert made.text("Bert") == other.name.partition(" ")[0]
    assert other.id != "jonas.weber"


def test_numbers_secrets_and_addresses_of_strangers_become_their_kind() -> None:
    said = scrubber().text("Call me on +46 70 123 45 67 or mail hugo@example.org, my password is Kanelbulle77!")
    assert "123 45 67" not in said
    assert "hugo@example.org" not in said
    assert "Kanelbulle77" not in said
    assert "[phone number]" in said


def test_ticket_numbers_follow_the_tickets() -> None:
    made = scrubber()
    made.tickets["T-88"] = "T-1007"
    assert made.text("Any news on T-88? Not T-881.") == "Any news on T-1007? Not T-881."


def test_somebody_of_the_demo_company_stays_who_they_are() -> None:
    maria = next(one for one in DEMO.people if one.id == "maria.santos")
    made = Scrubber(DEMO.people, DEMO.company, DEMO)
    made.asker(maria, [one for one in DEMO.devices if one.owner == maria.id])
    assert made.text("I am Maria Santos and Ingrid Lindqvist waits for LT-2417") == "I am Maria Santos and Ingrid Lindqvist waits for LT-2417"
