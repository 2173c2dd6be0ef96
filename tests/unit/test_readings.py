"""Text and bytes from outside are read in few places, each of which turns every fault into one error."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = {
    "schemas/blo_schemas/codec.py": "MessagePack",
    "schemas/blo_schemas/event.py": "the fast way to MessagePack, which falls back to the codec's",
    "schemas/blo_schemas/prepared_types.py": "makes a type's reader, and reads nothing",
    "schemas/blo_schemas/texts.py": "JSON, TOML, hexadecimal, dates, time zones",
    "schemas/blo_schemas/instants.py": "instants to dates, bounded",
    "services/blo_desk/forms.py": "the texts of a posted form into its struct; own errors",
    "services/blo_runtime/config.py": "a table from TOML into settings, with paths; own errors",
    "deploy/blo_lab/network/network_file.py": "a lab's network from TOML; own errors",
    "deploy/blo_lab/scenario/lines.py": "JSON in which no name stands twice; own errors",
}
"""Where a library's reader may be called, and what for."""

READERS = {
    "msgspec.json.decode", "msgspec.msgpack.decode", "msgspec.json.Decoder",
    "msgspec.msgpack.Decoder", "msgspec.convert", "json.loads", "json.load", "json.JSONDecoder",
    "tomllib.load", "tomllib.loads", "bytes.fromhex", "bytearray.fromhex",
}  # fmt: skip
METHODS = {"fromisoformat", "fromtimestamp", "utcfromtimestamp", "strptime"}
NAMES = {"ZoneInfo"}
MODULES = {"json", "tomllib", "msgspec.json"}
READING = {"load", "loads", "decode", "Decoder", "JSONDecoder", "*"}
"""What can be taken out of these modules to read with."""


def readers(text: str) -> list[str]:
    """Calls and other uses of readers in a module's text, with their lines."""
    calls = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            whole = ast.unparse(node)
            if whole in READERS or node.attr in METHODS:
                calls.append(f"{node.lineno}: {whole}")
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in NAMES:
            calls.append(f"{node.lineno}: {ast.unparse(node.func)}")
        elif (
            isinstance(node, ast.ImportFrom)
            and node.module in MODULES
            and {alias.name for alias in node.names} & READING
        ):
            calls.append(f"{node.lineno}: from {node.module}")
    return calls


def modules() -> list[Path]:
    return sorted(
        path
        for folder in ("schemas", "services", "deploy")
        for path in (ROOT / folder).rglob("*.py")
    )


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_known_places_call_a_librarys_reader(path: Path) -> None:
    calls = readers(path.read_text())
    if str(path.relative_to(ROOT)) not in PLACES:
        assert not calls, "use blo_schemas.codec, blo_schemas.texts or blo_schemas.instants"


def test_what_reads_into_a_type_makes_the_type_ready_first() -> None:
    """Two threads that read a struct for the first time end the program: ``prepared_types``."""
    for place in PLACES:
        text = (ROOT / place).read_text()
        if {"msgspec.convert", "msgspec.json.decode", "msgspec.msgpack.Decoder"} & {
            call.partition(": ")[2] for call in readers(text)
        }:
            assert "prepare(" in text or "are ready" in text, place


def test_the_places_are_those_that_do() -> None:
    assert all(readers((ROOT / place).read_text()) for place in PLACES if "instants" not in place)
