"""``blo agent``: backups, and what is put back from them."""

from __future__ import annotations

from pathlib import Path

import click

from blo_agent.api.custody_types import BackupAnswer, BackupRequest, backup_answer
from blo_agent.config import AgentSettings
from blo_agent.custody.backups import BackupPlan, make_backup
from blo_agent.custody.key_sources import KeySources, backup_settings
from blo_agent.store import backup as copies
from blo_agent.store.errors import StoreError, StoreInUse
from blo_agent.store.facade import open_store
from blo_agent.store.keyfile import load_store_key
from blo_cli import terminal
from blo_cli.agent.json_forms import RestoredForm
from blo_cli.client import client_of
from blo_cli.commands import CliCommand
from blo_cli.errors import Exit
from blo_cli.parameters import LINE, json_option
from blo_runtime.clock import SystemClock
from blo_runtime.config import load
from blo_schemas.ids import OfficeId
from blo_schemas.instants import local

_FILE = click.Path(path_type=Path)
_CONFIG = click.option("--config", required=True, type=_FILE, help="The agent's TOML file.")
_BY_COMMAND = "operator"


@click.command("backup", cls=CliCommand)
@_CONFIG
@click.option("--actor", type=LINE, help="Who asks; goes into the journal.")
@json_option(BackupAnswer)
def backup_command(config: Path, actor: str | None, wants_json: bool) -> int:
    """Makes a backup of the office's store, and verifies it by reading it back.

    It is encrypted with a key of its own, and lies in the folder that the section [backup] of the
    configuration names. The running node makes it while it works; if none runs, this command does.
    """
    settings = load(config, AgentSettings)
    try:
        made = _backup_without_node(settings, actor or _BY_COMMAND)
    except StoreInUse:
        made = client_of(settings).backup(BackupRequest(actor))
    if wants_json:
        terminal.json(made)
    else:
        terminal.line(
            f"{made.file}: {made.size:,} bytes, read back and equal; digest {made.digest}"
        )
    return Exit.OK


def _backup_without_node(settings: AgentSettings, actor: str) -> BackupAnswer:
    """Make a backup with the store's lock in hand.

    Raises:
        StoreInUse: The node runs.
    """
    wanted = backup_settings(settings)
    sources = KeySources(settings)
    with open_store(settings.store.path, sources.store_key()) as store:
        plan = BackupPlan(wanted.folder, sources.backup_key(), keep=wanted.keep)
        now = SystemClock().now_ms()
        return backup_answer(make_backup(store, plan, OfficeId(settings.office), now, actor))


@click.command("restore", cls=CliCommand)
@_CONFIG
@click.argument("backup", type=_FILE)
@click.option(
    "--backup-key", type=_FILE, help="The backup's key file; default: the configured one."
)
@json_option(RestoredForm)
def restore_command(config: Path, backup: Path, backup_key: Path | None, wants_json: bool) -> int:
    """Puts BACKUP in the place of the office's store, while the node does not run.

    What lies beside the store, its write-ahead log above all, is removed with it, and kept in a
    folder that this command names. The node then reads from the log what the backup lacks, and
    shows no contents and writes nothing before it has.
    """
    settings = load(config, AgentSettings)
    sources = KeySources(settings)
    key = sources.store_key()
    if backup_key is not None:
        opened_with = load_store_key(backup_key, sources.passphrase)
    else:
        opened_with = key if settings.backup is None else sources.backup_key()
    moment = local(SystemClock().now_ms()).strftime("%Y%m%dT%H%M%S.%fZ")
    former = f"{settings.store.path.name}.before-{moment}"
    try:
        done = copies.restore(settings.store.path, key, backup, opened_with, former=former)
    except StoreError as error:
        terminal.problem(f"nothing was restored: {error}")
        return Exit.CHECK_FAILED
    form = RestoredForm(
        store=str(settings.store.path),
        backup=str(backup),
        digest=done.copy.digest.hex(),
        size=done.copy.size,
        former=None if done.former is None else str(done.former),
    )
    if wants_json:
        terminal.json(form)
        return Exit.OK
    terminal.line(f"{form.store}: restored from {backup}, read back and equal")
    if form.former is not None:
        terminal.line(f"{form.former}: what lay there before; remove it when all is well")
    return Exit.OK
