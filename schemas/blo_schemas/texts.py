"""Values from text forms: JSON, TOML, hexadecimal, dates, time zones.

Whoever reads what a person, a file or another program wrote goes through here: whatever a library
does not like about a text comes out as one error, so that no text can end a program.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from blo_schemas.errors import WrongType
from blo_schemas.prepared_types import prepare

T = TypeVar("T")

MAX_ZONE: Final = 64
"""Most characters of a time zone's name."""


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Only memory that has run out is not the text's fault."""
    try:
        yield
    except (MemoryError, WrongType):
        raise
    except RecursionError as error:
        raise WrongType(what, "nested too deeply") from error
    except Exception as error:
        raise WrongType(what, str(error) or type(error).__name__) from error


def from_json(data: bytes | str, kind: type[T]) -> T:
    """A value of a type from JSON.

    Raises:
        WrongType: It is not JSON, or does not fit; the detail is msgspec's, with the path.
    """
    prepare(kind)
    with _reading(_name(kind)):
        value = msgspec.json.decode(data, type=kind)
        # What can't be written again, such as an integer of a hundred digits, is no value here.
        msgspec.msgpack.encode(value)
        return value


def from_object(value: object, kind: type[T]) -> T:
    """A value of a type from plain dictionaries, lists and scalars, as JSON or TOML has them.

    Raises:
        WrongType: It does not fit; the detail is msgspec's, with the path.
    """
    prepare(kind)
    with _reading(_name(kind)):
        read = msgspec.convert(value, kind)
        msgspec.msgpack.encode(read)
        return read


def from_toml(data: bytes) -> dict[str, Any]:
    """A table from TOML.

    Raises:
        WrongType: It is not UTF-8, not TOML, or nested too deeply; the cause is ``tomllib``'s.
    """
    with _reading("TOML"):
        return tomllib.loads(data.decode("utf-8"))


def from_hex(text: str, size: int | None = None) -> bytes:
    """Bytes from hexadecimal digits alone, without spaces.

    Raises:
        WrongType: There are other characters, or not ``size`` bytes.
    """
    with _reading("hexadecimal"):
        data = bytes.fromhex(text)
    # ``fromhex`` passes over spaces.
    if len(text) != 2 * len(data) or size not in (None, len(data)):
        wanted = "pairs of" if size is None else str(2 * size)
        raise WrongType("hexadecimal", f"expected {wanted} hexadecimal digits")
    return data


def day_from(text: str) -> date:
    """A day from ``2025-03-01``.

    Raises:
        WrongType: It is none.
    """
    with _reading("date"):
        return date.fromisoformat(text)


def moment_from(text: str) -> datetime:
    """A moment in UTC from ``2025-03-01T07:30:00+07:00``.

    Raises:
        WrongType: It is none, has no offset, or lies so near the calendar's ends that a zone has
            no date for it.
    """
    with _reading("time"):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("a time needs its offset from UTC, such as +07:00 or Z")
        in_utc = moment.astimezone(UTC)
        if not MINYEAR < in_utc.year < MAXYEAR:
            raise ValueError(f"a time lies in one of the years {MINYEAR + 1} to {MAXYEAR - 1}")
        return in_utc


def zone_from(name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    The names are those of the ``tzdata`` distribution, on every machine the same. A machine's own
    folder of zones has more, such as ``right/UTC``, which counts leap seconds.

    Raises:
        WrongType: There is none of that name.
    """
    with _reading("time zone"):
        if not 0 < len(name) <= MAX_ZONE:
            raise ValueError("the name is empty or too long")
        if name not in zone_names():
            raise ValueError("no zone of the IANA list has this name")
        return ZoneInfo(name)


@cache
def zone_names() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


def nearest_zones(name: str) -> list[str]:
    """The zones whose names are nearest to one that is none, at most three."""
    return difflib.get_close_matches(name[:MAX_ZONE], sorted(zone_names()), n=3)


def _name(kind: object) -> str:
    return getattr(kind, "__name__", str(kind))
