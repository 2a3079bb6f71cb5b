"""Of an exception, whoever reports it, a log line holds the kind and the place and never the text."""

import asyncio
import io
import json
import logging as std

import pytest

from services.kit import logging

SECRET = "13912345678"


@pytest.fixture
def lines():
    stream, root = io.StringIO(), std.getLogger()
    before = root.handlers, root.level
    logging.configure("test", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level = before
    std.captureWarnings(capture=False)


def fail():
    raise ValueError(f"cannot take {SECRET}")


def test_a_librarys_exception(lines):
    try:
        fail()
    except ValueError:
        std.getLogger("a.library").exception("Exception in ASGI application\n")
    (line,) = lines()
    assert (line["event"], line["error"]) == ("Exception in ASGI application", "ValueError")
    assert line["where"][-1].endswith(" fail")
    assert SECRET not in json.dumps(line)


def test_a_library_that_repeats_the_text(lines):
    try:
        fail()
    except ValueError as exc:
        std.getLogger("tenure.kafka").exception("ValueError: %s", exc)  # noqa: TRY401 - as FastStream does
    (line,) = lines()
    assert line["event"] == "ValueError: …"
    assert SECRET not in json.dumps(line)


def test_our_own(lines):
    try:
        fail()
    except ValueError:
        logging.logger().exception("step.broke")
    (line,) = lines()
    assert (line["event"], line["error"]) == ("step.broke", "ValueError")
    assert SECRET not in json.dumps(line)


def test_a_task_that_nobody_waited_for(lines):
    async def run():
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "Task was lost", "exception": ValueError(SECRET), "future": SECRET})

    asyncio.run(run())
    (line,) = lines()
    assert line["event"] == "Task was lost"
    assert SECRET not in json.dumps(line)
