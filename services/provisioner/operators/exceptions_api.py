"""The operators' API for exceptions.

POST /v1/grant {person, target, entitlement, until, reason} · /v1/revoke {…, until?, …}
POST /v1/extend {person, rule, until, reason} · /v1/retain {person, until, reason}
"""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.provisioner.operators.api import Handler, read_body
from services.provisioner.operators.exceptions import Exceptions


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    person: str = Field(min_length=1, max_length=320)
    reason: str = Field(min_length=1, max_length=256)


class RevokeBody(_Body):
    target: str = Field(min_length=1, max_length=128)
    entitlement: str = Field(min_length=1, max_length=128)
    until: AwareDatetime | None = None


class GrantBody(RevokeBody):
    until: AwareDatetime


class ExtendBody(_Body):
    rule: str = Field(min_length=1, max_length=128)
    until: AwareDatetime


class RetainBody(_Body):
    until: AwareDatetime


class ExceptionHandlers:
    """Each handler is a line."""

    def __init__(self, exceptions: Exceptions) -> None:
        self._do = exceptions

    def posts(self) -> list[tuple[str, Handler]]:
        return [
            ("/v1/grant", self._grant),
            ("/v1/revoke", self._revoke),
            ("/v1/extend", self._extend),
            ("/v1/retain", self._retain),
        ]

    async def _grant(self, request: Request, by: str) -> Any:  # noqa: ANN401 - JSON
        said = GrantBody.model_validate_json(await read_body(request))
        return await self._do.grant(said.person, said.target, said.entitlement, said.until, _who(by), said.reason)

    async def _revoke(self, request: Request, by: str) -> Any:  # noqa: ANN401
        said = RevokeBody.model_validate_json(await read_body(request))
        return await self._do.revoke(said.person, said.target, said.entitlement, said.until, _who(by), said.reason)

    async def _extend(self, request: Request, by: str) -> Any:  # noqa: ANN401
        said = ExtendBody.model_validate_json(await read_body(request))
        return await self._do.extend(said.person, said.rule, said.until, _who(by), said.reason)

    async def _retain(self, request: Request, by: str) -> Any:  # noqa: ANN401
        said = RetainBody.model_validate_json(await read_body(request))
        return await self._do.retain(said.person, said.until, _who(by), said.reason)


def _who(name: str) -> str:
    return f"operator:{name}"
