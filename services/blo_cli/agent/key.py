"""``blo agent rekey`` and ``blo agent key``: new keys at rest, and the passphrase of a key's file."""

from __future__ import annotations

from pathlib import Path

import click

from blo_agent.config import AgentSettings, KeySettings
from blo_agent.custody.key_sources import KeySources, backup_settings
from blo_agent.custody.rekey import rekey_backups, rekey_store
from blo_agent.store.keyfile import load_store_key, write_key
from blo_cli import terminal
from blo_cli.agent.json_forms import KeyForm
from blo_cli.commands import CliCommand, CommandGroup
from blo_cli.errors import CliError, Exit
from blo_cli.parameters import json_option
from blo_cli.setup.passphrases import PassphraseSource
from blo_runtime.config import load
from blo_schemas.ids import OfficeId

_FILE = click.Path(path_type=Path)
_CONFIG = click.option("--config", required=True, type=_FILE, help="The agent's TOML file.")
_BACKUPS = click.option(
    "--backups", is_flag=True, help="The key of the backups; default: the store's."
)


@click.command("rekey", cls=CliCommand)
@_CONFIG
@_BACKUPS
@json_option(KeyForm)
def rekey_command(config: Path, backups: bool, wants_json: bool) -> int:
    """Encrypts the office's store, or all its backups, with a new key, while the node does not run.

    The new key takes the place of the old one in its file. A change that is cut off is finished or
    undone by the next start, or by this command. Backups keep their own key, and the store its own.
    """
    settings = load(config, AgentSettings)
    sources = KeySources(settings)
    path = _key_file(config, backup_settings(settings) if backups else settings.store)
    if backups:
        wanted = backup_settings(settings)
        store = settings.store.path
        office = OfficeId(settings.office)
        count = rekey_backups(wanted.folder, office, path, sources.passphrase, store)
    else:
        rekey_store(settings.store.path, path, sources.passphrase)
        count = 1
    if wants_json:
        terminal.json(KeyForm(str(path), count))
    else:
        what = f"{count} backups are" if backups else "the store is"
        terminal.line(f"{path}: has a new key; {what} encrypted with it")
    return Exit.OK


@click.group(cls=CommandGroup)
def key() -> None:
    """The files of the keys of the store and of its backups."""


@key.command()
@_CONFIG
@_BACKUPS
@json_option(KeyForm)
def protect(config: Path, backups: bool, wants_json: bool) -> int:
    """Wraps a key's file under a passphrase, or under another one (argon2id).

    The passphrase is the one that [passphrase] of the configuration gives, else it is asked for. The
    node then needs it at each start.
    """
    settings = load(config, AgentSettings)
    path = _key_file(config, backup_settings(settings) if backups else settings.store)
    sources = KeySources(settings)
    secret = load_store_key(path, sources.passphrase)
    given = settings.passphrase
    if given.credential is not None or given.descriptor is not None:
        passphrase = sources.passphrase(path)
    else:
        passphrase = PassphraseSource(None).new(path)
    write_key(path, secret, passphrase, replace=True)
    return _tell(path, "is wrapped under its passphrase", wants_json)


@key.command()
@_CONFIG
@_BACKUPS
@json_option(KeyForm)
def unprotect(config: Path, backups: bool, wants_json: bool) -> int:
    """Writes a key's file without a passphrase; only its owner can read it."""
    settings = load(config, AgentSettings)
    path = _key_file(config, backup_settings(settings) if backups else settings.store)
    write_key(path, load_store_key(path, KeySources(settings).passphrase), replace=True)
    return _tell(path, "needs no passphrase any more", wants_json)


def _tell(path: Path, words: str, wants_json: bool) -> int:
    if wants_json:
        terminal.json(KeyForm(str(path), 1))
    else:
        terminal.line(f"{path}: {words}")
    return Exit.OK


def _key_file(config: Path, source: KeySettings) -> Path:
    if source.key is None:
        raise CliError(
            str(config),
            f"names the credential {source.key_credential}, which only systemd can change",
            todo="Make a backup, give the unit a new credential, and restore the backup: "
            "blo agent restore encrypts it with the key that is configured then",
        )
    return source.key
