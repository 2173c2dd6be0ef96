"""Unix sockets: programs on one machine that know each other by the user that the kernel names.

No secret goes over such a socket. The server learns from the kernel which user asks, the client
which user answers, so a stranger that took a dead program's place gets nothing.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

_LONGEST: Final = 100
"""The kernel takes 107 bytes of a path; a longer one is named through its folder's descriptor."""
_CREDENTIALS: Final = struct.Struct("3i")
_BACKLOG: Final = 128


class PeerCredentials(msgspec.Struct, frozen=True):
    """The process at the other end of a Unix socket, as the kernel names it.

    Attributes:
        pid: Its process id at the time of the connection.
        uid: Its user.
        gid: Its group.
    """

    pid: int
    uid: int
    gid: int


def listen(path: Path) -> socket.socket:
    """Listen on a Unix socket that only its owner may connect to.

    A socket that is there already is replaced: the caller makes sure that nobody else runs here.

    Args:
        path: The socket's file.

    Raises:
        OSError: It cannot be made.
    """
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(path) as address:
            bound.bind(address)
        # Before listen, nobody can connect.
        path.chmod(0o600)
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    bound.settimeout(0)
    return bound


def connect(path: Path, timeout_s: float) -> socket.socket:
    """Connect to the program that listens on a Unix socket.

    Args:
        path: The socket's file.
        timeout_s: How long each later read or write may take, in seconds.

    Raises:
        OSError: Nobody listens there, or it must not be reached.
    """
    joined = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        joined.settimeout(timeout_s)
        with _address(path) as address:
            joined.connect(address)
    except OSError:
        joined.close()
        raise
    return joined


def peer_of(joined: socket.socket) -> PeerCredentials:
    """The process at the other end.

    Args:
        joined: A connected Unix socket.

    Raises:
        OSError: The kernel does not say.
    """
    credentials = joined.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return PeerCredentials(*_CREDENTIALS.unpack(credentials))


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """The path, or a short one that leads to the same file while the block lasts."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
