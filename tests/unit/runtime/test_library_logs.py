"""Libraries say the same many times; the log has it once, counted, and never as a stack trace."""

from __future__ import annotations

import io
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from blo_runtime.library_logs import interpreter_in_logs
from blo_runtime.logs import configure
from blo_runtime.settings import LoggingSettings, LogLevel


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    structlog.reset_defaults()


class Output:
    """What a program has written."""

    def __init__(self, level: LogLevel = "info") -> None:
        self.stream = io.StringIO()
        configure(LoggingSettings(level=level), "agent x", stream=self.stream)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def test_a_client_of_kafka_is_quoted_once_for_each_level_whatever_it_says() -> None:
    out = Output()
    for number in range(3000):
        logging.getLogger("aiokafka").error("Unable connect to node %d", number)
        logging.getLogger("aiokafka.consumer.fetcher").error("Failed fetch %d", number)
        logging.getLogger("mode.services").error("crashed %d", number, exc_info=OSError("gone"))
        logging.getLogger("faust.app").warning("again")
    assert [line["library"] for line in out.lines] == ["aiokafka", "mode.services", "faust.app"]


def test_another_library_is_quoted_once_for_each_cause() -> None:
    out = Output()
    for number in range(3000):
        logging.getLogger("asyncio").error(
            f"Task exception was never retrieved\nfuture: <Task-{number} at {number * 16:#x}>"
        )
    logging.getLogger("asyncio").error("something else")
    first, second = out.lines
    assert first["event"].startswith("Task exception was never retrieved")
    assert second["event"] == "something else"


def test_at_level_debug_nothing_is_left_out() -> None:
    out = Output("debug")
    for _ in range(5):
        logging.getLogger("aiokafka").error("again")
    assert len(out.lines) == 5


def test_a_line_that_cannot_be_written_is_one_line() -> None:
    out = Output()
    library = logging.getLogger("lib")
    # pytest's own handlers raise at such a line.
    library.handlers, library.propagate = [logging.getLogger().handlers[-1]], False
    library.error("%d of %d", "many")
    (line,) = out.lines
    assert line["event"] == "a line of this library can't be written"
    assert line["error_type"] == "TypeError"


def test_what_nobody_catches_is_one_line_and_no_stack_trace(
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = Output()

    def fail() -> None:
        raise RuntimeError("in a thread")

    class Unruly:
        def __del__(self) -> None:
            raise RuntimeError("in a finaliser")

    with interpreter_in_logs():
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
        unruly = Unruly()
        del unruly
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("a warning", ResourceWarning, stacklevel=1)
    assert [line.get("error") for line in out.lines[:2]] == [
        "RuntimeError: in a thread",
        "RuntimeError: in a finaliser",
    ]
    assert "a warning" in out.lines[2]["event"]
    assert capfd.readouterr().err == ""
