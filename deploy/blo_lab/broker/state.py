"""What a directory remembers of the broker that runs in it, so that another process can end it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from blo_lab.broker.errors import BrokerNotRunningError
from blo_lab.broker.libraries import KafkaLibraries
from blo_lab.broker.processes import KnownProcess
from blo_lab.broker.settings import Ports
from blo_runtime.files import SMALL, read_file, write_file
from blo_schemas.errors import WireError
from blo_schemas.texts import from_json

_FILE = "broker.json"


class RunningBroker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A running broker, as the file in its directory tells it."""

    process: KnownProcess
    ports: Ports
    heap: str
    detached: bool
    version: str
    libraries: str
    java: str
    log_configuration: str | None
    ready_s: float

    def kafka(self) -> KafkaLibraries:
        """The Kafka it was started from."""
        return KafkaLibraries(
            directory=Path(self.libraries),
            version=self.version,
            java=Path(self.java),
            log_configuration=Path(self.log_configuration) if self.log_configuration else None,
        )


def save(directory: Path, running: RunningBroker) -> None:
    """Writes the file, whole or not at all."""
    data = msgspec.json.format(msgspec.json.encode(running), indent=2) + b"\n"
    write_file(directory / _FILE, data, replace=True)


def forget(directory: Path) -> None:
    """Removes the file, if there is one."""
    (directory / _FILE).unlink(missing_ok=True)


def load(directory: Path) -> RunningBroker:
    """Reads the file and makes sure that its process is the one that was started.

    Raises:
        BrokerNotRunningError: there is no file, it cannot be read, or the process is gone.
    """
    path = directory / _FILE
    try:
        running = from_json(read_file(path, SMALL), RunningBroker)
    except FileNotFoundError:
        raise BrokerNotRunningError(f"no broker was started in {directory}") from None
    except (OSError, WireError) as error:
        raise BrokerNotRunningError(f"{path} does not describe a broker: {error}") from error
    if not running.process.alive:
        raise BrokerNotRunningError(
            f"the broker of {directory} (process {running.process.pid}) is not running any more"
        )
    return running
