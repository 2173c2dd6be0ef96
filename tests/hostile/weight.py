"""How much memory something holds, with all that it reaches."""

from __future__ import annotations

import gc
import sys
from collections.abc import Collection
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import msgspec

_NOBODYS: Final = (
    type,
    ModuleType,
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    FrameType,
)
"""What belongs to the program and not to a log."""


def weight(root: Any, without: Collection[object] = ()) -> int:
    """The bytes that an object holds, itself included.

    Args:
        root: The object.
        without: What it only refers to, such as the log, with all that this holds.
    """
    seen = {id(one) for one in without}
    waiting = [root]
    total = 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, _NOBODYS):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        if isinstance(one, msgspec.Struct):
            # Structs that the collector does not follow tell it nothing of their fields.
            waiting += [getattr(one, name, None) for name in type(one).__struct_fields__]
        else:
            waiting += gc.get_referents(one)
    return total


__all__ = ["weight"]
