"""Every text that a struct carries, wherever it stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

import msgspec

_WITHOUT_TEXT: Final = (bytes, bool, int, float, Decimal, date, Enum, type(None))


def texts_of(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """All texts within a value of a wire type, each with its field, e.g. ``persons[0].name``.

    Words of a closed list are no texts. Bytes are passed over, so what lies encoded in them has to
    be given decoded.

    Args:
        value: A struct, a tuple or list of values, a text, or a value without a text.
        path: The field that the value itself is.

    Raises:
        TypeError: A type that this function does not know, so that no new one is passed over.
    """
    if isinstance(value, _WITHOUT_TEXT):
        return
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple | list):
        for at, item in enumerate(value):
            yield from texts_of(item, f"{path}[{at}]")
    else:
        raise TypeError(f"{path or 'the value'}: {type(value).__name__} may hold texts")
