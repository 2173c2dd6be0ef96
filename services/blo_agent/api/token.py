"""The bearer token of the API for the office's tools that do not use the socket."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from blo_runtime.errors import ConfigurationError


def renew_token(path: Path) -> str:
    """Write a new bearer token, readable by its owner alone; that of the last run is void.

    Returns:
        The token.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    token = secrets.token_hex(32)
    draft = path.with_name(path.name + ".new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(
            path,
            "api.token",
            f"cannot be written ({error.strerror or error})",
            expected="a file in a folder of the agent's user",
            todo="Correct the path, or the rights of its folder.",
        ) from error
    return token
