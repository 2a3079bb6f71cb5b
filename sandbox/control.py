"""The routes by which a test looks at a platform and orders faults; the same for every platform."""

from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import ORDERS
from sandbox.kernel import ConsoleError, Platform
from sandbox.quotas import QuotaOrder

BAD_ORDER = 400


class _Orders:
    """What the control routes carry out; every body is JSON, checked by what takes it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._kernel = platform.kernel

    def faults(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        self._kernel.faults.order(ORDERS.validate_python(body))
        return self._kernel.faults.show()

    def no_faults(self, _body: Any) -> Any:  # noqa: ANN401 - JSON
        self._kernel.faults.clear()
        return []

    def quotas(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        self._kernel.quotas.set(QuotaOrder.model_validate(body))
        return self._kernel.quotas.show()

    def clock(self, body: Any) -> Any:  # noqa: ANN401 - JSON
        self._kernel.clock.set(body)
        return self._kernel.clock.show()

    def reset(self, _body: Any) -> Any:  # noqa: ANN401 - JSON
        self._platform.reset()
        for part in (self._kernel.calls, self._kernel.faults, self._kernel.quotas):
            part.clear()
        return {}

    async def calls(self, request: Request) -> Response:
        return JSONResponse(self._kernel.calls.since(int(request.query_params.get("since", "0"))))


def control_routes(platform: Platform) -> list[Route]:
    kernel, orders = platform.kernel, _Orders(platform)
    return [
        Route("/state", _reader(platform.state)),
        Route("/calls", orders.calls),
        Route("/faults", _reader(kernel.faults.show)),
        Route("/faults", _writer(orders.faults), methods=["POST"]),
        Route("/faults", _writer(orders.no_faults), methods=["DELETE"]),
        Route("/quotas", _reader(kernel.quotas.show)),
        Route("/quotas", _writer(orders.quotas), methods=["POST"]),
        Route("/clock", _reader(kernel.clock.show)),
        Route("/clock", _writer(orders.clock), methods=["POST"]),
        Route("/activate", _writer(platform.activate), methods=["POST"]),
        Route("/console", _writer(platform.console), methods=["POST"]),
        Route("/reset", _writer(orders.reset), methods=["POST"]),
    ]


def _reader(read: Callable[[], Any]) -> Callable[[Request], Any]:
    async def endpoint(_request: Request) -> Response:
        return JSONResponse(read())

    return endpoint


def _writer(write: Callable[[Any], Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            content = await request.body()
            return JSONResponse(write(await request.json() if content else {}))
        except ValidationError as exc:
            return JSONResponse({"error": exc.errors(include_url=False, include_context=False)}, BAD_ORDER)
        except (ConsoleError, JSONDecodeError) as exc:
            return JSONResponse({"error": str(exc)}, BAD_ORDER)

    return endpoint
