"""The operators' HTTP API: a token per operator, named in the audit; problems as RFC 9457.

GET  /v1/status · /v1/wait?timeout= · /v1/find?text= · /v1/person?id=&at=&known_at= · /v1/todo
     /v1/batch?id=&after=
POST /v1/inbox/{no}/dismiss {reason}
GET  /v1/quarantine · /v1/quarantine/{no}    POST /v1/quarantine/{no}/dismiss {reason} · …/resend {data?}
GET  /v1/holds · /v1/holds/people?cause=&kind=&target=&person=
POST /v1/holds/release {cause?, kind?, target?, person?, reason} · /v1/holds/refuse, the same
POST /v1/stop {person, reason} · /v1/allow {person, reason} · /v1/retry {person}
POST /v1/pause {target?, reason?} · /v1/continue {target?}
GET  /v1/clock    POST /v1/clock {business_at, speed}
"""

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from contracts.base import Text
from services.kit.database import DatabaseGoneError
from services.provisioner.operators.errors import OperatorError
from services.provisioner.operators.holds import Holds, Which
from services.provisioner.operators.operations import BusinessClock, Operations
from services.provisioner.operators.people import People
from services.provisioner.operators.quarantine import Quarantine
from services.provisioner.operators.todo import Todo
from services.provisioner.store.guard_values import ChangeKind

MAX_BODY = 1_000_000
Handler = Callable[[Request, str], Awaitable[Any]]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonBody(_Body):
    person: str = Field(min_length=1, max_length=320)
    reason: Text | None = None


class StopBody(_Body):
    person: str = Field(min_length=1, max_length=320)
    reason: Text


class TargetBody(_Body):
    target: str | None = Field(default=None, max_length=128)
    reason: Text = "by hand"


class HoldBody(_Body):
    """Which of all that is held; at least a cause or a person, so that nothing is released by omission."""

    cause: str | None = Field(default=None, max_length=320)
    kind: ChangeKind | None = None
    target: str | None = Field(default=None, max_length=128)
    person: str | None = Field(default=None, max_length=320)
    reason: Text

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.cause is None and self.person is None:
            raise ValueError("give a cause or a person")
        return self


class DismissBody(_Body):
    reason: Text


class ResendBody(_Body):
    data: dict[str, Any] | None = None


class ClockBody(_Body):
    business_at: AwareDatetime
    speed: float = Field(default=0, ge=0, le=10_000_000)


class Operators:
    """Names and token hashes from the operators' file, read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path, self._read_at, self._hashes = path, -1.0, dict[str, str]()

    def name_of(self, token: str) -> str | None:
        """Whose token it is, compared in constant time."""
        try:
            changed = self._path.stat().st_mtime
        except FileNotFoundError:
            return None
        if changed != self._read_at:
            self._hashes = json.loads(self._path.read_text(encoding="utf-8"))["operators"]
            self._read_at = changed
        digest = hashlib.sha256(token.encode()).hexdigest()
        return next((name for name, known in self._hashes.items() if hmac.compare_digest(known, digest)), None)


def problem(status: int, title: str, detail: str, **more: object) -> JSONResponse:
    """An RFC 9457 answer."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


