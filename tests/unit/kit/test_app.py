"""How a service stops: requests first, then loops, then parts."""

import asyncio
import contextlib
import io
import json

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.kit.app import Service, serve
from services.kit.errors import KitError, ReopenError
from services.kit.settings import ServiceSettings


class Lines(io.StringIO):
    """Tells when something was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def flush(self) -> None:
        self.written.set()


SETTINGS = ServiceSettings(kafka="127.0.0.1:1", grace=5)


async def test_a_running_request_ends_before_loops_and_parts_are_closed():
    story, asked, may_answer, stop = list[str](), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_request: Request) -> PlainTextResponse:
        asked.set()
        await may_answer.wait()
        story.append("answered")
        return PlainTextResponse("yes")

    async def loop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            story.append("loop ended")

    @contextlib.asynccontextmanager
    async def opened():
        yield Service([Route("/", slow)], {"loop": loop})
        story.append("closed")

    lines = Lines()
    with contextlib.redirect_stdout(lines):
        running = asyncio.create_task(serve("toy", SETTINGS, opened, stop))
        await lines.written.wait()
    async with httpx.AsyncClient() as client:
        answer = asyncio.create_task(client.get(json.loads(lines.getvalue())["url"]))
        await asked.wait()
        stop.set()
        may_answer.set()
        assert (await answer).text == "yes"
    await running
    assert story == ["answered", "loop ended", "closed"]


async def test_a_loop_that_ends_by_itself_ends_the_service():
    async def short() -> None:
        return

    @contextlib.asynccontextmanager
    async def opened():
        yield Service([], {"short": short})

    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(KitError, match="short ended by itself"):
        await serve("toy", SETTINGS, opened)


async def test_parts_that_do_not_close_are_given_up_after_the_grace():
    @contextlib.asynccontextmanager
    async def opened():
        yield Service([])
        await asyncio.Event().wait()

    stop = asyncio.Event()
    stop.set()
    with contextlib.redirect_stdout(io.StringIO()):
        async with asyncio.timeout(10):
            await serve("toy", ServiceSettings(kafka="127.0.0.1:1", grace=0.3), opened, stop)


async def test_a_service_that_asks_for_it_is_opened_again_at_its_address():
    opened_times, ask, stop = list[int](), asyncio.Event(), asyncio.Event()

    async def which(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(opened_times)))

    async def loop() -> None:
        await ask.wait()
        ask.clear()
        raise ReopenError

    @contextlib.asynccontextmanager
    async def opened():
        opened_times.append(1)
        yield Service([Route("/", which)], {"loop": loop})

    async def answer() -> str:
        with contextlib.suppress(httpx.TransportError):  # the old door closes what it has not begun to answer
            async with httpx.AsyncClient() as client:
                return (await client.get(json.loads(lines.getvalue().splitlines()[0])["url"])).text
        return ""

    lines = Lines()
    with contextlib.redirect_stdout(lines):
        async with asyncio.TaskGroup() as group, asyncio.timeout(20):
            group.create_task(serve("toy", SETTINGS, opened, stop))
            await lines.written.wait()
            assert await answer() == "1"
            ask.set()
            while await answer() != "2":  # noqa: ASYNC110 - what is asked tells nobody
                await asyncio.sleep(0.01)
            stop.set()
    assert lines.getvalue().count('"ready": true') == 1
