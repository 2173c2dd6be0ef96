"""JSON Schemas of what crosses a wire: ``python -m blo_schemas.jsonschema DIR``.

On the wire everything is MessagePack (``codec``). The schemas describe the same structs in the
JSON form that scenario files and the API use: bytes in base64, amounts as numbers or decimal text, array-like
structs as arrays. A file per struct; ``bodies/index.json`` says which one belongs to which kind,
step and version.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from blo_schemas.bodies import BODIES
from blo_schemas.content import Content, Dispatch
from blo_schemas.event import Envelope, Header
from blo_schemas.files import FileChunk
from blo_schemas.grants import CaseGrant, Grant
from blo_schemas.heads import Head, SignedHead
from blo_schemas.heartbeats import Heartbeat, SignedHeartbeat
from blo_schemas.reports import SignedReport
from blo_schemas.summary import Summary
from blo_schemas.trust import (
    Agreement,
    Certificate,
    OfficeEntry,
    Revocation,
    Root,
    SignedDocument,
)
from blo_schemas.views import CaseView

_FRAMES: Final = (
    Header,
    Envelope,
    Summary,
    Content,
    Dispatch,
    Grant,
    CaseGrant,
    FileChunk,
    Head,
    SignedHead,
    Heartbeat,
    SignedHeartbeat,
    Root,
    Certificate,
    OfficeEntry,
    Agreement,
    Revocation,
    SignedDocument,
    CaseView,
    SignedReport,
)
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")


def schema_files() -> Mapping[str, str]:
    """The text of each schema file by its path, the same on every machine."""
    return dict(_files())


def write(folder: Path) -> None:
    """Writes all schema files, and removes those that no struct has any more."""
    files = schema_files()
    for stale in folder.rglob("*.json"):
        if stale.relative_to(folder).as_posix() not in files:
            stale.unlink()
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _files() -> Iterator[tuple[str, str]]:
    for frame in _FRAMES:
        yield f"{_file_word(frame)}.json", _text(_schema(frame))
    index: dict[str, dict[str, list[str]]] = {}
    for kind, step in sorted(BODIES):
        schema = BODIES.schema(kind, step)
        names = []
        for version in range(1, schema.version + 1):
            body = schema.type_of(version)
            names.append(f"{_file_word(body)}.v{version}.json")
            yield f"bodies/{names[-1]}", _text(_schema(body))
        index.setdefault(kind.word, {})[step.word] = names
    yield "bodies/index.json", _text(index)


def _schema(struct: type[Any]) -> dict[str, Any]:
    return {"$schema": _DIALECT, **_tidy(msgspec.json.schema(struct))}


def _tidy(node: Any) -> Any:
    """The same schema: descriptions without the source's indentation, amounts as numbers too."""
    if isinstance(node, dict):
        if node.get("format") == "decimal":
            return {**node, "type": ["string", "number"]}
        return {key: _tidy_text(key, value) for key, value in node.items()}
    return [_tidy(item) for item in node] if isinstance(node, list) else node


def _tidy_text(key: str, value: Any) -> Any:
    is_text = key == "description" and isinstance(value, str)
    return inspect.cleandoc(value) if is_text else _tidy(value)


def _file_word(struct: type[Any]) -> str:
    return _WORD_START.sub("-", struct.__name__).lower()


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    (_folder,) = sys.argv[1:]
    write(Path(_folder))