class Api:
    """Routes around `Operations`; each handler is a line."""

    def __init__(
        self,
        operations: Operations,
        todo: Todo,
        people: People,
        quarantine: Quarantine,
        operators: Operators,
        clock: BusinessClock,
        holds: Holds,
    ) -> None:
        self._do, self._people, self._quarantine, self._operators = operations, people, quarantine, operators
        self._waiting = todo
        self._clock, self._holds = clock, holds

    def routes(self, more: Sequence[tuple[str, Handler]] = ()) -> list[BaseRoute]:
        """All routes; `more` are further POSTs, such as those for exceptions."""
        get = [
            ("/v1/status", self._status),
            ("/v1/wait", self._wait),
            ("/v1/find", self._find),
            ("/v1/person", self._person),
            ("/v1/todo", self._todo),
            ("/v1/batch", self._batch),
            ("/v1/holds", self._held),
            ("/v1/holds/people", self._held_people),
            ("/v1/quarantine", self._quarantined),
            ("/v1/quarantine/{no:int}", self._one_quarantined),
            ("/v1/clock", self._get_clock),
        ]
        post = [
            ("/v1/stop", self._stop),
            ("/v1/allow", self._allow),
            ("/v1/retry", self._retry),
            ("/v1/holds/release", self._release),
            ("/v1/holds/refuse", self._refuse),
            ("/v1/pause", self._pause),
            ("/v1/continue", self._continue),
            ("/v1/clock", self._post_clock),
            ("/v1/inbox/{no:int}/dismiss", self._dismiss_conflict),
            ("/v1/quarantine/{no:int}/dismiss", self._dismiss),
            ("/v1/quarantine/{no:int}/resend", self._resend),
            *more,
        ]
        return [
            *(Route(path, self._guarded(handler), methods=["GET"]) for path, handler in get),
            *(Route(path, self._guarded(handler), methods=["POST"]) for path, handler in post),
        ]

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            operator = self._operators.name_of(token) if scheme.lower() == "bearer" and token else None
            if operator is None:
                return problem(401, "not an operator", "send `Authorization: Bearer` with your operator token")
            try:
                return JSONResponse(await handler(request, operator))
            except OperatorError as exc:
                return problem(exc.status, exc.title, exc.detail, **exc.more)
            except ValidationError as exc:
                errors = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in exc.errors()]
                return problem(422, "the request has wrong fields", "see errors", errors=errors)
            except DatabaseGoneError:
                return problem(503, "the database is not reachable", "try again; nothing was changed")

        return guarded

    async def _status(self, _request: Request, _by: str) -> Any:  # noqa: ANN401 - JSON
        return await self._do.status()

    async def _wait(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._do.wait(_number(request, "timeout", 30.0, 600.0))

    async def _find(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._people.find(_text(request, "text"))

    async def _person(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        at, known_at = (request.query_params.get(name) for name in ("at", "known_at"))
        person_id = await self._do.identify(_text(request, "id"))
        return await self._people.card(person_id, *(_moment(text) if text else None for text in (at, known_at)))

    async def _todo(self, _request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._waiting.listed()

    async def _batch(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._people.batch(_text(request, "id"), int(_number(request, "after", 0, 2**53)))

    async def _held(self, _request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._holds.listed()

    async def _held_people(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        asked = {name: request.query_params.get(name) for name in ("cause", "kind", "target", "person")}
        return await self._holds.show(await self._which(**asked))

    async def _release(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = HoldBody.model_validate_json(await read_body(request))
        which = await self._which(body.cause, body.kind, body.target, body.person)
        return await self._holds.release(which, f"operator:{by}", body.reason)

    async def _refuse(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = HoldBody.model_validate_json(await read_body(request))
        which = await self._which(body.cause, body.kind, body.target, body.person)
        return await self._holds.refuse(which, f"operator:{by}", body.reason)

    async def _which(self, cause: str | None, kind: str | None, target: str | None, person: str | None) -> Which:
        return Which(cause, kind, target, await self._do.identify(person) if person else None)

    async def _quarantined(self, _request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._quarantine.listed()

    async def _one_quarantined(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._quarantine.show(request.path_params["no"])

    async def _stop(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = StopBody.model_validate_json(await read_body(request))
        return {"person_id": await self._do.stop(body.person, f"operator:{by}", body.reason)}

    async def _allow(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = PersonBody.model_validate_json(await read_body(request))
        return {"person_id": await self._do.allow(body.person, f"operator:{by}", body.reason)}

    async def _retry(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        return {"person_id": await self._do.retry(PersonBody.model_validate_json(await read_body(request)).person)}

    async def _pause(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = TargetBody.model_validate_json(await read_body(request))
        await self._do.pause(body.target, f"operator:{by}", body.reason)
        return {"paused": body.target or "*"}

    async def _continue(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        body = TargetBody.model_validate_json(await read_body(request))
        await self._do.proceed(body.target)
        return {"continued": body.target or "*"}

    async def _dismiss_conflict(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = DismissBody.model_validate_json(await read_body(request))
        return await self._do.dismiss(request.path_params["no"], by, body.reason)

    async def _dismiss(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = DismissBody.model_validate_json(await read_body(request))
        return await self._quarantine.dismiss(request.path_params["no"], by, body.reason)

    async def _resend(self, request: Request, by: str) -> Any:  # noqa: ANN401
        body = ResendBody.model_validate_json(await read_body(request))
        return await self._quarantine.resend(request.path_params["no"], by, body.data)

    async def _get_clock(self, _request: Request, _by: str) -> Any:  # noqa: ANN401
        return await self._clock.show()

    async def _post_clock(self, request: Request, _by: str) -> Any:  # noqa: ANN401
        body = ClockBody.model_validate_json(await read_body(request))
        return await self._clock.set(body.business_at, body.speed)


async def read_body(request: Request) -> bytes:
    """The whole body, up to the largest that is taken; an empty one is an empty object."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise OperatorError(f"the body is larger than {MAX_BODY} bytes")
    return body or b"{}"


def _text(request: Request, name: str) -> str:
    value = request.query_params.get(name, "").strip()
    if not value:
        raise OperatorError(f"`{name}` is missing")
    return value[:320]


def _number(request: Request, name: str, default: float, most: float) -> float:
    try:
        value = float(request.query_params.get(name, default))
    except ValueError:
        raise OperatorError(f"`{name}` is no number") from None
    return min(max(value, 0.0), most) if value == value else default  # noqa: PLR0124 - NaN


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError("no ISO 8601 moment") from None
    return moment if moment.tzinfo else moment.astimezone()
