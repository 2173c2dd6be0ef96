"""The type of a file by its content; what its name says decides only between types that fit."""

from __future__ import annotations

from typing import Final

import puremagic

from blo_schemas.content import EnclosedFile
from blo_schemas.errors import WireError
from blo_schemas.files import FILE_ID_SIZE
from blo_schemas.texts import from_object

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
_BEST: Final = 0.2
"""Below that a match is of the name alone."""


def media_type(head: bytes, name: str) -> str:
    """The media type of a file.

    Args:
        head: Its first bytes, some kilobytes.
        name: Its name, whose extension chooses where the content fits several types: a document of an
            office program is an archive, too.

    Returns:
        A type in lower case; ``text/plain`` for text of no known form; ``UNKNOWN`` for all else.
    """
    try:
        matches = puremagic.magic_string(head, name)
    except (puremagic.PureError, ValueError):
        return TEXT if _is_text(head) else UNKNOWN
    for match in matches:
        if match.mime_type and match.confidence >= _BEST and _is_media_type(match.mime_type):
            return str(match.mime_type)
    return TEXT if _is_text(head) else UNKNOWN


def _is_media_type(text: str) -> bool:
    try:
        from_object({"id": bytes(FILE_ID_SIZE), "media_type": text}, EnclosedFile)
    except WireError:
        return False
    return True


def _is_text(head: bytes) -> bool:
    """Whether bytes are UTF-8 without controls; the last character may be cut."""
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
        return not any(char < " " and char not in "\t\n\r\f" for char in text)
    return False
