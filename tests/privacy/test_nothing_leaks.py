"""A whole installation under good and bad input: whatever it writes, shows or answers holds nobody's personal data.

What may: `hr.*` topics and `tenure.decisions` (the record), the store, an operator's look at one person, and the
`display_name` of `event.settled`, which messages need.
"""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from scanner import Marks, Scanner, anybodys_mobile, without
from staff import departments, event, hired, left, moved
from standardwebhooks.webhooks import Webhook
from world import running

from contracts.topics import AUDIT, CONFIRMATIONS, HR_EVENTS, HR_QUARANTINE, OUTCOMES

pytestmark = pytest.mark.timeout(300)

SERVICES = ("ingest", "provisioner", "notifier")
SHOWN = ("/metrics", "/healthz", "/readyz")
MOBILE, OTHER, LOST, HOLDER = "+8613912340001", "+8613912340002", "+8613912340003", "+8613912340004"
EMAIL, BIRTH, NAME = "mei.li@home.example", "1990-04-17", "李梅香"
BAIT = f"{MOBILE} {EMAIL} {BIRTH} {NAME}"
TEMPLATE = f"{NAME}{{{{person.mobile}}}}${{ACME_HR_SECRET}}"
MAY_NAME = {"tenure.event.settled.v1": ("display_name",)}


class Told:
    """Everything the run answered, by place."""

    def __init__(self, world):
        self.world, self.answers = world, {}

    def keep(self, what: str, answer: httpx.Response, status: int) -> None:
        assert answer.status_code == status, f"{what}: {answer.status_code} {answer.text}"
        self.answers[f"answer: {what}"] = answer.text + str(dict(answer.headers))

    def places(self) -> dict[str, str]:
        logs = self.world.installation.options.data / "logs"
        found = self.answers | {log.name: log.read_text(errors="replace") for log in logs.iterdir() if ours(log)}
        for service in SERVICES:
            for path in SHOWN:
                found[f"{service} {path}"] = self.world.http.get(self.world.ready[service] + path).text
        for path in ("/v1/status", "/v1/todo", "/v1/holds", "/v1/quarantine"):
            found[path] = json.dumps(self.world.ask(path), ensure_ascii=False)
        for topic in (OUTCOMES, CONFIRMATIONS, AUDIT):
            for record in self.world.records(topic):
                found[f"{topic.name}/{record.partition}/{record.offset}"] = shown(record)
        for record in self.world.records(HR_QUARANTINE):
            found[f"{HR_QUARANTINE.name}/{record.offset} reason"] = str(dict(record.headers)["tenure_reason"].decode())
        found["what `tenure up` said"] = "\n".join(self.world.said)
        return found


def ours(log: Path) -> bool:
    """The sandbox stands for platforms, which are given names and mobiles to keep."""
    return log.name != "sandbox.log"


def shown(record) -> str:
    headers = {name: value.decode() for name, value in record.headers}
    value = without(record.value.decode(), *MAY_NAME.get(headers["ce_type"], ()))
    return f"{record.key!r} {headers} {value}"


def marks(world) -> Marks:
    secrets = json.loads((world.installation.options.data / "secrets.json").read_text())
    sandbox = world.ready["sandbox"]
    found = {f"secret {name}": value for name, value in secrets.items()} | {
        "operator token": world.ready["operator_token"], "signing secret": world.ready["signing_secret"],
        "WeCom contact secret": sandbox["wecom"]["contact_secret"], "WeCom app secret": sandbox["wecom"]["app_secret"],
        "DingTalk app secret": sandbox["dingtalk"]["app_secret"],
    }  # fmt: skip
    assert min(map(len, found.values())) > 8
    return Marks((MOBILE, OTHER, LOST, HOLDER), (EMAIL,), (BIRTH,), (NAME,), found)


# ------------------------------------------------------------ what happens in the run


