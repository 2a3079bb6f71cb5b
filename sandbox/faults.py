"""Faults that a test orders: which path, after how many calls, how many times."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Kind = Literal[
    "timeout_before",
    "timeout_after",
    "busy",
    "throttle",
    "slow",
    "truncated",
    "http500",
    "expire_token",
    "errcode",
    "errcode_string",
    "errcode_missing",
]


class Fault(BaseModel):
    """``times`` None never ends; ``after`` lets so many matching calls pass first; ``code`` is for kind ``errcode``.

    ``seconds`` is how long ``slow`` waits before it answers, and how long a time-out keeps the caller waiting before
    the connection is cut (0: at once).
    """

    model_config = ConfigDict(extra="forbid")

    path: str = "*"
    kind: Kind
    times: int | None = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    seconds: float = Field(default=0, ge=0)
    code: int | str = 0


ORDERS = TypeAdapter(list[Fault])


@dataclass
class _Pending:
    fault: Fault
    passed: int = 0
    struck: int = 0


class Faults:
    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def order(self, faults: list[Fault]) -> None:
        self._pending += [_Pending(fault) for fault in faults]

    def take(self, path: str) -> Fault | None:
        """Return the first fault that strikes this call; every other matching one counts the call as passed."""
        struck: Fault | None = None
        for pending in self._pending:
            if pending.fault.path not in ("*", path):
                continue
            if pending.passed < pending.fault.after:
                pending.passed += 1
            elif struck is None and pending.struck != pending.fault.times:
                pending.struck += 1
                struck = pending.fault
        return struck

    def show(self) -> list[dict[str, object]]:
        return [{**p.fault.model_dump(), "passed": p.passed, "struck": p.struck} for p in self._pending]

    def clear(self) -> None:
        self._pending.clear()
