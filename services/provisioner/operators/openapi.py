"""`GET /openapi.json` of the operators' API: every route, what it takes and answers, from the API's own models."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.provisioner.operators import api, effective, exceptions_api, identity_api, whole_api
from services.provisioner.operators.summaries import SUMMARIES
from services.provisioner.store.guard_values import ChangeKind

_REF = "#/components/schemas/{model}"
_TEXT: Final = {"type": "string"}
_MEANT = {
    "cause": {"schema": _TEXT}, "kind": {"schema": {"enum": list(get_args(ChangeKind))}},
    "target": {"schema": _TEXT}, "person": {"schema": _TEXT},
}  # fmt: skip
_MOMENT = {"schema": _TEXT | {"format": "date-time"}}
_NAMED = {"type": "string", "minLength": 1}

READS: Mapping[str, Mapping[str, Any]] = {
    "/v1/status": {},
    "/v1/wait": {"timeout": {"schema": {"type": "number", "minimum": 0, "maximum": 600}}},
    "/v1/find": {"text": {"schema": _NAMED, "required": True}},
    "/v1/person": {"id": {"schema": _NAMED, "required": True}, "at": _MOMENT, "known_at": _MOMENT},
    "/v1/todo": {},
    "/v1/batch": {"id": {"schema": _NAMED, "required": True}, "after": {"schema": {"type": "integer", "minimum": 0}}},
    "/v1/holds": {},
    "/v1/holds/people": _MEANT,
    "/v1/quarantine": {},
    "/v1/quarantine/{no}": {},
    "/v1/clock": {},
}
"""Query parameters by path of each GET."""

ORDERS: Mapping[str, type[BaseModel]] = {
    "/v1/stop": api.StopBody,
    "/v1/allow": api.PersonBody,
    "/v1/retry": api.PersonBody,
    "/v1/holds/release": api.HoldBody,
    "/v1/holds/refuse": api.HoldBody,
    "/v1/grant": exceptions_api.GrantBody,
    "/v1/revoke": exceptions_api.RevokeBody,
    "/v1/extend": exceptions_api.ExtendBody,
    "/v1/retain": exceptions_api.RetainBody,
    "/v1/identify": identity_api.IdentifyBody,
    "/v1/policy/apply": effective.ApplyBody,
    "/v1/sweep": whole_api.SweepBody,
    "/v1/adopt": whole_api.AdoptBody,
    "/v1/pause": api.TargetBody,
    "/v1/continue": api.TargetBody,
    "/v1/clock": api.ClockBody,
    "/v1/inbox/{no}/dismiss": api.DismissBody,
    "/v1/quarantine/{no}/dismiss": api.DismissBody,
    "/v1/quarantine/{no}/resend": api.ResendBody,
}
"""The body by path of each POST."""


def openapi_route() -> Route:
    async def get(_request: Request) -> Response:
        return JSONResponse(document())

    return Route("/openapi.json", get)


@cache
def document() -> dict[str, Any]:
    """An OpenAPI 3.1 document. Every route needs an operator's token."""
    bodies = dict.fromkeys(ORDERS.values())
    _, schemas = models_json_schema([(model, "validation") for model in bodies], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for path, query in READS.items():
        parameters = [{"name": name, "in": "query", **facts} for name, facts in query.items()]
        paths.setdefault(path, {})["get"] = {
            "summary": SUMMARIES.get(f"GET {path}", ""), "parameters": parameters + _number(path),
            "responses": _answers(),
        }  # fmt: skip
    for path, model in ORDERS.items():
        content = {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
        body = {"required": True, "content": content}
        paths.setdefault(path, {})["post"] = {
            "summary": SUMMARIES.get(f"POST {path}", ""), "parameters": _number(path), "requestBody": body,
            "responses": _answers(),
        }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tenure provisioner", "version": "1", "description": "What operators ask and decide."},
        "security": [{"operator": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"operator": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas["$defs"] | {"Problem": _problem()},
        },
    }


def _number(path: str) -> list[dict[str, Any]]:
    if "{no}" not in path:
        return []
    return [{"name": "no", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}]


def _answers() -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    refusals = {"401": "no operator's token", "4XX": "cannot be done, and why", "503": "the database is away"}
    done = {"200": {"description": "done", "content": {"application/json": {"schema": {}}}}}
    return done | {status: {"description": words, "content": problem} for status, words in refusals.items()}


def _problem() -> dict[str, Any]:
    fields = {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT}
    return {"type": "object", "properties": fields, "required": list(fields)}
