"""Key files: digits, wrapped under a passphrase, or a credential of systemd; bounds and words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from blo_agent.store.errors import KeyFileUnusable
from blo_agent.store.keyfile import is_wrapped, load_store_key, write_key
from blo_sealing.errors import Unopenable, UnusableKey
from blo_sealing.key_wrap import WrapCost, WrappedKey, unwrap_key, wrap_key

KEY = bytes(range(32))
PASSPHRASE = "bốn từ không ai đoán"
CHEAP = WrapCost(memory_kib=19_456, passes=1, lanes=1)


def wrapped_file(folder: Path) -> Path:
    path = folder / "office.key"
    write_key(path, KEY, PASSPHRASE, cost=CHEAP)
    return path


def test_a_wrapped_key_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    path = wrapped_file(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert KEY.hex() not in path.read_text()
    assert is_wrapped(path)
    assert load_store_key(path, lambda _: PASSPHRASE) == KEY
    with pytest.raises(KeyFileUnusable, match="does not open with this passphrase"):
        load_store_key(path, lambda _: PASSPHRASE + " ")
    with pytest.raises(KeyFileUnusable, match="nobody gives it"):
        load_store_key(path)


def test_any_keyboard_types_the_same_passphrase() -> None:
    composed, decomposed = "mật khẩu dài \u1eaf", "mật khẩu dài \u0061\u0306\u0301"
    assert composed != decomposed
    wrapped = wrap_key(KEY, composed, os.urandom, CHEAP)
    assert unwrap_key(wrapped, decomposed) == KEY


def changed(**fields: object) -> Callable[[dict[str, object]], dict[str, object]]:
    return lambda document: document | fields


@pytest.mark.parametrize(
    "change",
    [
        changed(memory_kib=4 * 1024 * 1024),
        changed(memory_kib=8),
        changed(passes=17),
        changed(passes=0),
        changed(lanes=17),
        changed(lanes=-1),
        changed(salt="00"),
        changed(salt="00" * 17),
        changed(sealed="00" * 47),
        changed(v=2),
        changed(kdf="scrypt"),
        changed(more=1),
    ],
)
def test_a_wrapped_key_of_other_bounds_is_refused_before_it_costs_anything(
    tmp_path: Path, change: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    path = wrapped_file(tmp_path)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))

    def never(_: Path) -> str:
        raise AssertionError("nobody is asked for the passphrase of a file that is none")

    with pytest.raises(KeyFileUnusable, match="holds no wrapped key"):
        load_store_key(path, never)


def test_what_the_file_says_of_the_cost_is_bound_to_the_key(tmp_path: Path) -> None:
    wrapped = wrap_key(KEY, PASSPHRASE, os.urandom, CHEAP)
    other = WrappedKey(WrapCost(memory_kib=19_456, passes=2, lanes=1), wrapped.salt, wrapped.sealed)
    with pytest.raises(Unopenable):
        unwrap_key(other, PASSPHRASE)


@pytest.mark.parametrize("passphrase", ["", "elf letters", "x" * 1025])
def test_a_passphrase_has_12_to_1024_characters(tmp_path: Path, passphrase: str) -> None:
    with pytest.raises(UnusableKey, match="passphrase"):
        wrap_key(KEY, passphrase, os.urandom, CHEAP)
    with pytest.raises(KeyFileUnusable, match="another passphrase"):
        write_key(tmp_path / "key", KEY, passphrase)
    assert list(tmp_path.iterdir()) == []


def test_a_credential_may_be_read_by_a_group_and_a_file_may_not(tmp_path: Path) -> None:
    path = tmp_path / "blo-store-key"
    write_key(path, KEY)
    path.chmod(0o440)
    assert load_store_key(path, is_credential=True) == KEY
    with pytest.raises(KeyFileUnusable, match="chmod 600"):
        load_store_key(path)
    path.chmod(0o444)
    with pytest.raises(KeyFileUnusable, match="others"):
        load_store_key(path, is_credential=True)
