"""What a lab's folder remembers of the processes that run in it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from blo_lab.broker.processes import KnownProcess
from blo_lab.errors import LabError
from blo_runtime.files import SMALL, read_file, write_file
from blo_schemas.errors import WireError
from blo_schemas.texts import from_json


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One program that was started.

    Attributes:
        name: Whom its certificate names; no two programs of a lab have one.
        run_file: There while it runs; in the lab's folder.
        process: Its process id, and when it started: together one process for good.
    """

    name: str
    run_file: str
    process: KnownProcess


class LabState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lab that was started.

    Attributes:
        bootstrap: Where its Kafka listens.
        embedded: Whether that Kafka is the lab's own, and lies in its folder.
        programs: Its programs.
    """

    bootstrap: str
    embedded: bool
    programs: tuple[Program, ...] = ()


def save(path: Path, state: LabState) -> None:
    """Writes the file, whole or not at all."""
    data = msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n"
    write_file(path, data, replace=True)


def forget(path: Path) -> None:
    """Removes the file, if it is there."""
    path.unlink(missing_ok=True)


def load(path: Path) -> LabState | None:
    """Reads the file; ``None`` if there is none.

    Raises:
        LabError: It can't be read.
    """
    try:
        return from_json(read_file(path, SMALL), LabState)
    except FileNotFoundError:
        return None
    except (OSError, WireError) as error:
        raise LabError(
            str(path),
            f"does not say what runs here ({error})",
            todo="Look for processes of this folder with ps, end them, and remove the file",
        ) from error
