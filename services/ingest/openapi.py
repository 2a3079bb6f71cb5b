"""`GET /openapi.json`: what may be posted and what is answered, made from the contract's own models."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts import hr
from contracts.envelope import CloudEvent
from services.ingest.errors import (
    MalformedError,
    Refused,
    TooLargeError,
    TooSlowError,
    UnauthenticatedError,
    UnavailableError,
    UnknownSourceError,
    UnreadableError,
    WrongTypeError,
)
from services.ingest.sources.webhook import BATCH, STRUCTURED

_REFUSALS: tuple[type[Refused], ...] = (
    MalformedError, UnauthenticatedError, UnknownSourceError, TooSlowError, TooLargeError, WrongTypeError,
    UnreadableError, UnavailableError,
)  # fmt: skip
_REF = "#/components/schemas/{model}"


def openapi_route() -> Route:
    async def get(_request: Request) -> Response:
        return JSONResponse(document())

    return Route("/openapi.json", get)


@cache
def document() -> dict[str, Any]:
    """An OpenAPI 3.1 document; the data of an event is one of the contract's types, named by its `type`."""
    models: tuple[type[BaseModel], ...] = (*hr.TYPES.values(), CloudEvent)
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    definitions = schemas["$defs"] | {"Problem": _problem(), "Accepted": _accepted()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tenure ingest", "version": "1", "description": "HR events in, as CloudEvents 1.0."},
        "paths": {"/events/{name}": {"post": _post()}},
        "components": {"schemas": definitions},
    }


def _post() -> dict[str, Any]:
    envelope = {"$ref": _REF.format(model="CloudEvent")}
    one = {"allOf": [envelope, {"oneOf": [_typed(kind, model) for kind, model in hr.TYPES.items()]}]}
    content = {STRUCTURED: {"schema": one}, BATCH: {"schema": {"type": "array", "items": one}}}
    return {
        "summary": "Accept events: all of them once Kafka has them, or none",
        "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": content},
        "responses": {"202": _answer("Accepted", "application/json", "Every event is durable")}
        | {str(one.status): _answer("Problem", "application/problem+json", one.title) for one in _REFUSALS},
    }


def _typed(kind: str, model: type[hr.Fact]) -> dict[str, Any]:
    return {"properties": {"type": {"const": kind}, "data": {"$ref": _REF.format(model=model.__name__)}}}


def _answer(model: str, kind: str, words: str) -> dict[str, Any]:
    return {"description": words, "content": {kind: {"schema": {"$ref": _REF.format(model=model)}}}}


def _accepted() -> dict[str, Any]:
    text = {"type": "string"}
    event = {"type": "object", "properties": {"id": text, "dropped": {"type": "array", "items": text}}}
    fields = {"accepted": {"type": "integer"}, "events": {"type": "array", "items": event}}
    return {"type": "object", "properties": fields}


def _problem() -> dict[str, Any]:
    text, whole = {"type": "string"}, {"type": "integer"}
    error = {"type": "object", "properties": {"index": whole, "field": text, "problem": text}}
    fields = {"type": text, "title": text, "status": whole, "detail": text, "errors": {"type": "array", "items": error}}
    return {"type": "object", "properties": fields}
