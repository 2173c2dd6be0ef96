"""The keys of the store and of its backups, from where the configuration says that they are."""

from __future__ import annotations

from pathlib import Path

from blo_agent.config import AgentSettings, BackupSettings, KeySettings
from blo_agent.custody.rekey import finish_rekey
from blo_agent.store.keyfile import AskPassphrase, load_store_key
from blo_runtime.errors import ConfigurationError
from blo_runtime.files import read_with_mode
from blo_runtime.secret_inputs import (
    LONGEST_SECRET,
    SecretMissing,
    ask_at_terminal,
    credential_path,
    first_line,
    read_descriptor,
)


class KeySources:
    """Loads the keys that a configuration names; asks for a passphrase once.

    Args:
        settings: The agent's configuration.
        ask: Asks a person; default: at the terminal.
    """

    def __init__(self, settings: AgentSettings, ask: AskPassphrase | None = None) -> None:
        self._settings = settings
        self._ask = ask or _ask_person
        self._passphrases: dict[Path, str] = {}
        self._given: str | None = None

    def store_key(self) -> bytes:
        """The key of the store; a change of it that was cut off is finished first.

        Raises:
            StoreInUse: It is being changed.
            KeyFileUnusable: Its file can't be used.
            SecretMissing: A credential or passphrase is not where it should be.
        """
        store = self._settings.store
        if store.key is not None:
            finish_rekey(store.path, store.key, self.passphrase)
        return self._load(store)

    def backup_key(self) -> bytes:
        """The key of the backups.

        Raises:
            KeyFileUnusable: Its file can't be used.
            SecretMissing: A credential or passphrase is not where it should be.
            ConfigurationError: The configuration has no section ``backup``.
        """
        return self._load(backup_settings(self._settings))

    def passphrase(self, path: Path) -> str:
        """The passphrase of a key file: given by the system for all files, or asked for each.

        Raises:
            SecretMissing: It is not where it should be.
        """
        source = self._settings.passphrase
        if source.credential is None and source.descriptor is None:
            if path not in self._passphrases:
                self._passphrases[path] = self._ask(path)
            return self._passphrases[path]
        if self._given is None:
            self._given = _given_passphrase(source.credential, source.descriptor)
        return self._given

    def _load(self, source: KeySettings) -> bytes:
        if source.key_credential is not None:
            path = credential_path(source.key_credential)
            return load_store_key(path, self.passphrase, is_credential=True)
        return load_store_key(source.key_file, self.passphrase)


def backup_settings(settings: AgentSettings) -> BackupSettings:
    """The section ``backup``.

    Raises:
        ConfigurationError: There is none.
    """
    if settings.backup is None:
        raise ConfigurationError(
            settings.store.path,
            "backup",
            "missing",
            expected="a section with the folder of the backups and their key",
            todo="Add it to the agent's configuration: docs/keys.md",
        )
    return settings.backup


def _given_passphrase(credential: str | None, descriptor: int | None) -> str:
    if credential is None:
        return read_descriptor(descriptor if descriptor is not None else 0)
    path = credential_path(credential)
    try:
        data, _ = read_with_mode(path, LONGEST_SECRET)
    except OSError as error:
        raise SecretMissing(
            f"the credential {credential} can't be read ({error.strerror}). "
            "Start the program as the user of its unit"
        ) from error
    return first_line(data, f"the credential {credential}")


def _ask_person(path: Path) -> str:
    return ask_at_terminal(f"Passphrase of {path}: ")
