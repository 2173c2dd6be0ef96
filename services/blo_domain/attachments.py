"""Files of a step: how many there may be, and what they may be called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from blo_domain.errors import RefusalReason, Refused
from blo_schemas.content import Attachment
from blo_schemas.files import MAX_FILES
from blo_schemas.plain_text import is_plain, plain

MAX_NAME: Final = 150
"""Characters of a file's name; in UTF-8 they fit into what every file system takes."""

_MAX_NAME_BYTES: Final = 240
_MAX_EXTENSION: Final = 16
_FORBIDDEN: Final = re.compile(r'[<>:"|?*%]')
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z", re.IGNORECASE)
_UNNAMED: Final = "file"


def safe_name(name: str) -> str:
    """A file's name that means a file in one folder on every system, and looks like what it is.

    Folders before the name are left out, and so are controls and what nobody sees; characters that a
    file system or a shell gives a meaning become ``_``. A name that is safe already stays as it is.
    """
    name = unicodedata.normalize("NFC", name)
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(char for char in name if is_plain(char))
    name = _FORBIDDEN.sub("_", name).lstrip(" .-~").rstrip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name) or _UNNAMED


def _shortened(name: str) -> str:
    """The name with its extension, short enough for a file system."""
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _MAX_EXTENSION:
        stem, dot, extension = name, "", ""
    tail = dot + extension
    stem = stem[: MAX_NAME - len(tail)]
    while len((stem + tail).encode()) > _MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem.rstrip(" .") + tail


def check_files(attachments: Iterable[Attachment]) -> None:
    """Refuse files that are too many, are named twice, or have a name that is not safe.

    Args:
        attachments: All that a step encloses.

    Raises:
        Refused: Which rule they break.
    """
    files = [attachment for attachment in attachments if attachment.file is not None]
    ids = {attachment.file.id for attachment in files if attachment.file is not None}
    if len(files) > MAX_FILES:
        raise Refused(
            RefusalReason.TOO_MANY_FILES,
            f"{len(files)} files; at most {MAX_FILES} travel with one step. Send the others with "
            "another one.",
        )
    if len(ids) < len(files):
        raise Refused(RefusalReason.TOO_MANY_FILES, "A file is enclosed twice: name it once.")
    for attachment in files:
        if safe_name(attachment.name) != attachment.name:
            raise Refused(
                RefusalReason.FILE_NAME,
                f"“{plain(attachment.name)}” can't be a file's name everywhere; "
                f"“{safe_name(attachment.name)}” can.",
            )
