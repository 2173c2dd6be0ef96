"""Style sheets and scripts: read once, named by their digest, so a browser may keep them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from blo_agent.api.identity import for_anybody

FOLDER: Final = Path(__file__).parent / "assets"
PREFIX: Final = "/assets/"
FOREVER: Final = "public, max-age=31536000, immutable"
_TYPES: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """A file of the desk.

    Attributes:
        media_type: Its type.
        content: Its bytes.
    """

    media_type: str
    content: bytes


def _address(path: Path) -> str:
    digest = sha256(path.read_bytes()).hexdigest()[:16]
    return f"{PREFIX}{digest}-{path.name}"


_FILES: Final = [path for path in sorted(FOLDER.iterdir()) if path.suffix in _TYPES]
ADDRESSES: Final = {path.name: _address(path) for path in _FILES}
"""The name of a file → its address."""

_ASSETS: Final = {_address(path): Asset(_TYPES[path.suffix], path.read_bytes()) for path in _FILES}


@get("/assets/{name:str}", opt=for_anybody(), sync_to_thread=False)
def asset(name: FromPath[str]) -> Response[bytes]:
    """A style sheet or script."""
    known = _ASSETS.get(PREFIX + name)
    if known is None:
        raise NotFoundException("there is no such file")
    headers = {"cache-control": FOREVER}
    return Response(known.content, media_type=known.media_type, headers=headers)


HANDLERS = (asset,)
