"""The version of the rules: a digest of the programs whose conclusions a stored state holds."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

from blo_runtime.files import read_file
from blo_schemas.ids import Digest

_LABEL: Final = b"blo/rules/v1\0"
_PACKAGES: Final = ("blo_schemas", "blo_domain", "blo_sealing", "blo_projection", "blo_processors")
_MOST_BYTES: Final = 1024 * 1024
_DATA: Final = ("tzdata",)
"""Distributions whose data the rules read: the time zones of the offices."""


@cache
def rules_digest() -> Digest:
    """Changes with every change of the code that folds a link or writes its outputs.

    It changes more often than the conclusions do. Each change costs one fold from the first record.
    """
    hashed = sha256(_LABEL)
    for name in _PACKAGES:
        package = import_module(name)
        for folder in package.__path__:
            root = Path(folder)
            for path in sorted(root.rglob("*.py")):
                content = read_file(path, _MOST_BYTES)
                hashed.update(f"{name}/{path.relative_to(root)} {len(content)}\0".encode())
                hashed.update(content)
    for name in _DATA:
        hashed.update(f"{name} {version(name)}\0".encode())
    return Digest(hashed.digest())
