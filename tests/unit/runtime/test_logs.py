import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from blo_runtime.errors import LogFieldRefused
from blo_runtime.logs import ALLOWED_FIELDS, configure, describe, get_logger
from blo_runtime.metrics import Metrics
from blo_runtime.settings import LogFormat, LoggingSettings, LogLevel

SECRET = "Khamla, hai bánh heroin"


class Body(msgspec.Struct):
    subject: str


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    structlog.reset_defaults()


class Output:
    """What a program with these settings has written."""

    def __init__(self, level: LogLevel = "info", layout: LogFormat = "json", **more: Any) -> None:
        self.stream = io.StringIO()
        configure(
            LoggingSettings(level=level, format=layout), "agent x", stream=self.stream, **more
        )

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def test_a_line_is_one_json_object_with_program_level_and_utc_time() -> None:
    out = Output()
    get_logger(link="l1").info("record rejected", reason="fork", position=7)
    (line,) = out.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "record rejected",
        "level": "info",
        "program": "agent x",
        "link": "l1",
        "reason": "fork",
        "position": 7,
    }


def test_the_text_format_is_one_readable_line() -> None:
    out = Output(layout="text")
    get_logger().warning("line down", host="k1", port=9093)
    assert out.text.count("\n") == 1
    assert "line down" in out.text
    assert "port=9093" in out.text


def test_lines_below_the_level_are_not_written() -> None:
    out = Output(level="warning")
    get_logger().info("small")
    get_logger().warning("large")
    assert [line["event"] for line in out.lines] == ["large"]


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure(LoggingSettings(), "agent x")
    get_logger().info("started")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "started"


def test_an_unknown_field_raises_in_strict_mode_and_writes_nothing() -> None:
    out = Output(strict=True)
    with pytest.raises(LogFieldRefused, match="subject") as caught:
        get_logger().info("opened", subject=SECRET)
    assert caught.value.field == "subject"
    assert out.text == ""


def test_an_unknown_bound_field_raises_too() -> None:
    Output(strict=True)
    with pytest.raises(LogFieldRefused):
        get_logger(subject=SECRET).info("opened")


def test_an_unknown_field_is_dropped_and_counted_otherwise() -> None:
    metrics = Metrics()
    out = Output(on_dropped=metrics.log_fields_dropped.inc)
    get_logger(subject=SECRET).info("opened", person=SECRET, link="l1")
    (line,) = out.lines
    assert SECRET not in out.text
    assert "subject" not in line
    assert line["dropped_fields"] == 2
    assert line["link"] == "l1"
    assert metrics.registry.get_sample_value("blo_log_fields_dropped_total") == 2


def test_a_program_that_has_not_configured_its_logs_is_strict() -> None:
    structlog.reset_defaults()
    with pytest.raises(LogFieldRefused):
        get_logger().info("opened", subject=SECRET)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"secret", "<6 bytes>"),
        (bytearray(b"ab"), "<2 bytes>"),
        ([b"secret", 1], ["<6 bytes>", 1]),
        (Body(SECRET), "<Body>"),
        ({SECRET: SECRET}, "<dict>"),
        ([Body(SECRET)], ["<Body>"]),
        (Path("/etc/x"), "/etc/x"),
        ("two\nlines\x1b[31m", "two\\nlines\\x1b[31m"),
        ("tiếng Việt ພາສາລາວ", "tiếng Việt ພາສາລາວ"),
        (None, None),
        (True, True),
        (1.5, 1.5),
    ],
)
@pytest.mark.parametrize("layout", ["json", "text"])
def test_values_are_plain(value: object, shown: object, layout: LogFormat) -> None:
    out = Output(layout=layout)
    get_logger().info("x", reason=value)
    assert SECRET not in out.text
    assert "secret" not in out.text
    assert out.text.count("\n") == 1
    if layout == "json":
        assert out.lines[0]["reason"] == shown


def test_long_values_are_cut() -> None:
    out = Output()
    get_logger().info("x", reason="a" * 100_000, task=["b"] * 100_000)
    assert len(out.text) < 3_000


