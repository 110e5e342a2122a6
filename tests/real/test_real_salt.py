"""The Salt fleet against a real master, minion and salt-api: what only a real one shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.adapters.devices.salt import SaltFleet
from assistant.domain.compliance import Check, Judgement, Subject
from assistant.domain.secret import Secret
from assistant.ports.outside import Refused, Unavailable, Uncertain
from kb.model import Platform
from tests.support.salt_server import ACCOUNT, HOME, MINION, SECRET, Salt, running_salt

pytestmark = [pytest.mark.real, pytest.mark.skipif(not HOME, reason="tests/real/run.sh installs Salt")]
SIGNATURES = Check("signatures", "Signatures", Subject.SIGNATURES, frozenset(Platform), 7)


@pytest.fixture(scope="module")
def salt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Salt]:
    folder = Path(tmp_path_factory.mktemp("s"))
    with running_salt(folder, datetime.now(UTC).date().isoformat()) as running:
        yield running


def fleet(salt: Salt, wait: float = 60.0, secret: str = SECRET) -> SaltFleet:
    states = {"update-signatures": "fresh", "older-signatures": "stale", "encrypt-disk": "broken", "slow": "slow", "none": "nosuch"}
    return SaltFleet(salt.url, ACCOUNT, Secret(secret), states, wait_seconds=wait)


def judged(salt: Salt) -> Judgement:
    return SIGNATURES.judge(fleet(salt).verify(MINION), datetime.now(UTC))[0]


def test_the_fleet_is_the_minions_with_their_people(salt: Salt) -> None:
    (posture,) = fleet(salt).compliance()
    assert (posture.device.id, posture.device.owner, posture.device.name, posture.trouble) == (MINION, "ann", "demo-laptop", "")
    assert posture.device.platform is Platform.LINUX
    assert posture.os_version
    assert [one.id for one in fleet(salt).devices_of("ann")] == [MINION]
    assert fleet(salt).device("LT-404") is None


def test_a_remedy_runs_and_is_seen_and_is_taken_back(salt: Salt) -> None:
    assert judged(salt) is Judgement.UNKNOWN
    fleet(salt).remediate(MINION, "older-signatures", "change.device:ch_1:0")
    assert judged(salt) is Judgement.FAILED
    fleet(salt).remediate(MINION, "update-signatures", "change.device:ch_1:1")
    assert judged(salt) is Judgement.MET
    assert salt.effects() == 1


def test_the_same_key_is_found_in_the_job_cache_and_not_done_again(salt: Salt) -> None:
    before = salt.effects()
    for _ in range(3):
        fleet(salt).remediate(MINION, "update-signatures", "change.device:ch_2:0")
    assert salt.effects() == before + 1


def test_a_state_that_fails_and_one_that_is_not_there_are_refused_with_their_comment(salt: Salt) -> None:
    with pytest.raises(Refused, match="Failure"):
        fleet(salt).remediate(MINION, "encrypt-disk", "k:broken")
    with pytest.raises(Refused, match="No matching sls"):
        fleet(salt).remediate(MINION, "none", "k:none")


def test_an_unknown_minion_and_one_that_could_be_a_pattern_are_refused(salt: Salt) -> None:
    for device in ("LT-404", "*", "LT-*", "a,b"):
        with pytest.raises(Refused):
            fleet(salt).remediate(device, "update-signatures", "k:unknown")


def test_one_that_takes_longer_is_uncertain_and_is_found_again(salt: Salt) -> None:
    with pytest.raises(Uncertain):
        fleet(salt, wait=1.0).remediate(MINION, "slow", "k:slow")
    fleet(salt).remediate(MINION, "slow", "k:slow")


def test_what_the_master_does_not_allow_is_named_and_a_wrong_secret_is_refused(salt: Salt) -> None:
    with pytest.raises(Refused, match=r"does not let us run cmd\.run"):
        fleet(salt)._local("cmd.run", [MINION], ["id"])
    with pytest.raises(Refused):
        list(fleet(salt, secret="wrong").all())


def test_a_minion_that_is_gone_is_listed_with_its_trouble_and_unavailable(salt: Salt) -> None:
    salt.stop("salt-minion")
    (posture,) = fleet(salt).compliance()
    assert (posture.device.id, posture.trouble) == (MINION, "the minion does not answer")
    with pytest.raises(Unavailable):
        fleet(salt).remediate(MINION, "update-signatures", "k:gone")
    salt.stop("salt-api")
    with pytest.raises(Unavailable):
        list(fleet(salt).all())
