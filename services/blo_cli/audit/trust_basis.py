"""What an inspector brings: pinned roots, and the documents from a folder or from the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import click

from blo_cli.errors import CliError
from blo_cli.file_access import read_input
from blo_cli.kafka_options import Kafka, kafka_option, open_log, pins, pins_option
from blo_cli.trust.verdicts import judge
from blo_domain.trust import TrustedDirectory
from blo_log import Log
from blo_log.directory import DirectoryFeed
from blo_schemas.errors import WireError
from blo_schemas.heads import SIGNED_HEAD, SignedHead
from blo_schemas.heartbeats import HEARTBEAT, SIGNED_HEARTBEAT, SignedHeartbeat
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.texts import from_hex

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)

Pinned = tuple[tuple[CountryId, DocumentId], ...]


def trust_options(function: F) -> F:
    """Adds ``--pin``, ``--trust``, ``--bootstrap`` and ``--config``."""
    function = click.option("--trust", type=_FOLDER, help="A folder with the trust documents.")(
        function
    )
    return pins_option(kafka_option(function))


class TrustBasis(NamedTuple):
    """What the options say.

    Attributes:
        pinned: The pinned roots.
        trust: A folder of documents.
        kafka: Where the log is.
    """

    pinned: Pinned
    trust: Path | None
    kafka: Kafka

    @property
    def has_log(self) -> bool:
        """Whether a log was named."""
        return self.kafka != Kafka(None, None)

    def directory(self) -> TrustedDirectory | None:
        """What the folder's documents prove; ``None`` if there is no folder.

        Raises:
            UsageError: No root is pinned.
            FileUnusable: There are no documents in it.
        """
        if self.trust is None:
            return None
        return judge(self.trust, pins(self.pinned, self.kafka.config)).directory

    def any_directory(self) -> TrustedDirectory | None:
        """What the folder's documents prove, else those on the log; ``None``: neither was named.

        Raises:
            UsageError: No root is pinned.
            FileUnusable: There are no documents in the folder.
            LogError: The log can't be read.
        """
        if self.trust is not None or not self.has_log:
            return self.directory()
        return self.ask_log(_directory)

    def ask_log(self, question: Callable[[Log, TrustedDirectory], Coroutine[Any, Any, T]]) -> T:
        """Asks the log something, under the folder's documents or those on the log.

        Raises:
            LogError: It can't be read.
        """
        known = self.directory()
        roots = pins(self.pinned, self.kafka.config)

        async def run() -> T:
            log = open_log(self.kafka)
            try:
                if known is not None:
                    return await question(log, known)
                feed = DirectoryFeed(log, roots)
                await feed.refresh()
                return await question(log, feed.directory)
            finally:
                await log.close()

        return asyncio.run(run())


async def _directory(_: Log, directory: TrustedDirectory) -> TrustedDirectory:
    return directory


class SignedStatements(NamedTuple):
    """What offices have signed, as a file of ``blo audit heads`` has it."""

    heads: list[SignedHead]
    heartbeats: list[SignedHeartbeat]


def read_heads_file(path: Path) -> SignedStatements:
    """The file that ``blo audit heads`` wrote: a line of hexadecimal digits for each statement.

    Raises:
        CliError: A line is neither a head nor a heartbeat.
    """
    read = SignedStatements([], [])
    data = read_input(path, "Write the file with: blo audit heads")
    for number, line in enumerate(data.decode("ascii", "replace").split(), start=1):
        try:
            value = from_hex(line)
            signed = SIGNED_HEAD.decode(value)
            if _is_heartbeat(signed.head):
                read.heartbeats.append(SIGNED_HEARTBEAT.decode(value))
            else:
                read.heads.append(signed)
        except WireError:
            raise CliError(
                f"{path}, line {number}",
                "is no head and no heartbeat",
                todo="Write the file with: blo audit heads",
            ) from None
    return read


def _is_heartbeat(encoded: bytes) -> bool:
    """Whether a signed statement is a heartbeat; around it both have one form."""
    try:
        HEARTBEAT.decode(encoded)
    except WireError:
        return False
    return True
