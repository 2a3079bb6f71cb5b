"""What every platform of the sandbox shares: routes, and around a call the log, faults, quotas, crowd gate."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from starlette.routing import compile_path

from sandbox.calls import CallLog
from sandbox.clock import Clock
from sandbox.exchange import Answer, Request
from sandbox.faults import Fault, Faults
from sandbox.quotas import Limit, Quotas

Handler = Callable[[Request], Answer]


class ConsoleError(ValueError):
    """A control order that cannot be carried out; its text goes back with status 400."""


@dataclass(frozen=True)
class Kernel:
    """The parts that one platform is given; the clock is shared by all of them."""

    clock: Clock
    calls: CallLog
    faults: Faults
    quotas: Quotas


def make_kernel(
    clock: Clock, *, limits: Sequence[Limit] = (), scale: float = 1.0, secret_names: Collection[str] = ()
) -> Kernel:
    """``secret_names`` are the query and body fields that the call log leaves out."""
    return Kernel(clock, CallLog(clock, secret_names), Faults(), Quotas(clock, list(limits), scale))


class Platform(ABC):
    """A platform's state and its answers. Handlers are synchronous: a call is carried out whole or not at all."""

    name: ClassVar[str]
    """First path segment, "wecom"."""
    root: ClassVar[str] = ""
    """What stands between the name and a route's path, "cgi-bin/"."""
    concurrency: int | None = None
    """Calls of one path that may be under way at once; None bounds nothing."""
    latency: float = 0.0
    """Seconds that every call takes before it is carried out."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    @classmethod
    @abstractmethod
    def open(cls, config: dict[str, Any], clock: Clock) -> Self:
        """Check the configuration and make the kernel, by ``make_kernel``."""

    @abstractmethod
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """``(method, path)`` to handler; a path may hold ``{name}`` parts, which arrive in ``request.params``."""

    @abstractmethod
    def unknown_path(self, request: Request) -> Answer: ...

    @abstractmethod
    def wrong_method(self, request: Request) -> Answer: ...

    @abstractmethod
    def admit(self, request: Request) -> Answer | None:
        """Check the token; runs before quotas. An answer ends the call."""

    @abstractmethod
    def throttled(self, request: Request, limit: Limit | None) -> Answer:
        """A crossed quota; ``limit`` is None for an injected fault."""

    @abstractmethod
    def crowded(self, request: Request) -> Answer: ...

    @abstractmethod
    def busy(self, request: Request) -> Answer: ...

    @abstractmethod
    def failed(self, request: Request, fault: Fault) -> Answer:
        """Answer with ``fault.code`` (kind ``errcode``)."""

    @abstractmethod
    def expire_token(self, request: Request) -> None:
        """Let the token that this call carries die early."""

    @abstractmethod
    def persons(self, request: Request) -> list[str]:
        """The userids that a call touches, as far as it names them."""

    def errcode(self, answer: Answer) -> int | str | None:
        body = answer.body
        return body.get("errcode", body.get("code", 0)) if isinstance(body, dict) else None

    @abstractmethod
    def state(self) -> dict[str, Any]: ...

    @abstractmethod
    def activate(self, order: dict[str, Any]) -> dict[str, Any]:
        """``{"id": userid}`` or ``{"all": true}``: the member joins."""

    @abstractmethod
    def console(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out an administrator's edit; raise ConsoleError for one that makes no sense."""

    @abstractmethod
    def reset(self) -> None: ...


class Router:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._plain: dict[str, dict[str, Handler]] = {}
        self._patterns: list[tuple[str, str, Handler]] = []
        for (method, path), handler in platform.routes().items():
            if "{" in path:
                self._patterns.append((method, path, handler))
            else:
                self._plain.setdefault(path, {})[method] = handler
        self._compiled = [(method, compile_path(path)[0], handler) for method, path, handler in self._patterns]

    def find(self, request: Request) -> tuple[Request, Handler]:
        """Return the handler and the request with its path's parameters; an unknown path has a handler too."""
        if verbs := self._plain.get(request.path):
            return request, verbs.get(request.method, self._platform.wrong_method)
        known = False
        for method, pattern, handler in self._compiled:
            if match := pattern.match(request.path):
                known = True
                if method == request.method:
                    return replace(request, params=match.groupdict()), handler
        return request, self._platform.wrong_method if known else self._platform.unknown_path