def good_input(world):
    """Lives with everything personal in the fields made for it, and in those where people put it by mistake."""
    person = {"display_name": TEMPLATE, "family_name": "李", "given_name": "梅香", "personal_email": EMAIL}
    extra = {"birth_date": BIRTH, "emergency": BAIT}
    misplaced = {"title": BAIT, "grade": MOBILE, "location": NAME, "cost_center": EMAIL}
    world.fault("wecom", path="user/create", kind="timeout_after")
    world.fault("dingtalk", path="topapi/v2/user/create", kind="truncated")
    world.sandbox("wecom", "console", {"op": "create", "id": "holder", "name": "旁人", "mobile": HOLDER[3:],
                                       "department": [1]})  # fmt: skip
    world.send([
        *departments(),
        event("hr.department.changed.v1", "2026-01-01", department_id="D-X", name=f"{NAME}组"),
        event("hr.worker.hired.v1", "2026-01-05", worker_id="W1", person=person | {"mobile": MOBILE}, extra=extra,
              employment={"type": MOBILE, "legal_entity": NAME}, birth_date=BIRTH,
              assignment={"department_id": "D-X", "job_function": "sales"} | misplaced),
        hired("W2", OTHER, "2026-01-05", "D-SAL", "sales", display_name=NAME + "二", personal_email=EMAIL),
        hired("W3", HOLDER, "2026-01-05", "D-SAL", "sales", display_name=NAME + "三"),
    ])  # fmt: skip
    world.settle(120)
    world.send([moved("W1", "2026-01-06", "D-ADM", "administration"), left("W2", "2026-01-07", immediate=True),
                event("hr.worker.left.v1", "2026-01-08", worker_id="W9", reason=BAIT),
                event("hr.worker.updated.v1", "2026-01-08", worker_id="W1", person={"mobile": OTHER})])  # fmt: skip
    world.settle(120)


def refused_input(world, told):
    """What ingest refuses: each wrong field holds what should stand somewhere else."""
    base = hired("W8", LOST, "2026-01-05", "D-SAL", "sales")
    wrong = dict.fromkeys(("effective_at", "zone", "revision", "sequence", "assignment", "employment"), BAIT)
    data = base["data"] | wrong | {"person": {"mobile": BAIT, "personal_email": f"{EMAIL}@", "display_name": ""}}
    told.keep("wrong fields", world.post([base | {"data": data}]), 422)
    outer = {"time": BAIT, "type": MOBILE, "specversion": EMAIL, "subject": ["x"], "datacontenttype": BAIT}
    told.keep("a wrong envelope", world.post([base | outer]), 422)
    told.keep("an unknown source", world.post([base | {"source": f"urn:hr:{MOBILE}"}]), 422)
    told.keep("a wrong signature", world.post([base], secret="whsec_" + "d3Jvbmc=" * 4), 401)
    url, headers = world.ready["ingest"], {"content-type": "application/cloudevents+json"}
    told.keep("no such address", world.http.post(f"{url}/events/{MOBILE}", content=BAIT.encode(), headers=headers), 404)
    told.keep("no JSON", _signed_bytes(world, f'{{"mobile": "{MOBILE}", "name": "{NAME}" {EMAIL}'), 400)


def _signed_bytes(world, body: str) -> httpx.Response:
    """As `World.post`, for what is no list of events."""
    now = datetime.now(UTC)
    headers = {"content-type": "application/cloudevents+json", "webhook-id": "m1",
               "webhook-timestamp": str(int(now.timestamp())),
               "webhook-signature": Webhook(world.ready["signing_secret"]).sign("m1", now, body)}  # fmt: skip
    return world.http.post(world.ready["events"], content=body.encode(), headers=headers)


async def _produce(address, records):
    producer = AIOKafkaProducer(bootstrap_servers=address)
    await producer.start()
    try:
        for key, value, headers in records:
            await producer.send_and_wait(HR_EVENTS.name, value, key=key, headers=headers)
    finally:
        await producer.stop()


def poison(world):
    """Records past the door: nobody can read them, and the reason must not repeat them."""
    good = hired("W7", LOST, "2026-01-05", "D-SAL", "sales")
    outer = [(f"ce_{name}", good[name].encode()) for name in ("specversion", "id", "source", "type", "time")]
    bad = good["data"] | {"effective_at": BAIT, "person": {"mobile": BAIT, "personal_email": NAME}, MOBILE: BAIT}
    values = [BAIT.encode(), b"\xff" + BAIT.encode(), json.dumps(bad).encode(), json.dumps([BAIT]).encode(),
              b'{"worker_id": NaN, "x": "' + MOBILE.encode() + b'"}']  # fmt: skip
    records = [(b"k", value, [(n, v if n != "ce_id" else f"poison-{i}".encode()) for n, v in outer])
               for i, value in enumerate(values)]  # fmt: skip
    records.append(
        (
            MOBILE.encode(),
            json.dumps(bad).encode(),
            [*outer[:3], ("ce_type", MOBILE.encode()), ("ce_time", BAIT.encode())],
        )
    )
    records.append((b"k", BAIT.encode(), [("ce_id", b"\xff" + MOBILE.encode())]))
    asyncio.run(_produce(world.ready["kafka"], records))
    books = world.settle(120)
    assert books["quarantined"] == len(records), books


