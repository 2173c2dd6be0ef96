"""Unexpected errors as files, for whoever maintains ``blo``.

The file is in the machine's temporary folder, for its owner alone. It holds the traceback and the
version, no argument of the command and no local variable.
"""

from __future__ import annotations

import os
import platform
import tempfile
import traceback
from pathlib import Path

from blo_schemas.plain_text import plain


def write_incident(error: BaseException, version: str) -> Path | None:
    """Writes an error's traceback to a new file.

    Returns:
        The file; ``None`` if none can be made.
    """
    head = [f"blo {version}, Python {platform.python_version()}, {platform.platform()}"]
    data = "\n".join([*head, *traceback_lines(error)]) + "\n"
    try:
        descriptor, name = tempfile.mkstemp(prefix="blo-incident-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(data)
    except OSError:
        return None
    return Path(name)


def traceback_lines(error: BaseException) -> list[str]:
    """An error's traceback; what its messages hold is shown as ``blo`` shows all texts."""
    parts = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    return [plain(part) for part in parts]
