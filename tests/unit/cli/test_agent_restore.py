"""``blo agent restore``: a backup in the store's place, by the command that an operator types."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from blo_agent.store.facade import Store
from blo_agent.store.generation import log_of
from blo_agent.store.keyfile import create_store_key, load_store_key
from blo_agent.store.tables import meta
from blo_cli.agent import agent


@pytest.fixture
def config(tmp_path: Path) -> Path:
    create_store_key(tmp_path / "office.key")
    path = tmp_path / "agent.toml"
    path.write_text(
        'office = "vn-a"\n'
        f'store = {{ path = "{tmp_path}/office.db", key = "{tmp_path}/office.key" }}\n'
        f"api = {{ port = 0 }}\n"
        'kafka = { bootstrap = "127.0.0.1:1" }\n'
        f'trust = {{ pins = {{ vn = "{"00" * 32}" }} }}\n'
    )
    return path


def test_a_backup_takes_the_stores_place_and_its_log_goes(tmp_path: Path, config: Path) -> None:
    key = load_store_key(tmp_path / "office.key")
    path = tmp_path / "office.db"
    with Store(path, key) as store:
        store.submit(lambda tx: meta.put(tx, "then", b"x")).result(10)
        store.backup_now(tmp_path / "backup", key)
        store.submit(lambda tx: meta.put(tx, "later", b"x")).result(10)
        command = ["restore", "--config", str(config), str(tmp_path / "backup")]
        refused = CliRunner().invoke(agent, command, standalone_mode=False)
        assert "another process has the store open" in refused.output
    log_of(path).write_bytes(b"left by a crash")
    done = CliRunner().invoke(agent, command, standalone_mode=False)
    assert "restored from" in done.output, done.output
    assert "what lay there before" in done.output
    assert not log_of(path).exists()
    with Store(path, key) as store:
        assert store.submit_read(lambda s: meta.get(s, "then")).result(10) == b"x"
        assert store.submit_read(lambda s: meta.get(s, "later")).result(10) is None
