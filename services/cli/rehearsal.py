"""`tenure clock`: business time of a rehearsal, shown, or moved from due moment to due moment."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
import httpx

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError, CommandError, UsageError
from services.cli.messages import t
from services.cli.progress import progress, watched
from services.cli.running import find
from services.kit.clock import ClockRow

SETTLE_SECONDS = 600.0
POST_SECONDS = 10.0


def moment(text: str) -> datetime:
    """A date or time as the person means it: without an offset, in this machine's zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(t("error.not_a_moment", text=text)) from None
    return found if found.tzinfo else found.astimezone()


def post_row(url: str, row: ClockRow) -> None:
    httpx.post(url, content=row.model_dump_json(), timeout=POST_SECONDS, trust_env=False).raise_for_status()


class Clocks:
    """All clocks of a rehearsal, moved together: the stand-ins first, the provisioner, which acts on it, last."""

    def __init__(self, api: Api, http: httpx.Client) -> None:
        said = api.running.said
        self._api, self._http = api, http
        self._others = [f"{said['ingest']}/clock"] if said.get("ingest") else []
        self._others += [f"{one['url']}/_sandbox/clock" for one in [*said.get("sandbox", {}).values()][:1]]
        self._refuse_real(said)

    def _refuse_real(self, said: dict[str, Any]) -> None:
        stand_ins = {"memory", *said.get("sandbox", {})}
        targets = self._api.get("/v1/status")["targets"]
        real = [name for name, facts in targets.items() if facts["type"] not in stand_ins]
        if real:
            raise UsageError(t("error.real_targets", targets=", ".join(real)))

    def show(self) -> dict[str, Any]:
        shown: dict[str, Any] = self._api.get("/v1/clock")
        if shown.get("speed") is None:
            raise UsageError(t("error.no_rehearsal"))
        return shown

    def jump(self, to: datetime, speed: float) -> None:
        row = ClockRow(real_at=datetime.now(UTC), business_at=to, speed=speed).model_dump_json()
        for url in self._others:
            self._set(url, row)
        self._api.post("/v1/clock", {"business_at": to.isoformat(), "speed": speed})

    def _set(self, url: str, row: str) -> None:
        try:
            self._http.post(url, content=row).raise_for_status()
        except httpx.HTTPError as exc:
            raise CommandError(t("error.no_answer", url=url, kind=type(exc).__name__)) from None

    def run_until(self, until: datetime, jumped: Callable[[datetime], None] = lambda _at: None) -> int:
        """Jump whenever nothing is in progress; returns at `until` with everything settled: how many jumps."""
        jumps = 0
        while True:
            self.settle()
            shown = self.show()
            now = datetime.fromisoformat(shown["business_at"])
            if now >= until:
                return jumps
            due = datetime.fromisoformat(shown["next_due"]) if shown["next_due"] else until
            at = min(due, until)
            self.jump(at, 0.0)
            jumped(at)
            jumps += 1

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        status = self._api.quiet(seconds)
        if not status["settled"]:
            raise AnswerError(t("error.not_settled", seconds=seconds, in_progress=status["in_progress"]))


@click.command("clock", cls=Command, key="clock")
@click.option("--until", metavar="D", help=t("option.until"))
@common
def clock(shared: Common, until: str | None) -> None:
    with Api(find(shared)) as api:
        if until is None:
            shown = api.get("/v1/clock")
            shared.answer(shown, lambda: _words(shown))
            return
        wanted = moment(until)
        with httpx.Client(timeout=POST_SECONDS, trust_env=False) as http:
            clocks = Clocks(api, http)
            now = datetime.fromisoformat(clocks.show()["business_at"])
            if wanted < now:
                raise UsageError(t("error.backwards", now=now.isoformat()))
            with progress(shown=watched(shared)) as show:
                jumps = clocks.run_until(wanted, lambda at: show(at.isoformat()))
            shown = clocks.show()
        shared.answer({**shown, "jumps": jumps}, t("clock.reached", now=shown["business_at"], jumps=jumps))


def _words(shown: dict[str, Any]) -> str:
    now, due = shown["business_at"], shown.get("next_due") or t("nothing")
    if shown.get("speed") is None:
        return t("clock.real", now=now)
    if not shown["speed"]:
        return t("clock.stands", now=now, next=due)
    return t("clock.row", now=now, speed=shown["speed"], next=due)


COMMANDS = by_name(clock)
