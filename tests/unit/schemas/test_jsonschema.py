"""The JSON Schemas in the repository are those of the structs in the code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from blo_schemas.bodies import BODIES
from blo_schemas.jsonschema import schema_files, write


def test_the_schemas_in_the_repository_are_up_to_date(project_root: Path) -> None:
    folder = project_root / "schemas/json"
    stored = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.json")
    }
    assert stored == schema_files(), "run `make schemas`"


def test_every_body_of_every_version_has_a_schema() -> None:
    files = schema_files()
    index = json.loads(files["bodies/index.json"])
    named = {(kind, step) for kind, steps in index.items() for step in steps}
    assert named == {(kind.word, step.word) for kind, step in BODIES}
    assert all(
        f"bodies/{name}" in files for of in index.values() for ns in of.values() for name in ns
    )


def test_a_schema_that_no_struct_has_any_more_is_removed(tmp_path: Path) -> None:
    (tmp_path / "bodies").mkdir()
    (tmp_path / "bodies/forgotten.v1.json").write_text("{}")
    write(tmp_path)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.json")} == set(
        schema_files()
    )


def test_the_command_writes_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "blo_schemas.jsonschema", str(tmp_path)], check=True)
    for name, text in schema_files().items():
        assert (tmp_path / name).read_text(encoding="utf-8") == text
