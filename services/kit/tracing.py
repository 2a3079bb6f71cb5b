"""Traces: what became of one HR event, from its request to its confirmation, also over restarts.

Off unless `TENURE_TRACES` names a receiver; then `services.kit.otel` takes the place of `_Off`. A span is named after
what is done and says where, never about whom: no person, no id of HR's, no address or body of a call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal, Protocol

Kind = Literal["server", "client", "consumer", "internal"]
Attributes = Mapping[str, str | int]


class Span(Protocol):
    def note(self, **attributes: str | int) -> None:
        """Say more of what is being done."""


class Tracer(Protocol):
    def span(
        self, name: str, parents: Sequence[str], kind: Kind, attributes: Attributes
    ) -> AbstractContextManager[Span]: ...

    def here(self) -> str | None:
        """The running span's `traceparent` (W3C Trace Context); None outside of spans."""


class _Nothing:
    def note(self, **attributes: str | int) -> None: ...


class _Off:
    def span(
        self, name: str, parents: Sequence[str], kind: Kind, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        del name, parents, kind, attributes
        return nullcontext(_Nothing())

    def here(self) -> str | None:
        return None


_tracer: Tracer = _Off()


@contextmanager
def traced_by(tracer: Tracer) -> Iterator[None]:
    """Spans go to this tracer for the length of a `with`."""
    global _tracer  # noqa: PLW0603 - one a process, as logging has
    before, _tracer = _tracer, tracer
    try:
        yield
    finally:
        _tracer = before


def span(
    name: str, parents: Iterable[str | None] = (), *, kind: Kind = "internal", **attributes: str | int
) -> AbstractContextManager[Span]:
    """A span around a `with`, child of the first parent (a `traceparent`), else of what runs; linked to the others.

    An exception that leaves the block is named in it by its class.
    """
    return _tracer.span(name, [parent for parent in parents if parent], kind, attributes)


def passed(name: str, parent: str | None, **attributes: str | int) -> str | None:
    """A message was taken over: the `traceparent` that goes on with it. Its sender's own where traces are off."""
    with span(name, (parent,), kind="consumer", **attributes):
        return _tracer.here() or parent


def here() -> str | None:
    """The running span's `traceparent`; None where traces are off."""
    return _tracer.here()
