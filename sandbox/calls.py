"""Every call in the order of its arrival, with its start and end, so that a test can see two of them overlap."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock
from sandbox.exchange import Request


@dataclass
class Call:
    """``ended`` is None while under way; ``in_flight`` counts the calls of its path at its start, itself included."""

    n: int
    at: float
    method: str
    path: str
    query: dict[str, str]
    body: Any
    in_flight: int
    ended: float | None = None
    status: int | None = None
    errcode: int | str | None = None
    fault: str | None = None
    person: list[str] = field(default_factory=list)


class CallLog:
    def __init__(self, clock: Clock, secret_names: Collection[str]) -> None:
        self._clock = clock
        self._secret_names = secret_names
        self._calls: list[Call] = []
        self._in_flight: Counter[str] = Counter()

    def begin(self, request: Request) -> Call:
        self._in_flight[request.path] += 1
        call = Call(
            n=len(self._calls) + 1,
            at=self._clock.wall(),
            method=request.method,
            path=request.path,
            query=self._open(request.query),
            body=self._open(request.body) if isinstance(request.body, dict) else request.body,
            in_flight=self._in_flight[request.path],
        )
        self._calls.append(call)
        return call

    def end(self, call: Call) -> None:
        call.ended = self._clock.wall()
        self._in_flight[call.path] -= 1

    def since(self, n: int) -> list[dict[str, Any]]:
        return [vars(call) for call in self._calls[n:]]

    def clear(self) -> None:
        """Calls under way stay counted: they end later."""
        self._calls.clear()

    def _open(self, values: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON object
        return {name: value for name, value in values.items() if name not in self._secret_names}
