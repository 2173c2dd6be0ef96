"""A file with a running program's process id and ports, which exists only while it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec

from blo_runtime.errors import RunFileUnusable
from blo_runtime.files import SMALL, read_file, write_file
from blo_schemas.errors import WireError
from blo_schemas.texts import from_json

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class RunFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The place of a running program.

    Attributes:
        pid: Its process id.
        admin_port: The port of its admin listener.
        api_port: The port of its API; ``None``: it has none.
    """

    pid: Annotated[int, msgspec.Meta(ge=1)]
    admin_port: Port
    api_port: Port | None = None


@contextmanager
def run_file(path: Path, *, admin_port: int, api_port: int | None = None) -> Iterator[None]:
    """Write a program's process id and ports as JSON, and remove the file at the end.

    Args:
        path: The file; it is replaced as a whole, so no reader sees half of it.
        admin_port: The port of the admin listener.
        api_port: The port of the API, if there is one.
    """
    data = msgspec.json.encode(RunFile(os.getpid(), admin_port, api_port)) + b"\n"
    write_file(path, data, replace=True)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read_run_file(path: Path) -> RunFile | None:
    """The place of the program that runs now; ``None``: no program runs there.

    Raises:
        RunFileUnusable: The file is damaged, or cannot be read.
    """
    try:
        data = read_file(path, SMALL)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunFileUnusable(path, f"cannot be read ({error.strerror})") from error
    try:
        return from_json(data, RunFile)
    except WireError as error:
        problem = f"does not say where the program listens ({error.detail})"
        raise RunFileUnusable(path, problem) from error
