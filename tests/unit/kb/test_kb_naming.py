"""Gaps are named in the words of those who asked, and no name points at one of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kb.model import UnresolvedIntent
from kb.naming import Speech, name_of, spread_of
from tests.support.kb_properties import WORDS, examples
from tests.support.kb_samples import intent

COMMON = frozenset(
    [
        "where",
        "can",
        "visitors",
        "visitor",
        "park",
        "parking",
        "permit",
        "please",
        "bank",
        "token",
        "broken",
        "new",
        "lost",
        "friday",
        "car",
        "pool",
        "reserve",
        "badge",
        "printer",
    ]
)


def asked(*questions: str, asker: str = "") -> list[UnresolvedIntent]:
    return [intent(n, question, **({"asker": asker} if asker else {})) for n, question in enumerate(questions)]


def named(members: list[UnresolvedIntent], *others: str, people: frozenset[str] = frozenset(), common: frozenset[str] = COMMON) -> str:
    everything = [*(one.question for one in members), *others]
    return name_of(members, Speech(common, people, spread_of(everything), len(everything)))[0]


def test_a_name_has_the_words_that_its_questions_share_and_others_lack() -> None:
    members = asked("Where can visitors park?", "Is there parking for visitors on Friday", "visitors parking permit please")
    name = named(members, "My bank token is broken", "A new bank token for Friday", "The printer is broken")
    assert {"visitors", "parking"} <= set(name.lower().split())
    assert "friday" not in name.lower()


def test_words_stand_in_the_order_in_which_people_say_them() -> None:
    name = named(asked("My bank token is lost", "the bank token broke", "new bank token please"))
    assert name.lower().startswith("bank token")


def test_product_names_are_written_as_people_write_them() -> None:
    name = named(asked("PowerBI gateway fails", "The PowerBI gateway is offline", "gateway of PowerBI again"))
    assert "PowerBI" in name
    assert "VPN" in named(asked("VPN drops", "My VPN drops daily", "the VPN drops"))


def test_a_shouted_question_is_not_a_shouted_name() -> None:
    assert named(asked("PRINTER BROKEN", "PRINTER BROKEN NOW", "printer broken")) == "Printer broken"


def test_a_strange_word_of_one_person_is_left_out_and_of_two_is_not() -> None:
    one = asked("Reserve the pool car Zyxomat", "Reserve a pool car")
    assert "Zyxomat" not in named(one)
    assert "Zyxomat" in named(asked("Zyxomat pool car", "The Zyxomat car"))
    assert "Zyxomat" not in named(asked("Zyxomat pool car", "The Zyxomat car", asker="ana"))


def test_nobodys_name_is_in_a_name() -> None:
    members = asked("The badge of Petersson is lost", "Petersson lost a badge", "badge of anna-karin lost")
    everybody_knows = COMMON | {"petersson", "anna-karin"}
    name = named(members, people=frozenset({"petersson", "anna", "karin"}), common=everybody_knows)
    assert set(name.lower().split()) == {"badge", "lost"}


def test_a_question_of_words_that_may_not_be_shown_has_no_name() -> None:
    assert name_of(asked("Zyxomat qqq7"), Speech(COMMON)) == ("", False)
    assert name_of([], Speech(COMMON)) == ("", False)


def test_a_name_of_one_word_does_not_stay() -> None:
    assert name_of(asked("printer", "printer"), Speech(COMMON, frozenset(), spread_of(["printer", "printer"]), 2)) == ("Printer", False)


@examples(100)
@given(st.lists(WORDS, max_size=8))
def test_any_questions_can_be_named(questions: list[str]) -> None:
    members = asked(*questions)
    name, _ = name_of(members, Speech(COMMON, frozenset({"maria"}), spread_of(questions), len(questions)))
    assert "maria" not in name.lower()
    assert len(name.split()) <= 4
