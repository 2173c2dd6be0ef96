"""New keys for the store and its backups; killed at any step, the store opens with one of the two."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from blo_agent.custody.backups import BackupFolder, BackupPlan, make_backup
from blo_agent.custody.rekey import finish_rekey, rekey_backups, rekey_store
from blo_agent.store.errors import KeyFileUnusable, StoreInUse, WrongStoreKey
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import create_store_key, is_wrapped, load_store_key, write_key
from blo_agent.store.tables import meta
from blo_cli.agent import agent
from blo_cli.errors import CliError, Exit
from blo_schemas.ids import OfficeId
from tests.killed import killed_at_each_step
from tests.unit.store.test_generation import names, put
from tests.unit.store.test_keyfile_forms import CHEAP, PASSPHRASE

OFFICE = OfficeId("vn-a")


def never(_: Path) -> str:
    raise AssertionError("nobody is asked")


def node(folder: Path) -> Path:
    """A store whose newest entry is in its log alone, and two backups."""
    folder.mkdir()
    key = create_store_key(folder / "office.key")
    plan = BackupPlan(folder, create_store_key(folder / "backup.key"))
    with Store(folder / "office.db", key) as store:
        store.submit(put("n1")).result()
        make_backup(store, plan, OFFICE, 1, "operator")
        store.submit(put("n2")).result()
        make_backup(store, plan, OFFICE, 2, "operator")
        store.submit(put("n3")).result()
    return folder


def rekey_in(folder: Path) -> None:
    rekey_store(folder / "office.db", folder / "office.key", never)


def rekey_backups_in(folder: Path) -> None:
    rekey_backups(folder, OFFICE, folder / "backup.key", never, folder / "office.db")


def opened(folder: Path) -> list[str]:
    finish_rekey(folder / "office.db", folder / "office.key", never)
    with Store(folder / "office.db", load_store_key(folder / "office.key")) as store:
        return names(store)


def test_a_new_key_opens_the_store_and_the_old_one_does_not(tmp_path: Path) -> None:
    folder = node(tmp_path / "node")
    old = load_store_key(folder / "office.key")
    with Store(folder / "office.db", old), pytest.raises(StoreInUse):
        rekey_in(folder)
    assert opened(folder) == ["n1", "n2", "n3"]
    rekey_in(folder)
    assert opened(folder) == ["n1", "n2", "n3"]
    with pytest.raises(WrongStoreKey):
        Store(folder / "office.db", old)
    with Store(folder / "office.db", load_store_key(folder / "office.key")) as store:
        restored = store.submit_read(lambda snapshot: meta.get(snapshot, meta.RESTORED)).result()
        assert restored is None, "it is the store itself, and no copy of the past"
    assert not [path for path in folder.iterdir() if path.suffix in (".next", ".rekeyed")]


def test_a_change_of_the_key_that_is_killed_anywhere_is_finished_or_undone(
    tmp_path: Path,
) -> None:
    folder = node(tmp_path / "node")
    old = load_store_key(folder / "office.key")
    left = killed_at_each_step(folder, tmp_path / "killed", "tests.custody.test_rekey:rekey_in")
    assert len(left) > 10
    kept = [opened(one) == ["n1", "n2", "n3"] for one in left]
    assert all(kept)
    keys = {load_store_key(one / "office.key") == old for one in left}
    assert keys == {True, False}
    assert not [path for one in left for path in one.glob("*.next")]


def test_a_change_of_the_backups_key_that_is_killed_goes_on(tmp_path: Path) -> None:
    folder = node(tmp_path / "node")
    left = killed_at_each_step(
        folder, tmp_path / "killed", "tests.custody.test_rekey:rekey_backups_in"
    )
    for one in left[:: max(1, len(left) // 4)]:
        rekey_backups_in(one)
        key = load_store_key(one / "backup.key")
        found = []
        for copy in BackupFolder(one, OFFICE).files():
            shutil.copy(copy, tmp_path / "copy.db")
            with Store(tmp_path / "copy.db", key) as store:
                found.append(names(store))
            for path in tmp_path.glob("copy.db*"):
                path.unlink()
        assert found == [["n1"], ["n1", "n2"]]
        assert load_store_key(one / "office.key") == load_store_key(folder / "office.key")


def config_of(folder: Path, more: str = "") -> Path:
    path = folder / "agent.toml"
    path.write_text(
        'office = "vn-a"\nstore = { path = "office.db", key = "office.key" }\n'
        'backup = { folder = ".", key = "backup.key" }\n'
        'kafka = { bootstrap = "127.0.0.1:1" }\n'
        f'trust = {{ pins = {{ vn = "{"00" * 32}" }} }}\n{more}'
    )
    return path


def blo(*arguments: object) -> str:
    done = CliRunner().invoke(
        agent, [*map(str, arguments)], standalone_mode=False, catch_exceptions=False
    )
    assert done.return_value == Exit.OK, done.output
    return done.stdout


def test_the_commands_keep_a_passphrase_over_a_new_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blo_agent.store.keyfile.write_key.__kwdefaults__", _cheap())
    folder = node(tmp_path / "node")
    config = config_of(folder)
    before = load_store_key(folder / "office.key")
    typed = iter([PASSPHRASE, "another passphrase", PASSPHRASE, PASSPHRASE])
    monkeypatch.setattr("blo_cli.setup.passphrases.ask_at_terminal", lambda _: next(typed))
    with pytest.raises(CliError, match="the two passphrases differ"):
        blo("key", "protect", "--config", config)
    assert not is_wrapped(folder / "office.key")
    blo("key", "protect", "--config", config)
    assert is_wrapped(folder / "office.key")
    assert load_store_key(folder / "office.key", lambda _: PASSPHRASE) == before
    monkeypatch.setattr("blo_agent.custody.key_sources.ask_at_terminal", lambda _: f"{PASSPHRASE}")
    form = json.loads(blo("rekey", "--config", config, "--json"))
    assert form == {"file": str(folder / "office.key"), "files": 1}
    assert is_wrapped(folder / "office.key")
    assert load_store_key(folder / "office.key", lambda _: PASSPHRASE) != before
    assert "2 backups" in blo("rekey", "--backups", "--config", config)
    blo("key", "unprotect", "--config", config)
    assert opened(folder) == ["n1", "n2", "n3"]
    with pytest.raises(KeyFileUnusable, match="another passphrase"):
        write_key(folder / "x.key", before, "short", cost=CHEAP)


def _cheap() -> dict[str, object]:
    return dict(write_key.__kwdefaults__ or {}) | {"cost": CHEAP}


def test_a_credential_is_changed_by_systemd_alone(tmp_path: Path) -> None:
    folder = node(tmp_path / "node")
    config = config_of(folder)
    config.write_text(config.read_text().replace('key = "office.key"', 'key_credential = "blo"'))
    with pytest.raises(CliError, match="only systemd can change"):
        blo("rekey", "--config", config)
