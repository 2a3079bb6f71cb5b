"""HR events of made-up people, and the way that puts them on Kafka as ingest does."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from contracts.envelope import Attributes, to_headers
from contracts.topics import HR_DEPARTMENTS, HR_EVENTS, HR_URGENT
from services.kit import broker as kafka
from services.kit.broker import Outgoing
from services.kit.settings import ServiceSettings

SOURCE = "urn:hr:bench"
FAMILIES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余"
GIVENS = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红梅建国文志海波宁辉浩宇佳欣怡子轩梓涵雨晨思琪天瑞"
TIME = datetime(2026, 1, 1, tzinfo=UTC)
_URGENT = {"hr.worker.left.v1", "hr.event.withdrawn.v1"}


def name(number: int) -> tuple[str, str]:
    """Family and given name; all different for the first 100,000 numbers."""
    families, givens = len(FAMILIES), len(GIVENS)
    mixed = number * 7919 % (families * givens * givens)
    return FAMILIES[mixed % families], GIVENS[mixed // families % givens] + GIVENS[mixed // families // givens]


def hired(number: int, *, batch: str | None = None, kind: str = "W", function: str = "sales") -> Outgoing:
    """Somebody who sells, in nobody's department; `kind` keeps the numbers of two crowds apart."""
    family, given = name(number)
    person = {
        "family_name": family,
        "given_name": given,
        "display_name": family + given,
        "mobile": _mobile(kind, number),
    }
    return event("hr.worker.hired.v1", f"{kind}{number:07}", "2026-01-05", person=person, batch=batch,
                 assignment={"job_function": function, "title": function, "department_id": "D-SAL"})  # fmt: skip


def moved(number: int, *, kind: str = "W") -> Outgoing:
    """Into administration."""
    assignment = {"job_function": "administration", "title": "administration", "department_id": "D-ADM"}
    return event("hr.worker.transferred.v1", f"{kind}{number:07}", "2026-01-07", assignment=assignment)


def left(number: int, *, kind: str = "W") -> Outgoing:
    return event("hr.worker.left.v1", f"{kind}{number:07}", "2026-01-09")


def department(department_id: str, called: str) -> Outgoing:
    data: dict[str, object] = {"effective_at": "2026-01-01", "department_id": department_id, "name": called}
    return _outgoing("hr.department.changed.v1", department_id, HR_DEPARTMENTS.name, department_id, data)


def event(kind: str, worker_id: str, at: str, **data: object) -> Outgoing:
    """Keyed by its worker, on the topic that ingest would choose."""
    topic = HR_URGENT if kind in _URGENT else HR_EVENTS
    body = {"effective_at": at, "worker_id": worker_id, **{name: value for name, value in data.items() if value}}
    return _outgoing(kind, worker_id, topic.name, f"{SOURCE}/{worker_id}", body)


def _outgoing(kind: str, about: str, topic: str, key: str, data: dict[str, object]) -> Outgoing:
    attributes = Attributes(specversion="1.0", id=f"{about}-{kind}", source=SOURCE, type=kind, time=TIME,
                            recordedat=datetime.now(UTC))  # fmt: skip
    return Outgoing(topic, key.encode(), json.dumps(data, ensure_ascii=False).encode(), to_headers(attributes))


def _mobile(kind: str, number: int) -> str:
    return f"+86{130 + ord(kind) % 60}{number:08}"


@asynccontextmanager
async def publisher(address: str) -> AsyncIterator[Callable[[Iterable[Outgoing]], Awaitable[object]]]:
    """A connected producer; what it sends is acknowledged when the call returns."""
    settings = ServiceSettings(kafka=(address,), embedded_broker=True)
    broker = kafka.make_broker(settings, "bench")
    async with kafka.started(broker, settings):
        yield partial(kafka.publish_in_order, broker)


async def publish(address: str, records: Iterable[Outgoing]) -> None:
    """All acknowledged when it returns."""
    async with publisher(address) as send:
        await send(records)


def people(count: int, *, batch: str | None = None, kind: str = "W") -> Sequence[Outgoing]:
    return [hired(number, batch=batch, kind=kind) for number in range(count)]


__all__ = ["SOURCE", "department", "event", "hired", "left", "moved", "name", "people", "publish", "publisher"]
