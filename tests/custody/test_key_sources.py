"""Where the node's keys come from: a file, systemd, a descriptor, a terminal; and the words if not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blo_agent.config import AgentSettings
from blo_agent.custody.key_sources import KeySources
from blo_agent.store.keyfile import write_key
from blo_runtime.config import load
from blo_runtime.errors import ConfigurationError, WrongValue
from blo_runtime.secret_inputs import SecretMissing, ask_at_terminal
from tests.unit.store.test_keyfile_forms import CHEAP, KEY, PASSPHRASE

OTHER = bytes(32)


def settings(folder: Path, store_key: str, more: str = "") -> AgentSettings:
    path = folder / "agent.toml"
    path.write_text(
        'office = "vn-a"\n'
        f'store = {{ path = "office.db"{store_key} }}\n'
        'kafka = { bootstrap = "127.0.0.1:1" }\n'
        f'trust = {{ pins = {{ vn = "{"00" * 32}" }} }}\n{more}'
    )
    return load(path, AgentSettings)


def test_store_and_backups_have_keys_of_their_own(tmp_path: Path) -> None:
    write_key(tmp_path / "a.key", KEY)
    write_key(tmp_path / "b.key", OTHER)
    sources = KeySources(
        settings(tmp_path, ', key = "a.key"', '[backup]\nfolder = "backups"\nkey = "b.key"\n')
    )
    assert (sources.store_key(), sources.backup_key()) == (KEY, OTHER)
    with pytest.raises(ConfigurationError, match=r"backup: missing"):
        KeySources(settings(tmp_path, ', key = "a.key"')).backup_key()


@pytest.mark.parametrize("keys", [', key = "a.key", key_credential = "blo"', ""])
def test_a_key_is_in_one_place(tmp_path: Path, keys: str) -> None:
    with pytest.raises(WrongValue, match="Name one of them"):
        settings(tmp_path, keys)


def test_systemd_gives_the_key_and_the_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    write_key(given / "blo-store-key", KEY, PASSPHRASE, cost=CHEAP)
    (given / "blo-passphrase").write_text(f"{PASSPHRASE}\n")
    configured = settings(
        tmp_path,
        ', key_credential = "blo-store-key"',
        '[passphrase]\ncredential = "blo-passphrase"',
    )
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SecretMissing, match="LoadCredentialEncrypted=blo-store-key"):
        KeySources(configured).store_key()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    assert KeySources(configured).store_key() == KEY
    (given / "blo-passphrase").unlink()
    with pytest.raises(SecretMissing, match="blo-passphrase"):
        KeySources(configured).store_key()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (f"{PASSPHRASE}\nmore", None),
        ("", "empty line"),
        ("\n", "empty line"),
        ("x" * 5000, "more than 4,096"),
    ],
)
def test_a_descriptor_gives_the_passphrase(tmp_path: Path, given: str, words: str | None) -> None:
    write_key(tmp_path / "a.key", KEY, PASSPHRASE, cost=CHEAP)
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as stream:
        stream.write(given.encode())
    sources = KeySources(
        settings(tmp_path, ', key = "a.key"', f"[passphrase]\ndescriptor = {reader}\n")
    )
    if words is not None:
        with pytest.raises(SecretMissing, match=words):
            sources.store_key()
        return
    assert sources.store_key() == KEY
    # Read once: the descriptor is closed by now.
    assert sources.store_key() == KEY


def test_a_person_is_asked_once_for_each_file(tmp_path: Path) -> None:
    write_key(tmp_path / "a.key", KEY, PASSPHRASE, cost=CHEAP)
    asked: list[Path] = []

    def ask(path: Path) -> str:
        asked.append(path)
        return PASSPHRASE

    sources = KeySources(settings(tmp_path, ', key = "a.key"'), ask)
    assert sources.store_key() == sources.store_key() == KEY
    assert asked == [tmp_path / "a.key"]


def test_without_a_terminal_the_words_say_what_to_configure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SecretMissing, match=r"\[passphrase\]"):
        ask_at_terminal("?")
