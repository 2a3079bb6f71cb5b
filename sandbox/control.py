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


def control_routes(platform: Platform) -> list[Route]:
    kernel = platform.kernel

    def order_faults(body: Any) -> Any:  # noqa: ANN401 - JSON
        kernel.faults.order(ORDERS.validate_python(body))
        return kernel.faults.show()

    def set_quotas(body: Any) -> Any:  # noqa: ANN401 - JSON
        kernel.quotas.set(QuotaOrder.model_validate(body))
        return kernel.quotas.show()

    def set_clock(body: Any) -> Any:  # noqa: ANN401 - JSON
        kernel.clock.set(body)
        return kernel.clock.show()

    def reset(_body: Any) -> Any:  # noqa: ANN401 - JSON
        platform.reset()
        for part in (kernel.calls, kernel.faults, kernel.quotas):
            part.clear()
        return {}

    def clear_faults(_body: Any) -> Any:  # noqa: ANN401 - JSON
        kernel.faults.clear()
        return []

    async def calls(request: Request) -> Response:
        return JSONResponse(kernel.calls.since(int(request.query_params.get("since", "0"))))

    return [
        Route("/state", _reader(platform.state)),
        Route("/calls", calls),
        Route("/faults", _reader(kernel.faults.show)),
        Route("/faults", _writer(order_faults), methods=["POST"]),
        Route("/faults", _writer(clear_faults), methods=["DELETE"]),
        Route("/quotas", _reader(kernel.quotas.show)),
        Route("/quotas", _writer(set_quotas), methods=["POST"]),
        Route("/clock", _reader(kernel.clock.show)),
        Route("/clock", _writer(set_clock), methods=["POST"]),
        Route("/activate", _writer(platform.activate), methods=["POST"]),
        Route("/console", _writer(platform.console), methods=["POST"]),
        Route("/reset", _writer(reset), methods=["POST"]),
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
