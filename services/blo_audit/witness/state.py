"""The witness's state file: the last signed tree of each link, written before it is published.

The trees on ``blo.heads`` bind the witness as well. The file saves reading the log from the first
record after every start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from blo_audit.errors import WitnessStateError
from blo_runtime.files import LARGE, read_file, write_file
from blo_schemas.errors import WireError
from blo_schemas.ids import Digest, LinkId, OfficeId
from blo_schemas.texts import from_json
from blo_sealing.errors import WrongPeaks
from blo_sealing.merkle import Frontier

_VERSION: Final = 1


class LastSigned(msgspec.Struct, frozen=True):
    """The last tree that was signed of one link.

    Attributes:
        size: Its records.
        root: Its root.
        peaks: What a ``Frontier`` goes on from.
        leaf: The leaf hash of its last record, to see whether the log is still the same.
        note: The signed checkpoint.
    """

    size: int
    root: bytes
    peaks: bytes
    leaf: bytes
    note: bytes

    def tree(self) -> Frontier:
        """The tree, to go on from."""
        return Frontier(self.size, self.peaks)


class _StateFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: int
    witness: str
    links: dict[LinkId, LastSigned]


class WitnessState:
    """The state file of one witness.

    Args:
        path: The file; made with the first signature.
        witness: Whose it must be.

    Raises:
        WitnessStateError: The file is damaged, or another witness's.
    """

    def __init__(self, path: Path, witness: OfficeId) -> None:
        self._path = path
        self._witness = witness
        self._links = _read(path, witness)

    def get(self, link: LinkId) -> LastSigned | None:
        """The last signed tree of a link; ``None``: the file has none."""
        return self._links.get(link)

    def put(self, link: LinkId, signed: LastSigned) -> None:
        """Keep a signed tree before it is published; it is on disk when this returns."""
        links = {**self._links, link: signed}
        text = msgspec.json.encode(_StateFile(_VERSION, self._witness, links))
        write_file(self._path, text + b"\n", private=True, replace=True)
        self._links = links


def _read(path: Path, witness: OfficeId) -> dict[LinkId, LastSigned]:
    try:
        data = read_file(path, LARGE)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise WitnessStateError(path, f"cannot be read ({type(error).__name__})") from error
    try:
        state = from_json(data, _StateFile)
        for signed in state.links.values():
            if signed.tree().root() != Digest(signed.root):
                raise WrongPeaks("a tree has another root")
    except (WireError, WrongPeaks) as error:
        raise WitnessStateError(path, "does not hold a witness's state") from error
    if state.v != _VERSION or state.witness != witness:
        raise WitnessStateError(path, f"is the state of {state.witness}, version {state.v}")
    return state.links
