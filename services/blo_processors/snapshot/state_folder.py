"""The folder of a worker's state files: which file is a link's, and under which key.

A file's name has the link and 16 random bytes. The file's key is derived from the processor's
private key with both, so a page of another file, link or processor opens nowhere else. A fold from
the first record makes a new file; the others of the link are removed once it has its first commit.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from blo_processors.errors import StateDamaged, StateUnwritable
from blo_processors.snapshot.state_file import StateFile
from blo_runtime.files import make_private_folder
from blo_schemas.errors import WireError
from blo_schemas.ids import LinkId
from blo_schemas.texts import from_hex
from blo_sealing.keys import NodeKeys
from blo_sealing.outputs import processor_state_key

_SALT_SIZE: Final = 16
_SUFFIX: Final = ".state"


class StateFolder:
    """The folder.

    Args:
        folder: Where the files lie; made with mode 0700 if it is not there. ``None``: nothing is
            kept from one start to the next.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def open(self, link: LinkId, keys: Sequence[NodeKeys]) -> tuple[StateFile, bytes] | None:
        """A link's newest file that was committed, and its first record; ``None``: there is none.

        Args:
            link: The link.
            keys: The processor's keys; a file is of one of them.

        Raises:
            StateInUse: Another program has the file open.
            StateDamaged: There are files, and none is whole.
            StateUnwritable: The folder can't be read.
        """
        damaged: StateDamaged | None = None
        for path in self._files(link):
            for each in keys:
                try:
                    opened = _open_with(path, link, each)
                except StateDamaged as error:
                    damaged = error
                    continue
                if opened is not None:
                    return opened
                break
        if damaged is not None:
            raise damaged
        return None

    def create(self, link: LinkId, keys: NodeKeys) -> StateFile:
        """A new file for a link, one without a name if nothing is kept.

        Raises:
            TempTableFailed: The directory for temporary files can't be written to.
            StateUnwritable: The folder can't be written to.
        """
        if self._folder is None:
            return StateFile.temporary()
        salt = os.urandom(_SALT_SIZE)
        path = self._folder / f"{link}.{salt.hex()}{_SUFFIX}"
        try:
            make_private_folder(self._folder)
        except OSError as error:
            raise StateUnwritable(self._folder, error) from error
        return StateFile.create(path, processor_state_key(keys, link, salt))

    def remove_others(self, link: LinkId, kept: StateFile) -> None:
        """Remove the link's files but one that was committed.

        Raises:
            StateUnwritable: One can't be removed.
        """
        if kept.path is None:
            return
        for path in self._files(link):
            if path != kept.path:
                remove(path)

    def _files(self, link: LinkId) -> list[Path]:
        """The link's files, the newest first."""
        if self._folder is None or not self._folder.exists():
            return []
        try:
            paths = [(path.stat().st_mtime_ns, path) for path in self._folder.glob(f"{link}.*")]
        except OSError as error:
            raise StateUnwritable(self._folder, error) from error
        return [path for _, path in sorted(paths, reverse=True) if path.suffix == _SUFFIX]


def remove(path: Path) -> None:
    """Remove a state file and its journal.

    Raises:
        StateUnwritable: They can't be removed.
    """
    try:
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    except OSError as error:
        raise StateUnwritable(path, error) from error


def _open_with(path: Path, link: LinkId, keys: NodeKeys) -> tuple[StateFile, bytes] | None:
    """The file and its first record; ``None``: it was never committed."""
    salt = _salt_of(path, link)
    file = StateFile.open(path, processor_state_key(keys, link, salt))
    try:
        first = file.first()
    except BaseException:
        file.close()
        raise
    if first is None:
        file.close()
        return None
    return file, first


def _salt_of(path: Path, link: LinkId) -> bytes:
    try:
        return from_hex(path.name[len(link) + 1 : -len(_SUFFIX)], _SALT_SIZE)
    except WireError:
        raise StateDamaged(path, "its name has no salt") from None
