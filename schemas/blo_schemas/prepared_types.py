"""Types whose readers are ready, so that threads may read values of them.

msgspec finds out about a struct when it first reads one, and marks the class as known before it has
finished: a second thread that reads the same struct meanwhile meets empty fields and ends the whole
program. So each type is made ready once, one at a time, before anything is read.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, Final

import msgspec

_LOCK: Final = RLock()
_ready: Final[set[Any]] = set()


def prepare(kind: Any) -> None:
    """Make a type ready to be read, with all types in it.

    Args:
        kind: What is to be read; types are few, so each stays known.

    Raises:
        TypeError: msgspec reads no values of this type.
    """
    if kind in _ready:
        return
    with _LOCK:
        msgspec.msgpack.Decoder(kind)
        _ready.add(kind)
