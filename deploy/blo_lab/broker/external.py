"""A Kafka that runs already and is somebody else's: used, never stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from blo_lab.broker.errors import BrokerStartError
from blo_lab.broker.readiness import answers, parse_bootstrap


class Broker(Protocol):
    """What a program needs of a broker, whoever runs it: the part that every variant has."""

    @property
    def bootstrap(self) -> str:
        """``host:port``, or several with commas, for clients."""

    @property
    def version(self) -> str:
        """Kafka's version, or ``unknown``."""

    @property
    def ready_s(self) -> float:
        """Seconds from the wish to the first answer."""

    @property
    def data_directory(self) -> Path | None:
        """Where the segment files lie, if that is ours to know."""

    def stop(self) -> None:
        """Ends the use of it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class ExternalBroker:
    """A running Kafka, known by its address only."""

    bootstrap: str
    ready_s: float
    version: str = "unknown"
    data_directory: Path | None = None

    def stop(self) -> None:
        """Does nothing: it is not ours to stop."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def external_broker(bootstrap: str) -> ExternalBroker:
    """Uses the Kafka at an address, after making sure that it answers.

    Args:
        bootstrap: ``host:port``, or several with commas.

    Raises:
        ValueError: the address is not of that form.
        BrokerStartError: no Kafka answers there.
    """
    began = time.monotonic()
    if not answers(parse_bootstrap(bootstrap)):
        raise BrokerStartError(f"no Kafka answers at {bootstrap}: start it, or unset BLO_BOOTSTRAP")
    return ExternalBroker(bootstrap, ready_s=time.monotonic() - began)
