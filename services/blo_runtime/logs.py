"""Structured logs that cannot carry contents.

A log call is a fixed text and named fields: ``log.info("record rejected", link=…, reason=…)``.
The names are a closed list; a field that is not on it raises in strict mode and is dropped and
counted otherwise. Values are plain: bytes show as their length, structs and mappings as the name
of their type, long text is cut, control characters are escaped. An exception shows its type, its
message and where it was raised, never its local variables. Other libraries' records come through
the same gate (``blo_runtime/library_logs.py``).
"""

import sys
import traceback
from collections.abc import Callable, MutableMapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, TextIO, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor

from blo_runtime.errors import LogFieldRefused
from blo_runtime.library_logs import LibraryLine, listen_to_libraries
from blo_runtime.settings import LoggingSettings
from blo_schemas.plain_text import plain

ALLOWED_FIELDS: Final = frozenset(
    {
        # where in the log
        *("link", "corridor", "office", "topic", "partition", "position", "offset", "size"),
        # opaque ids, which say nothing of a matter
        *("event_id", "document", "key_id"),
        # what happened, in words of closed lists
        *("direction", "phase", "purpose", "reason", "role", "state", "step", "verdict"),
        # how much and how long
        *("attempt", "count", "delay_s", "duration_s", "limit_s", "total"),
        # failures
        *("error", "error_type", "incident"),
        # the program and its surroundings
        *(
            "check",
            "host",
            "key",
            "path",
            "pid",
            "port",
            "signal",
            "task",
            "url",
            "version",
            "where",
        ),
    }
)
"""The fields that a log call may use. A name whose value an officer types never belongs here."""

_MAX_TEXT = 1000
_MAX_FRAMES = 12
_MAX_ITEMS = 50
_LIBRARY: Final = "_library"


def configure(
    settings: LoggingSettings,
    program: str,
    *,
    strict: bool = False,
    on_dropped: Callable[[], object] | None = None,
    stream: TextIO | None = None,
) -> None:
    """Set up the logs of this process; the composition root calls it once.

    Until then `get_logger` gives strict loggers at level info, as tests want them.

    Args:
        settings: Level and format.
        program: The name that every line carries, as ``agent vn-nghean``.
        strict: Whether a field that is not allowed raises `LogFieldRefused`.
        on_dropped: Called once per dropped field when not strict, as a counter's ``inc``.
        stream: Where the lines go; standard error unless given.
    """
    gate = _Gate(strict=strict, on_dropped=on_dropped or (lambda: None))
    _configure_structlog(settings, program, gate, stream)
    listen_to_libraries(_quote, _plain, limited=settings.level != "debug")


def get_logger(**fields: object) -> FilteringBoundLogger:
    """Return a logger; ``fields`` go with every line it writes.

    Raises:
        LogFieldRefused: From its calls, in strict mode, for a field that is not allowed.
    """
    if not structlog.is_configured():
        gate = _Gate(strict=True, on_dropped=lambda: None)
        _configure_structlog(LoggingSettings(), "unconfigured", gate, None)
    return cast(FilteringBoundLogger, structlog.get_logger(**fields))


def _quote(line: LibraryLine) -> None:
    """Write a line of a library."""
    logger = get_logger()
    write = logger.error if line.is_error else logger.warning
    count = {"count": line.kept_back} if line.kept_back else {}
    write(line.text, **{_LIBRARY: line.library, "exc_info": line.error}, **count)


def describe(error: BaseException) -> str:
    """Return an exception's type and message, with its cause's or its group's members'."""
    text = f"{type(error).__name__}: {_message(error)}"
    if isinstance(error, BaseExceptionGroup):
        return f"{text} [{'; '.join(describe(one) for one in error.exceptions)}]"
    cause = describe(error.__cause__) if error.__cause__ else ""
    return text if cause in text else f"{text} (from {cause})"


def _message(error: BaseException) -> object:
    if any(isinstance(one, bytes | bytearray | memoryview) for one in error.args):
        return ", ".join(str(_plain(one)) for one in error.args)
    return _plain(str(error))


def _configure_structlog(
    settings: LoggingSettings, program: str, gate: Processor, stream: TextIO | None
) -> None:
    def stamp(_: object, method: str, fields: MutableMapping[str, Any]) -> dict[str, Any]:
        event = fields.pop("event")
        return {"event": event, "level": method, "program": program, **fields}

    structlog.configure(
        processors=[
            gate,
            stamp,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _renderer(settings),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.level),
        logger_factory=lambda *_: structlog.WriteLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def _renderer(settings: LoggingSettings) -> Processor:
    if settings.format == "text":
        return structlog.dev.ConsoleRenderer(colors=False)

    def line(_: object, __: str, fields: MutableMapping[str, Any]) -> str:
        return msgspec.json.encode(fields).decode()

    return line


class _Gate:
    """The processor that lets through allowed fields with plain values only."""

    def __init__(self, *, strict: bool, on_dropped: Callable[[], object]) -> None:
        self._strict = strict
        self._on_dropped = on_dropped

    def __call__(
        self, _: object, __: str, given: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event = given.pop("event", "")
        library = given.pop(_LIBRARY, None)
        error = _exception(given.pop("exc_info", None))
        dropped = [name for name in given if name not in ALLOWED_FIELDS]
        if dropped and self._strict:
            raise LogFieldRefused(dropped[0])
        fields: dict[str, Any] = {"event": _plain(event)}
        if library:
            fields["library"] = library
        fields |= {name: _plain(given[name]) for name in given if name in ALLOWED_FIELDS}
        if isinstance(failure := given.get("error"), BaseException):
            fields["error_type"] = type(failure).__name__
        if error:
            fields |= _failure(error)
        if dropped:
            fields["dropped_fields"] = len(dropped)
            for _name in dropped:
                self._on_dropped()
        return fields


def _exception(given: object) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    found = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    return found if isinstance(found, BaseException) else None


def _failure(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    return {
        "error_type": type(error).__name__,
        "error": describe(error),
        "where": [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in frames],
    }


def _plain(value: object) -> object:
    """Return a value as it may be shown."""
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | float():
            return value
        case str():
            return _cut(value)
        case bytes() | bytearray() | memoryview():
            return f"<{len(value)} bytes>"
        case BaseException():
            return describe(value)
        case Path():
            return _cut(str(value))
        case list() | tuple() | set() | frozenset():
            items = [_plain(one) for one in list(value)[:_MAX_ITEMS]]
            return items if len(value) <= _MAX_ITEMS else [*items, f"… {len(value)} in all"]
        case _:
            return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    short = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}… {len(text)} characters"
    return plain(short)
