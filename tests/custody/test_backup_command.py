"""``blo agent backup`` and ``restore``, as an operator types them, with a node that runs and dies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from blo_agent.store.connection import open_connection
from blo_agent.store.content_digest import content_digest
from blo_agent.store.errors import KeyFileUnusable
from blo_agent.store.keyfile import create_store_key, load_store_key, write_key
from blo_cli.agent import agent
from blo_cli.errors import CliError, Exit
from blo_log.memory import MemoryCluster, MemoryLog
from blo_runtime.secret_inputs import SecretMissing
from blo_runtime.supervision import ExitCode
from tests.agents.processes import AgentProcess, NoAnswer
from tests.agents.test_endings import nowhere, until_it_says
from tests.agents.world import A, two_offices
from tests.patience import PATIENCE_S
from tests.unit.store.test_keyfile_forms import CHEAP, PASSPHRASE

pytestmark = pytest.mark.slow


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AgentProcess]:
    world = two_offices(tmp_path, lambda: MemoryLog(MemoryCluster()))
    process = AgentProcess(world, A, nowhere())
    (process.folder / "backups").mkdir()
    create_store_key(process.folder / "backup.key")
    with process.config.open("a") as config:
        config.write('\n[backup]\nfolder = "backups"\nkey = "backup.key"\nevery_s = 0\n')
    yield process
    if process.is_running:
        process.kill()


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(
        agent, [*map(str, arguments)], standalone_mode=False, catch_exceptions=False
    )


def blo(*arguments: object) -> Any:
    """What ``blo agent … --json`` prints."""
    done = invoke(*arguments, "--json")
    assert done.return_value == Exit.OK, done.output
    return json.loads(done.output)


def test_a_node_is_backed_up_while_it_runs_killed_lost_and_restored(node: AgentProcess) -> None:
    node.start()
    until_it_says(node, "agent is up")
    made = blo("backup", "--config", node.config)
    copy = node.folder / "backups" / made["file"]
    connection = open_connection(copy, load_store_key(node.folder / "backup.key"), read_only=True)
    assert content_digest(connection).hex() == made["digest"]
    connection.close()
    until_age_is_shown(node)
    node.kill()
    store = node.folder / "office.db"
    for file in node.folder.glob("office.db*"):
        file.unlink()
    node.start()
    assert node.process.wait(PATIENCE_S) == ExitCode.UNABLE
    assert "there is no store. Mount its disk" in node.output()
    assert not store.exists()
    done = blo("restore", "--config", node.config, copy)
    assert (done["digest"], done["former"]) == (made["digest"], None)
    node.start()
    node.until_up()
    status, answer = node.ask("GET", "/v1/links")
    assert status == 200, answer
    node.kill()
    # With no node that runs, the command makes the backup itself.
    again = blo("backup", "--config", node.config, "--actor", "the operator")
    assert again["file"].startswith("vn-a.000002.")


def until_age_is_shown(node: AgentProcess) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            lines = node.metrics().splitlines()
        except NoAnswer:
            lines = []
        ages = [line for line in lines if line.startswith("blo_backup_age_seconds ")]
        if ages and float(ages[0].split()[1]) >= 0:
            return
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_node_whose_key_has_a_passphrase_starts_with_it_and_not_without(
    node: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = node.folder / "office.key"
    write_key(key, load_store_key(key), PASSPHRASE, replace=True, cost=CHEAP)
    credentials = node.folder / "credentials"
    credentials.mkdir()
    (credentials / "blo-passphrase").write_text(PASSPHRASE)
    with node.config.open("a") as config:
        config.write('\n[passphrase]\ncredential = "blo-passphrase"\n')
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(SecretMissing, match="LoadCredentialEncrypted=blo-passphrase"):
        invoke("run", "--config", node.config)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (credentials / "blo-passphrase").write_text("another passphrase")
    with pytest.raises(KeyFileUnusable, match="does not open with this passphrase"):
        invoke("run", "--config", node.config)
    (credentials / "blo-passphrase").write_text(PASSPHRASE)
    node.start()
    until_it_says(node, "agent is up")
    assert node.terminate() == 0
    assert PASSPHRASE not in node.output()


def test_a_refused_backup_is_told_in_words(node: AgentProcess) -> None:
    node.start()
    until_it_says(node, "agent is up")
    (node.folder / "backups").rmdir()
    with pytest.raises(CliError, match="Mount the disk of the backups"):
        blo("backup", "--config", node.config)
    assert node.is_running
