"""Writes the vectors' files: ``python -m tests.vectors.generate``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.vectors import file_chunks, grants, heads_and_keys, heartbeats, parts, records
from tests.vectors.material import Json

HERE = Path(__file__).parent
KINDS = ("record", "part", "grant", "case_grant", "head", "heartbeat", "file_chunk", "key")
"""The kinds that are made here; ``document`` vectors are made beside the trust rules' tests."""


def vectors() -> Iterator[tuple[Path, Json]]:
    """Every vector with the file it belongs in."""
    for source in (records, parts, grants, heads_and_keys, heartbeats, file_chunks):
        for folder, made in (("accept", source.accepted()), ("reject", source.rejected())):
            for vector in made:
                yield HERE / folder / f"{vector['name']}.json", vector


def text(vector: Json) -> str:
    """A vector as its file has it."""
    return json.dumps(vector, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes every file, and removes those of vectors that are no longer made."""
    made = dict(vectors())
    for path in sorted(HERE.glob("*/*.json")):
        if path not in made and json.loads(path.read_text(encoding="utf-8"))["kind"] in KINDS:
            path.unlink()
    for path, vector in made.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(vector), encoding="utf-8")
    print(f"{len(made)} vectors")


if __name__ == "__main__":
    main()
