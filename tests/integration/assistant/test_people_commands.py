"""The commands over people: an authenticator app is registered and removed, and a directory that cannot be reached is said in words."""

from __future__ import annotations

import json
from pathlib import Path

import pyotp
import pytest

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import read_secret
from assistant.domain.step_up import Channel
from assistant.governance.step_up import begin, check
from assistant.settings import Settings
from kb.adapters.store.engine import open_engine
from tests.support.service import PEOPLE_FILE, firstline, free_port

MARIA = "maria.santos"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("people")
    assert firstline(made, "people", "load", str(PEOPLE_FILE)).returncode == 0
    return made


def store(home: Path) -> SqlStore:
    return SqlStore(open_engine(Settings(home=home).database), 0.7)


def test_a_registered_app_makes_codes_that_count_and_is_kept_nowhere(home: Path) -> None:
    done = firstline(home, "people", "totp", MARIA)
    app = pyotp.parse_uri(done.stdout.strip())
    assert isinstance(app, pyotp.TOTP)
    assert app.name == MARIA
    with store(home).write() as unit:
        factor = unit.second_factors.factor(MARIA)
        assert factor is not None
        now = factor.registered_at
        challenge, _ = begin("act_1", "a" * 64, Channel.TOTP, now, read_secret(Settings(home=home)))
        assert check(challenge, "a" * 64, app.at(now), now, read_secret(Settings(home=home)), factor).accepted
        said = [json.loads(record.body) for record in unit.audit.read()]
    assert [(line["step"], line["decision"], line["actor"]) for line in said] == [("second_factor", "registered", "operator")]
    kept = [path for path in home.rglob("*") if path.is_file() and app.secret.encode() in path.read_bytes()]
    assert kept == []


def test_a_removed_app_counts_no_more(home: Path) -> None:
    firstline(home, "people", "totp", MARIA)
    assert "no more" in firstline(home, "people", "totp", MARIA, "--remove").stdout
    with store(home).read() as unit:
        assert unit.second_factors.factor(MARIA) is None
    assert "no authenticator app" in firstline(home, "people", "totp", MARIA, "--remove").stdout


def test_nobody_gets_no_app(home: Path) -> None:
    done = firstline(home, "people", "totp", "maria")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nobody is called maria" in done.stderr


def test_a_directory_that_is_not_there_is_said_in_words(home: Path) -> None:
    away = {"directory": "scim", "scim_url": f"http://127.0.0.1:{free_port()}", "scim_token": "t0ken"}
    done = firstline(home, "people", **away)
    assert done.returncode == 2
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_settings_that_contradict_themselves_are_said_in_words(home: Path) -> None:
    done = firstline(home, "people", directory="ldap", ldap_url="ldap://ldap.x.example")
    assert done.returncode == 2
    assert "FIRSTLINE_LDAP_BIND_DN" in done.stderr
    assert "Traceback" not in done.stderr
