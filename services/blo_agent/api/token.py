"""The bearer token of the API for the office's tools that do not use the socket."""

from __future__ import annotations

import secrets
from pathlib import Path

from blo_runtime.errors import ConfigurationError
from blo_runtime.files import write_file


def renew_token(path: Path) -> str:
    """Write a new bearer token, readable by its owner alone; that of the last run is void.

    Returns:
        The token.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    token = secrets.token_hex(32)
    try:
        write_file(path, f"{token}\n".encode(), private=True, replace=True)
    except OSError as error:
        raise ConfigurationError(
            path,
            "api.token",
            f"cannot be written ({error.strerror or error})",
            expected="a file in a folder of the agent's user",
            todo="Correct the path, or the rights of its folder.",
        ) from error
    return token
