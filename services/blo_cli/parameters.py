"""Types of parameters that commands share: days, periods, instants, zones, languages, texts, files.

Each refuses what it can't use in words that say what was expected.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import click

from blo_cli.instant_text import InstantText
from blo_schemas.errors import WireError, WrongType
from blo_schemas.ids import HASH_SIZE, LinkId, is_link_id
from blo_schemas.instants import FIRST_DAY, LAST_DAY, is_business_day
from blo_schemas.plain_text import is_plain
from blo_schemas.texts import day_from, from_hex, moment_from, nearest_zones, zone_from

F = TypeVar("F", bound=Callable[..., Any])

LANGUAGES: Final = ("vi", "lo", "zh", "en")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PORT: Final = re.compile(r"\d{1,5}", re.ASCII)
_MOST_CHARACTERS: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Parameter(click.ParamType):
    """A parameter that is read from text once; a value that was read before stays."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Reads a value; refuses one with what was expected."""
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def read(self, text: str) -> Any:
        """Reads a text.

        Raises:
            ValueError: The words say what was expected.
        """
        raise NotImplementedError


class DayParameter(_Parameter):
    """A business date, as ``2025-03-01``."""

    name = "day"

    def read(self, text: str) -> date:
        """Reads a date; refuses one on which no office can act."""
        try:
            day = day_from(text) if _DAY.fullmatch(text) else None
        except WrongType:
            day = None
        if day is None:
            raise ValueError(f"{text!r} is no date; expected one as 2025-03-01")
        if not is_business_day(day):
            raise ValueError(f"{day} is not between {FIRST_DAY} and {LAST_DAY}")
        return day


class PeriodParameter(_Parameter):
    """``2025-01-01..2025-03-31``: two days, both included."""

    name = "day..day"

    def read(self, text: str) -> tuple[date, date]:
        """Reads a period; refuses one whose end lies before its beginning."""
        first, separator, last = text.partition("..")
        if not separator:
            raise ValueError(f"{text!r} is no period; expected such as 2025-01-01..2025-03-31")
        days = DAY.read(first), DAY.read(last)
        if days[1] < days[0]:
            raise ValueError(f"{days[1]} lies before {days[0]}")
        return days


class InstantParameter(_Parameter):
    """An instant with its offset, as ``2025-03-01T00:00:00+07:00``."""

    name = "moment"

    def read(self, text: str) -> datetime:
        """Reads an instant; refuses one without an offset, and one before 1970."""
        try:
            moment = moment_from(text)
        except WireError:
            raise ValueError(
                f"{text!r} is no instant; expected a time with its offset, as "
                "2025-03-01T00:00:00+07:00"
            ) from None
        if moment < _EPOCH:
            raise ValueError(f"{text} lies before 1970-01-01T00:00:00Z")
        return moment


class ZoneParameter(_Parameter):
    """A time zone of the IANA list, as ``Asia/Ho_Chi_Minh``."""

    name = "zone"

    def read(self, text: str) -> ZoneInfo:
        """Reads a zone; refuses a name that is not on the closed list."""
        try:
            return zone_from(text)
        except WrongType:
            near = nearest_zones(text)
            hint = f"; did you mean {near[0]}?" if near else "; expected one as Asia/Ho_Chi_Minh"
            raise ValueError(f"{text!r} is no time zone{hint}") from None


class LineParameter(_Parameter):
    """A text of one line: a person's name, a reason."""

    name = "text"

    def read(self, text: str) -> str:
        """Reads a text; refuses controls, newlines, and characters that nobody sees."""
        if not text.strip():
            raise ValueError("is empty; expected a text")
        if len(text) > _MOST_CHARACTERS:
            raise ValueError(f"is longer than {_MOST_CHARACTERS} characters")
        if not is_plain(text):
            raise ValueError(
                f"{text!r} holds a newline, a control or a character that nobody sees; expected "
                "one line of text"
            )
        return text


class LinkParameter(_Parameter):
    """A link's id, as ``vn-kyson~la-xiengkhouang``."""

    name = "link"

    def read(self, text: str) -> LinkId:
        """Reads an id; refuses what can't name a link."""
        if not is_link_id(text):
            raise ValueError(f"{text!r} is no link; expected one as vn-kyson~la-xiengkhouang")
        return LinkId(text)


class HexParameter(_Parameter):
    """A hash or an id of 32 bytes, as 64 hexadecimal digits."""

    name = "hex"

    def read(self, text: str) -> str:
        """Reads the digits; refuses any other number of them."""
        try:
            return from_hex(text, HASH_SIZE).hex()
        except WireError:
            raise ValueError(f"{text!r} is not {2 * HASH_SIZE} hexadecimal digits") from None


class AddressParameter(_Parameter):
    """Addresses of Kafka's brokers, as ``host:port``, separated by commas."""

    name = "host:port"

    def read(self, text: str) -> str:
        """Reads addresses; refuses one without a port."""
        for address in text.split(","):
            host, _, port = address.strip(" ").rpartition(":")
            if not host or not is_plain(host) or not _PORT.fullmatch(port) or int(port) > 65535:
                raise ValueError(f"{address!r} is no address; expected one as kafka1.example:9093")
        return text


DAY: Final = DayParameter()
PERIOD: Final = PeriodParameter()
INSTANT: Final = InstantParameter()
ZONE: Final = ZoneParameter()
LINE: Final = LineParameter()
LINK: Final = LinkParameter()
HEX32: Final = HexParameter()
ADDRESS: Final = AddressParameter()
FILE: Final = click.Path(path_type=Path)


class JsonOption(click.Option):
    """``--json``, with the type of what is printed.

    Attributes:
        form: The type, as msgspec knows types; docs/cli.md is made from it.
    """

    def __init__(self, *args: Any, form: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.form = form


def json_option(form: Any) -> Callable[[F], F]:
    """Adds ``--json``.

    Args:
        form: The type of the document that is printed, as msgspec knows types.
    """
    return click.option(
        "--json",
        "wants_json",
        is_flag=True,
        cls=JsonOption,
        form=form,
        help="Print JSON, for programs; docs/cli.md has its schema.",
    )


def replace_option(function: F) -> F:
    """Adds ``--replace``, for commands that write a file."""
    return click.option(
        "--replace", is_flag=True, help="Write in the place of a file that is there."
    )(function)


def language_option(function: F) -> F:
    """Adds ``--language``."""
    return click.option(
        "--language",
        type=click.Choice(LANGUAGES),
        default="en",
        show_default=True,
        help="The language of the paper: Vietnamese, Lao, Chinese or English.",
    )(function)


def zone_option(function: F) -> F:
    """Adds ``--zone``, which gives the command an ``InstantText`` as ``times``."""

    def make(_: click.Context, __: click.Parameter, zone: ZoneInfo | None) -> InstantText:
        return InstantText(zone or readers_zone())

    return click.option(
        "--zone",
        "times",
        type=ZONE,
        callback=make,
        help="The time zone in which instants are shown, beside UTC; this machine's if left out.",
    )(function)


def readers_zone() -> ZoneInfo:
    """The zone of this machine's user: ``TZ``, else ``/etc/localtime``, else UTC."""
    link = Path("/etc/localtime")
    name = os.environ.get("TZ", "").removeprefix(":")
    if not name and link.is_symlink():
        name = str(link.readlink()).rpartition("zoneinfo/")[2]
    try:
        return zone_from(name)
    except WrongType:
        return zone_from("UTC")


def fail_usage(message: str) -> NoReturn:
    """Ends the command because its options do not go together.

    Raises:
        UsageError: Always.
    """
    raise click.UsageError(message)
