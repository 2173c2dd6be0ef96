"""Pages of a list: how many entries, from which cursor on.

A cursor names the list, what was asked of it, and the place of the last entry; so it outlives a
restart, and entries that come or go between two pages repeat and hide no other. A cursor is no
secret and gives no right: each page is filtered for who asks for it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, Generic, TypeVar

import msgspec

from blo_agent.api.request_errors import BadRequest
from blo_schemas.codec import Codec
from blo_schemas.errors import WireError

T = TypeVar("T")

PAGE: Final = 50
"""Entries of a page, unless asked otherwise."""
LARGEST_PAGE: Final = 200
MAX_CURSOR: Final = 600
"""Characters of a cursor at most."""


class _Cursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    name: str
    asked: bytes
    place: bytes


_CURSOR: Final = Codec(_Cursor, limit=MAX_CURSOR)


class PageRequest(Generic[T]):
    """Which page of a list is asked for.

    Args:
        name: The list.
        asked: Everything else that was asked of it: a cursor of another question is refused.
        place: The codec of the place of an entry, a named tuple.
        limit: How many entries the page may have.
        after: The cursor of the page before; ``None``: the first page.

    Attributes:
        limit: How many entries the page may have.
        after: The place behind which it begins; ``None``: at the beginning.

    Raises:
        BadRequest: The limit is out of bounds, or the cursor is none of this list.
    """

    def __init__(
        self, name: str, asked: object, place: Codec[T], limit: int | None, after: str | None
    ) -> None:
        self._name = name
        self._place = place
        self._asked = sha256(msgspec.json.encode(asked)).digest()[:8]
        self.limit = PAGE if limit is None else limit
        if not 1 <= self.limit <= LARGEST_PAGE:
            raise BadRequest(
                f"a page has no {self.limit} entries",
                parameter="limit",
                expected=f"a whole number from 1 up to {LARGEST_PAGE}",
                example=PAGE,
            )
        self.after: T | None = None if after is None else self._read(after)

    def cursor(self, place: T) -> str:
        """The cursor of the page that begins behind an entry."""
        cursor = _CURSOR.encode(_Cursor(self._name, self._asked, self._place.encode(place)))
        return base64.urlsafe_b64encode(cursor).decode().rstrip("=")

    def next(self, places: Sequence[T]) -> str | None:
        """The cursor of the page behind these entries; ``None``: the list has no more.

        Args:
            places: The places of the entries, of which there may be one more than the page has.
        """
        return self.cursor(places[self.limit - 1]) if len(places) > self.limit else None

    def _read(self, text: str) -> T:
        try:
            if len(text) > MAX_CURSOR:
                raise ValueError
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            cursor = _CURSOR.decode(data)
            if (cursor.name, cursor.asked) != (self._name, self._asked):
                raise ValueError
            return self._place.decode(cursor.place)
        except (ValueError, binascii.Error, WireError):
            raise BadRequest(
                "this is no cursor of this list; take `next` of the page before, and ask for the "
                "same as there",
                parameter="after",
            ) from None
