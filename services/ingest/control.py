"""`POST /clock`: a rehearsal's business time, moved by `tenure up`; only in a rehearsal, only from this machine."""

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.kit.clock import ClockRow, Virtual

_HERE = {"127.0.0.1", "::1"}


def clock_route(clock: Virtual) -> Route:
    """Takes a row, `{"real_at": iso, "business_at": iso, "speed": x}`; answers what business time it is now."""

    async def post(request: Request) -> Response:
        if request.client is None or request.client.host not in _HERE:
            return Response(status_code=403)
        try:
            clock.row = ClockRow.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"title": "that is no clock row"}, status_code=422)
        return JSONResponse({"business_now": clock.business_now().isoformat()})

    return Route("/clock", post, methods=["POST"])
