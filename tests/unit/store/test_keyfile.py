"""The key file keeps its secret and is checked before it is used."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from blo_agent.store.errors import KeyFileUnusable
from blo_agent.store.keyfile import create_store_key, load_store_key


def test_a_new_key_file_is_readable_by_its_owner_only_and_loads(tmp_path: Path) -> None:
    path = tmp_path / "store.key"
    key = create_store_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_store_key(path) == key


def test_two_keys_differ_and_a_key_is_never_overwritten(tmp_path: Path) -> None:
    key = create_store_key(tmp_path / "a")
    assert create_store_key(tmp_path / "b") != key
    with pytest.raises(KeyFileUnusable, match="can't be made"):
        create_store_key(tmp_path / "a")
    assert load_store_key(tmp_path / "a") == key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o602])
def test_a_file_that_others_can_reach_is_refused_with_the_command_that_helps(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "store.key"
    create_store_key(path)
    path.chmod(mode)
    with pytest.raises(KeyFileUnusable, match=f"chmod 600 {path}"):
        load_store_key(path)


@pytest.mark.parametrize(
    "text",
    ["", "ab" * 31, "ab" * 33, "zz" * 32, "ab " * 32, "ab" * 32 + "\n\n", " " + "ab" * 32],
)
def test_anything_but_64_digits_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "store.key"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(KeyFileUnusable, match="does not hold a key of 32 bytes") as caught:
        load_store_key(path)
    assert "abab" not in str(caught.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match="nowhere") as caught:
        load_store_key(tmp_path / "nowhere")
    assert caught.value.file == tmp_path / "nowhere"
    assert caught.value.todo
