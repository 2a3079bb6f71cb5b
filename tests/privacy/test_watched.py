"""What every installation of the tests is scanned for at its end, seen on a folder like one of theirs."""

import json
from types import SimpleNamespace

import httpx
import pytest
from watched import watched

SECRET, TOKEN = "c2VjcmV0LW9mLWEtc291cmNl", "token-of-the-operator-local"
EVENT = {"data": {"person": {"mobile": "+8613912340001", "personal_email": "mei@home.example", "alias": "13"},
                  "extra": [{"birth_date": "1990-04-17"}]}}  # fmt: skip
FINE = '{"event": "intake.took", "person_id": "urn:hr:acme/W1", "lag": 3}'


@pytest.fixture
def installation(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "secrets.json").write_text(json.dumps({"ACME_HR_SECRET": SECRET}))
    gone = dict.fromkeys(("ingest", "provisioner", "notifier"), "http://127.0.0.1:1")
    ready = gone | {"operator_token": TOKEN, "signing_secret": f"whsec_{SECRET}"}
    return SimpleNamespace(options=SimpleNamespace(data=tmp_path), ready=ready)


def wrote(installation, text, log="ingest.log", answer=None):
    with watched(installation) as heard:
        heard.sent([EVENT])
        heard.answered("events", answer or httpx.Response(202, text="accepted 13912340001"))
        (installation.options.data / "logs" / log).write_text(text)


def test_ids_and_codes_pass_and_so_does_what_a_platform_keeps(installation):
    wrote(installation, FINE)
    wrote(installation, "13912340001", log="sandbox.log")


@pytest.mark.parametrize(
    "mark",
    ["13912340001", "mei@home.example", "1990-04-17", SECRET, TOKEN, "13700000000"],
    ids=["mobile", "e-mail", "birth date", "secret", "token", "somebody's mobile"],
)
def test_a_mark_in_a_log_fails_whatever_was_tested(installation, mark):
    with pytest.raises(AssertionError, match=r"in ingest\.log") as caught:
        wrote(installation, FINE + mark)
    assert mark not in str(caught.value)


def test_the_stores_own_log_is_a_log(installation):
    (installation.options.data / "postgres").mkdir()
    (installation.options.data / "postgres" / "log").write_text("DETAIL: Key (folded)=(+8613912340001) exists")
    with pytest.raises(AssertionError, match=r"in postgres\.log"):
        wrote(installation, FINE)


def test_what_is_looked_at_later_is_scanned_for_the_same_people_and_secrets(installation):
    with watched(installation) as heard:
        heard.sent([EVENT])
    heard.scan({"traces": f'attributes {{ value {{ string_value: "{FINE}" }} }}'})
    for mark in ("13912340001", "mei@home.example", TOKEN):
        with pytest.raises(AssertionError, match="in traces"):
            heard.scan({"traces": f'name: "GET /users/{mark}"'})


def test_a_mark_in_a_refusal_fails_too(installation):
    with pytest.raises(AssertionError, match="422 to events"):
        wrote(installation, FINE, answer=httpx.Response(422, text="not a mobile: 139-1234-0001"))
