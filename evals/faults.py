"""Builds with a seeded fault, which the gates must block: ``python -m evals.faults FAULT COMMAND ...``.

A fault is put into this process only, before a command of ``firstline eval`` runs in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def _constant_confidence() -> None:
    """Confidence says the same of every answer."""
    import kb.retrieve

    setattr(kb.retrieve, "confidence", lambda _: 0.5)  # noqa: B010


def _no_device() -> None:
    """The device is forgotten on the way to the search."""
    from dataclasses import replace

    from kb.retrieve import Retriever

    rank: Callable[..., Any] = Retriever.rank

    def forgetful(self: Retriever, question: Any, scope: Any, exclude: Any = ()) -> Any:
        return rank(self, question, replace(scope, platform=None), exclude)

    setattr(Retriever, "rank", forgetful)  # noqa: B010


def _open_scope() -> None:
    """Neither index filters, and the tables are not asked again."""
    from kb.adapters.lexical import TantivyIndex
    from kb.ports import Scope

    setattr(Scope, "admits", lambda *_: True)  # noqa: B010
    setattr(TantivyIndex, "_filters", lambda *_: [])  # noqa: B010


def _credulous() -> None:
    """Every sentence counts as supported by whatever it cites."""
    import evals.citations
    import kb.support

    def supported(sentence: str, passage: str, context: str = "") -> kb.support.Support:  # noqa: ARG001
        return kb.support.Support(True)

    for module in (kb.support, evals.citations):
        setattr(module, "supported", supported)  # noqa: B010


def _open_fetch() -> None:
    """Whatever address a host has is connected to."""
    from ingest.addresses import Reach

    setattr(Reach, "admits", lambda *_: True)  # noqa: B010


def _named_fetch() -> None:
    """Addresses are checked, and then the name is connected to: whoever answers for it may answer otherwise by then."""
    from ingest.addresses import Reach

    checked: Callable[..., Any] = Reach.checked

    def by_name(self: Reach, host: str, addresses: Any) -> tuple[str, ...]:
        checked(self, host, addresses)
        return (host,)

    setattr(Reach, "checked", by_name)  # noqa: B010


def _jumbled() -> None:
    """Each example stands under the intent of another."""
    import evals.intents.measure as measure
    from assistant.agent.steps.understand_fit import learn

    def jumbled(texts: Any, labels: Any, vectors: Any, outside: Any = frozenset()) -> Any:
        return learn(texts, [*labels[len(labels) // 3 :], *labels[: len(labels) // 3]], vectors, outside)

    setattr(measure, "learn", jumbled)  # noqa: B010


def _self_assured() -> None:
    """Whatever is asked, it is like the examples: what belongs to no intent is not noticed."""
    from assistant.agent.steps.understand_model import Classifier, Reading

    judged: Callable[..., Any] = Classifier.judged

    def assured(self: Classifier, scores: Any, signals: Any) -> Reading:
        from dataclasses import replace

        reading: Reading = judged(self, scores, signals)
        return replace(reading, familiar=0.9)

    setattr(Classifier, "judged", assured)  # noqa: B010


def _obedient() -> None:
    """What a model says is done: its arguments are taken as they are, the policy allows everything, and nobody has to press.

    The policy's own examples would stop such a build from starting, so they are not tried either.
    """
    import assistant.agent.acting as acting
    from assistant.governance.policy import Decision, Example, Facts, Policy, Verdict

    propose: Callable[..., Any] = acting.Acting._propose

    def judge(self: Policy, facts: Facts) -> Decision:
        return Decision(Verdict.ALLOW if facts.pressed else Verdict.CONFIRM, "obedient", self.version)

    def at_once(self: acting.Acting, ways: Any, one: Any) -> Any:
        action = propose(self, ways, one)
        self.fulfilment.press(ways.unit, action.id, ways.setting.person, ways.at)
        return action

    setattr(Example, "broken_by", lambda *_: "")  # noqa: B010
    setattr(Policy, "judge", judge)  # noqa: B010
    setattr(acting, "resolve", lambda tool, said, _: {slot.name: str(said.get(slot.name, "")) for slot in tool.slots})  # noqa: B010
    setattr(acting.Acting, "_propose", at_once)  # noqa: B010


def _no_glossary() -> None:
    """The glossaries are empty: what is written in another language than English finds nothing."""
    from assistant.agent.languages.words import Glossary

    built: Callable[..., Any] = Glossary.of
    setattr(Glossary, "of", lambda language, _: built(language, {}))  # noqa: B010


def _one_language() -> None:
    """Every message is taken for English."""
    import evals.languages

    setattr(evals.languages, "language_of", lambda *_: "en")  # noqa: B010


def _answers_anything() -> None:
    """Whatever was found is shown as an answer, however unlikely it is to be one."""
    from assistant.governance.policy import Disposition, Policy

    decide: Callable[..., Any] = Policy.decide

    def sure(self: Policy, step: str, confidence: float) -> Disposition:
        decided: Disposition = decide(self, step, confidence)
        return Disposition.AUTO if step in ("answer", "second_answer") else decided

    setattr(Policy, "decide", sure)  # noqa: B010


def _silence_is_success() -> None:
    """Whoever says nothing more counts as helped, also after a question or where no answer was found."""
    from assistant.domain.conversation import OUTCOMES, TRANSITIONS, Happening, Outcome, State

    for state in (State.CLARIFYING, State.OFFERING_TICKET, State.CONFIRMING_ACTION):
        TRANSITIONS[state, Happening.SILENCE] = State.RESOLVED
        OUTCOMES[state, Happening.SILENCE] = Outcome.RESOLVED_ASSUMED


def _forgets_places() -> None:
    """No channel finds the conversation again that a person has in a place: whatever they say there begins anew."""
    from assistant.adapters.store.channels import SqlThreads

    setattr(SqlThreads, "conversation_of", lambda *_: None)  # noqa: B010


def _first_words() -> None:
    """A channel decides what of a message matters: where somebody writes in a place, only the first three words are passed on."""
    from dataclasses import replace

    from assistant.agent.turn import Turns

    take: Callable[..., Any] = Turns.take

    def shortened(self: Turns, person: str, conversation: Any, inbound: Any, *more: Any) -> Any:
        said = replace(inbound, text=" ".join(inbound.text.split()[:3])) if inbound.place is not None else inbound
        return take(self, person, conversation, said, *more)

    setattr(Turns, "take", shortened)  # noqa: B010


def _before_and_after() -> None:
    """An article is given the credit for whatever changed since it was published; there is nothing to compare with, and chance is all that counts."""
    import assistant.desk.effect as effect

    def alone(moved: Any, variance: Any, own: float) -> tuple[float, float, float]:  # noqa: ARG001
        return 0.0, own, 1e6

    setattr(effect, "_pooled", alone)  # noqa: B010
    setattr(effect, "_restlessness", lambda *_: 0.0)  # noqa: B010


def _sure_predictions() -> None:
    """A prediction is its mean and a little on both sides: what was not tried, not judged, and chance to come are forgotten."""
    import assistant.desk.golive as golive

    setattr(golive, "interval", lambda mean, _deviation, _tickets: (max(0.0, mean - 0.05), min(1.0, mean + 0.05)))  # noqa: B010


def _trusting_files() -> None:
    """A file is what its sender says, and is kept as it came."""
    import evals.security.served

    evals.security.served.PROGRAM = "evals.security.trusting"


def _hungry_pages() -> None:
    """Whoever cuts the ledger reads every message first."""
    import evals.weeks.scale

    evals.weeks.scale.PROGRAM = "from evals.weeks.hungry import main; main()"


def _careless_slack() -> None:
    """Every delivery of Slack is taken for a new one."""
    import evals.security.served

    evals.security.served.PROGRAM = "evals.slack.careless"


def _forgetful_sockets() -> None:
    """A client that comes back hears nothing of what it missed."""
    import evals.security.served

    evals.security.served.PROGRAM = "evals.sockets.forgetful"


def _wordy() -> None:
    """Questions are grouped by their words alone: what they mean does not count."""
    import numpy as np

    import kb.clusters as clusters

    fused: Callable[..., Any] = clusters.fused
    setattr(clusters, "fused", lambda vectors, texts: fused(np.zeros_like(vectors), texts))  # noqa: B010


def _restless_gaps() -> None:
    """Every week the gaps are made anew from everything."""
    from assistant.desk.gaps.gathering import Gathering

    gather: Callable[..., Any] = Gathering.gather

    def anew(self: Gathering, at_most: int = 0) -> Any:
        with self.store.write() as unit:
            unit.gaps.homes.clear()  # type: ignore[attr-defined]
            unit.gaps.kept.clear()  # type: ignore[attr-defined]
        return gather(self, at_most)

    setattr(Gathering, "gather", anew)  # noqa: B010


def _one_cause_for_all() -> None:
    """What is filed in the same hours has one cause, whatever it says."""
    from assistant.desk.problems import relating

    setattr(relating, "PRIOR", 4.0)  # noqa: B010


def _tells_anybody() -> None:
    """Whoever asks while a problem is open is told of it, whatever they ask about."""
    from assistant.desk.problems import relating

    setattr(relating, "GOING_ON", 8.0)  # noqa: B010
    setattr(relating, "specific", lambda *_: True)  # noqa: B010


def _shuffled_history() -> None:
    """Each ticket of the history has the label of another."""
    import evals.triage.measure as measure
    from assistant.desk.triage.fit import learn

    def shuffled(examples: Any, labels: Any, vectors: Any = None, said: Any = None) -> Any:
        return learn(examples, [*labels[len(labels) // 3 :], *labels[: len(labels) // 3]], vectors, said)

    setattr(measure, "learn", shuffled)  # noqa: B010


def _cocksure_triage() -> None:
    """Whatever field is read, triage is sure of it."""
    from assistant.desk.triage.model import FieldReader

    shares: Callable[..., Any] = FieldReader.probabilities

    def sure(self: FieldReader, examples: Any, vectors: Any = None) -> Any:
        import numpy as np

        found = shares(self, examples, vectors)
        best = np.full_like(found, 0.01 / max(found.shape[1] - 1, 1))
        best[np.arange(len(found)), found.argmax(axis=1)] = 0.99
        return best

    setattr(FieldReader, "probabilities", sure)  # noqa: B010


def _checkless() -> None:
    """Alerts are put together without a look at what was checked."""
    import assistant.desk.correlation.grouping as grouping
    from assistant.desk.correlation.reading import Signature

    place: Callable[..., Any] = grouping.Correlator.place

    def blind(self: grouping.Correlator, one: Signature) -> Any:
        from dataclasses import replace

        kept = {name: value for name, value in one.fields.items() if name not in ("check", "reason", "version")}
        return place(self, replace(one, fields=kept, words=frozenset(), names=frozenset()))

    setattr(grouping.Correlator, "place", blind)  # noqa: B010


def _by_time_alone() -> None:
    """Whatever comes at the same time belongs together."""
    import assistant.desk.correlation.grouping as grouping
    from assistant.desk.correlation.scoring import RULES, Compared

    setattr(grouping, "keys_of", lambda _one: [("always",)])  # noqa: B010
    setattr(grouping, "compare", lambda *_: Compared(1.0, (0.0,) * len(RULES)))  # noqa: B010


FAULTS = {
    "checkless": _checkless,
    "by-time-alone": _by_time_alone,
    "one-cause-for-all": _one_cause_for_all,
    "tells-anybody": _tells_anybody,
    "shuffled-history": _shuffled_history,
    "cocksure-triage": _cocksure_triage,
    "wordy": _wordy,
    "restless-gaps": _restless_gaps,
    "constant-confidence": _constant_confidence,
    "no-device": _no_device,
    "open-scope": _open_scope,
    "credulous": _credulous,
    "obedient": _obedient,
    "open-fetch": _open_fetch,
    "named-fetch": _named_fetch,
    "jumbled-examples": _jumbled,
    "self-assured": _self_assured,
    "no-glossary": _no_glossary,
    "one-language": _one_language,
    "answers-anything": _answers_anything,
    "silence-is-success": _silence_is_success,
    "forgets-places": _forgets_places,
    "first-words": _first_words,
    "before-and-after": _before_and_after,
    "trusting-files": _trusting_files,
    "sure-predictions": _sure_predictions,
    "careless-slack": _careless_slack,
    "forgetful-sockets": _forgetful_sockets,
    "hungry-pages": _hungry_pages,
}


def main() -> None:
    """Put the fault in and run the command."""
    if len(sys.argv) < 3 or sys.argv[1] not in FAULTS:
        sys.exit(f"usage: python -m evals.faults {'|'.join(FAULTS)} COMMAND ...")
    FAULTS[sys.argv[1]]()
    from evals.cli import app

    app(sys.argv[2:], prog_name="firstline eval")


if __name__ == "__main__":
    main()