def operators(world, told):
    """Questions and orders of operators that cannot be answered or carried out."""
    token = {"authorization": f"Bearer {world.ready['operator_token']}"}
    url = world.ready["provisioner"]
    for path, query in (("/v1/person", {"id": LOST}), ("/v1/person", {"id": NAME, "at": BAIT}),
                        ("/v1/wait", {"timeout": MOBILE + "x"})):  # fmt: skip
        answer = world.http.get(url + path, params=query, headers=token)
        told.keep(f"GET {path} {sorted(query)}", answer, answer.status_code)
        assert 400 <= answer.status_code < 500
    for path, body in (("/v1/stop", {"person": EMAIL + "x", "reason": "x"}),
                       ("/v1/stop", {"person": "W1", MOBILE: BAIT}), ("/v1/stop", [BAIT]),
                       ("/v1/holds/release", {"person": LOST, "reason": BAIT}),
                       ("/v1/clock", {"business_at": BAIT})):  # fmt: skip
        if MOBILE in body:  # what a field is called is said again to who called it so, and `order` would find it
            assert world.http.post(url + path, json=body, headers=token).status_code == 422
        else:
            answer = world.order(path, body)
            assert 400 <= answer.status_code < 500, answer.text
            told.keep(f"POST {path} {type(body).__name__}", answer, answer.status_code)
    wrong = {"authorization": "Bearer wrong-token-of-somebody"}
    told.keep("a wrong token", world.http.get(url + "/v1/find", params={"text": MOBILE}, headers=wrong), 401)


def paused(world) -> set[str]:
    return {item["target"] for item in world.ask("/v1/todo") if item["kind"] == "paused"}


def refusing_platforms(world, told):
    """The secrets are refused and the platforms answer nonsense, while there is something to do."""
    for platform in ("wecom", "dingtalk"):
        world.fault(platform, path="gettoken", kind="errcode", code=40001, times=None)
        world.fault(platform, kind="expire_token", times=None)
    world.send([moved("W3", "2026-01-09", "D-ADM", "administration"), moved("W1", "2026-01-09", "D-SAL", "sales")])
    world.until(lambda: paused(world) >= {"wecom", "dingtalk"}, 60, "both targets paused")
    told.keep("continue with a wrong secret", world.order("/v1/continue", {"target": "wecom"}), 409)
    for platform in ("wecom", "dingtalk"):
        world.calm(platform)
        world.fault(platform, kind="http500")
    for target in ("wecom", "dingtalk"):
        world.order("/v1/continue", {"target": target})
    world.settle(120)


@pytest.fixture(scope="module")
def told():
    with running() as world:
        told = Told(world)
        good_input(world)
        refused_input(world, told)
        poison(world)
        operators(world, told)
        refusing_platforms(world, told)
        yield told


# ------------------------------------------------------------ what is found


def test_nothing_leaks(told):
    places = told.places()
    assert len(places) > 60
    assert [str(leak) for leak in Scanner(marks(told.world)).scan(places)] == []


def test_no_log_holds_anybodys_mobile(told):
    logs = {place: text for place, text in told.places().items() if place.endswith(".log")}
    assert set(logs) == {f"{service}.log" for service in SERVICES}
    assert {place: anybodys_mobile(text) for place, text in logs.items() if anybodys_mobile(text)} == {}


def test_the_run_had_something_to_leak(told):
    """Names and marks did pass through: they stand where they belong."""
    scanner, world = Scanner(marks(told.world)), told.world
    assert scanner.seen(
        "".join(record.value.decode() for record in world.records(HR_EVENTS) if record.value[:1] == b"{")
    )
    settled = [
        json.loads(r.value) for r in world.records(OUTCOMES) if dict(r.headers)["ce_type"] == b"tenure.event.settled.v1"
    ]
    assert any(NAME in (one["display_name"] or "") for one in settled)
    assert any("60104" in text or "mobile_taken" in text for text in told.places().values())


def test_a_planted_leak_is_found(told):
    """In every kind of place, each kind of mark."""
    data, scanner = told.world.installation.options.data, Scanner(marks(told.world))
    planted = data / "logs" / "planted.log"
    for secret in (MOBILE, EMAIL, BIRTH, NAME, told.world.ready["operator_token"], told.world.ready["signing_secret"]):
        planted.write_text(json.dumps({"event": "step.took", "text": f"for {secret} of D-SAL"}))
        found = scanner.scan(told.places())
        planted.unlink()
        assert {leak.place for leak in found} == {"planted.log"}
