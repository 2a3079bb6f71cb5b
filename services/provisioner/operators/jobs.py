"""Work that an operator asks for and that may take longer than one HTTP request: asked again until it is done."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from services.platforms.errors import PlatformError
from services.platforms.gate import GateClosedError
from services.provisioner.operators.errors import OperatorError

KEPT = 8
"""Jobs that nobody asked about again."""

Answer = dict[str, Any]


class UnknownJobError(OperatorError):
    status, title = 404, "no such job"

    def __init__(self) -> None:
        super().__init__("it was answered already, or this process was started since; ask anew")


class RefusedByPlatformError(OperatorError):
    status, title = 409, "the target cannot be read now"


@dataclass(slots=True)
class Jobs:
    """`wait`: seconds a request is kept open."""

    wait: float = 20.0
    _tasks: dict[str, asyncio.Task[Answer]] = field(default_factory=dict)

    async def ask(self, job: str | None, work: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """The answer of the work, begun unless `job` names it; `{"job": id}` while it runs. Raises OperatorError."""
        if job is None:
            job = self._begin(work)
        task = self._tasks.get(job)
        if task is None:
            raise UnknownJobError
        await asyncio.wait([task], timeout=self.wait)
        if not task.done():
            return {"job": job}
        del self._tasks[job]
        try:
            return task.result()
        except PlatformError as exc:
            raise RefusedByPlatformError(f"{exc.api} answered {exc.code}") from exc
        except GateClosedError as exc:
            raise RefusedByPlatformError("the target is paused, or this process holds no lease") from exc

    def _begin(self, work: Callable[[], Coroutine[Any, Any, Answer]]) -> str:
        while len(self._tasks) >= KEPT:
            oldest = next(iter(self._tasks))
            self._tasks.pop(oldest).cancel()
        job = uuid.uuid4().hex
        self._tasks[job] = asyncio.create_task(work())
        return job
