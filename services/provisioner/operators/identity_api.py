"""The operators' API for whose a worker is.

POST /v1/identify {worker, person?, reason}: that person's; without one, a human of their own
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from contracts.base import Text
from services.provisioner.operators.api import Handler, read_body
from services.provisioner.operators.identity import Identity


class IdentifyBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    worker: str = Field(min_length=1, max_length=320)
    person: str | None = Field(default=None, min_length=1, max_length=320)
    reason: Text


class IdentityHandlers:
    def __init__(self, identity: Identity) -> None:
        self._do = identity

    def posts(self) -> list[tuple[str, Handler]]:
        return [("/v1/identify", self._identify)]

    async def _identify(self, request: Request, by: str) -> Any:  # noqa: ANN401 - JSON
        said, who = IdentifyBody.model_validate_json(await read_body(request)), f"operator:{by}"
        if said.person is None:
            return await self._do.another(said.worker, who, said.reason)
        return await self._do.same(said.worker, said.person, who, said.reason)
