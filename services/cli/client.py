"""The operator API as the commands use it. One connection, kept open."""

import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx

from services.cli.errors import AnswerError, CommandError, UsageError
from services.cli.messages import t
from services.cli.running import Running

SECONDS = 60.0
UNAUTHORIZED, UNPROCESSABLE = 401, 422
LONGEST_WAIT, SHORT_WAIT = 30.0, 1.0


class Api:
    """Answers are parsed JSON; whatever is no success becomes a CommandError of one line."""

    def __init__(self, running: Running, transport: httpx.BaseTransport | None = None) -> None:
        self.running = running
        self._http = httpx.Client(
            base_url=running.url,
            headers={"authorization": f"Bearer {running.token}"},
            timeout=SECONDS,
            transport=transport,
            trust_env=False,
        )

    def get(self, path: str, **query: str | float | None) -> Any:  # noqa: ANN401 - JSON
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        return self._ask("POST", path, json=body or {})

    def worked(self, path: str, body: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
        """The answer of work that may take longer than a request: asked for with `again` until it is there."""
        found: dict[str, Any] = self.post(path, body)
        while "job" in found:
            found = self.post(path, {**again, "job": found["job"]})
        return found

    def quiet(self, seconds: float, seen: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """The status once nothing is in progress, or as it is after so many seconds (`settled` says which).

        `seen` gets the status every second until then.
        """
        left = seconds
        while True:
            part = min(left, SHORT_WAIT if seen else LONGEST_WAIT)
            status: dict[str, Any] = self.get("/v1/wait", timeout=part)
            left -= part
            if status["settled"] or left <= 0:
                return status
            if seen:
                seen(status)

    def _ask(self, method: str, path: str, **request: Any) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = self._http.request(method, path, **request)
        except httpx.TransportError as exc:
            raise CommandError(t("error.no_answer", url=self.running.url, kind=type(exc).__name__)) from None
        if answer.is_success:
            return answer.json()
        raise _refusal(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


def _refusal(answer: httpx.Response) -> CommandError:
    """An RFC 9457 problem as one line."""
    try:
        problem = answer.json()
        words = [str(problem["title"]), str(problem.get("detail", ""))]
        more = {name: value for name, value in problem.items() if name not in ("type", "title", "status", "detail")}
    except (ValueError, KeyError, TypeError):
        return CommandError(t("error.answered", path=answer.request.url.path, status=answer.status_code))
    line = ": ".join(dict.fromkeys(word for word in words if word))
    if more:
        line += " " + json.dumps(more, ensure_ascii=False)
    wrong_use = answer.status_code in (UNAUTHORIZED, UNPROCESSABLE)
    return UsageError(line) if wrong_use else AnswerError(line)