def test_an_exception_shows_type_message_and_place_but_no_local_variables() -> None:
    out = Output()

    def opens(body: str) -> None:
        raise ValueError(f"cannot open {len(body)} characters")

    try:
        opens(SECRET)
    except ValueError:
        get_logger().exception("opening failed")
    (line,) = out.lines
    assert line["error_type"] == "ValueError"
    assert line["error"] == f"ValueError: cannot open {len(SECRET)} characters"
    assert line["where"][-1].endswith(" opens")
    assert line["where"][-1].startswith("test_logs.py:")
    assert SECRET not in out.text
    assert "raise ValueError" not in out.text


def test_an_exception_as_a_field_shows_its_type_and_message() -> None:
    out = Output()
    get_logger().error("failed", error=OSError("disk full"))
    assert out.lines[0]["error_type"] == "OSError"
    assert out.lines[0]["error"] == "OSError: disk full"


def test_an_exception_that_carries_bytes_does_not_show_them() -> None:
    assert describe(ValueError("bad", b"secret")) == "ValueError: bad, <6 bytes>"


def test_an_exception_is_described_with_its_cause_and_its_group() -> None:
    error = KeyError("k")
    error.__cause__ = OSError("disk")
    assert describe(error) == "KeyError: 'k' (from OSError: disk)"
    group = ExceptionGroup("two", [ValueError("a"), TypeError("b")])
    assert "ValueError: a; TypeError: b" in describe(group)


def test_a_librarys_warnings_pass_the_same_gate() -> None:
    out = Output()
    library = logging.getLogger("aiokafka.test")
    library.info("not shown")
    library.warning("cannot read %r at %d", b"secret", 7, extra={"subject": SECRET})
    try:
        raise OSError("gone")
    except OSError:
        library.exception("lost %(what)s", {"what": b"secret"})
    first, second = out.lines
    assert first["library"] == "aiokafka.test"
    assert first["event"] == "cannot read '<6 bytes>' at 7"
    assert first["level"] == "warning"
    assert second["level"] == "error"
    assert second["error"] == "OSError: gone"
    assert "secret" not in out.text
    assert SECRET not in out.text


def test_configuring_again_replaces_the_first() -> None:
    first, second = Output(), Output()
    logging.getLogger("lib").warning("once")
    get_logger().info("mine")
    assert first.text == ""
    assert [line["event"] for line in second.lines] == ["once", "mine"]


def test_no_field_is_named_after_contents() -> None:
    contents = {
        "body",
        "subject",
        "person",
        "name",
        "content",
        "fields",
        "value",
        "payload",
        "case",
    }
    assert not ALLOWED_FIELDS & contents


_WRITES = {"debug", "info", "warning", "error", "critical", "exception"}
_BINDS = {"bind", "new"}
_LOGGERS = {"log", "logger", "_log", "_logger"}


def _is_logger(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _LOGGERS
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name == "get_logger"
    return False


def _faults(call: ast.Call) -> Iterator[str]:
    match call.func:
        case ast.Attribute(attr=method, value=value) if method in _WRITES and _is_logger(value):
            if [type(one) for one in call.args] != [ast.Constant]:
                yield "the text is not one literal"
        case ast.Attribute(attr=method, value=value) if method in _BINDS and _is_logger(value):
            pass
        case ast.Name(id="get_logger") | ast.Attribute(attr="get_logger"):
            pass
        case _:
            return
    for keyword in call.keywords:
        if keyword.arg not in ALLOWED_FIELDS | {"exc_info"}:
            yield f"field {keyword.arg}"


def _faults_in(source: str) -> list[str]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [f"line {call.lineno}: {fault}" for call in calls for fault in _faults(call)]


@pytest.mark.parametrize(
    "call",
    [
        'log.info(f"opened {subject}")',
        'self._log.error("opened %s", subject)',
        'get_logger().info("opened", subject=subject)',
        "get_logger(subject=subject)",
        "log.bind(subject=subject)",
        'log.info("opened", **fields)',
    ],
)
def test_the_check_of_log_calls_sees_each_way_to_let_contents_in(call: str) -> None:
    assert _faults_in(call)


def test_every_log_call_of_the_project_has_a_fixed_text_and_allowed_fields(
    project_root: Path,
) -> None:
    own = project_root / "services/blo_runtime/logs.py"
    paths = [path for path in (project_root / "services").rglob("*.py") if path != own]
    faults = {str(path): _faults_in(path.read_text("utf-8")) for path in sorted(paths)}
    assert {path: found for path, found in faults.items() if found} == {}
