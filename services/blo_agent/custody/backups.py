"""Backups of the office's store: made by the running agent, verified, counted, and told of."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec

from blo_agent.office.link_state import PROGRAM
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.errors import BackupRefused
from blo_agent.store.facade import Store
from blo_agent.store.tables import identities, journal, meta
from blo_runtime.clock import Clock
from blo_runtime.logs import get_logger
from blo_runtime.metrics import Metrics
from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes32, Count, UnixMs
from blo_schemas.ids import OfficeId
from blo_schemas.instants import local

BACKUP_SUFFIX: Final = ".blobackup"
_LOOK_EVERY_S: Final = 60.0
_AFTER_FAILURE_S: Final = 600.0


class BackupRecord(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A backup that was verified, as the store remembers it.

    Attributes:
        v: Version of this layout, 1.
        at: When it was begun, Unix milliseconds.
        file: Its file.
        digest: The digest of its rows (``blo_agent.store.content_digest``).
        size: The file's length in bytes.
    """

    v: int
    at: UnixMs
    file: str
    digest: Bytes32
    size: Count


BACKUP_RECORD: Final = Codec(BackupRecord, versions=(1,), limit=8192)


class BackupPlan(msgspec.Struct, frozen=True):
    """Where backups go, and how often.

    Attributes:
        folder: Their folder, which must be there: a disk that is not mounted is no place.
        key: Their key, 32 bytes.
        every_s: How often the running agent makes one, in seconds; 0: only when asked to.
        keep: How many are kept.
    """

    folder: Path
    key: bytes
    every_s: float = 0.0
    keep: int = 14

    def __repr__(self) -> str:
        return f"BackupPlan({self.folder}, key not shown)"


def make_backup(
    store: Store, plan: BackupPlan, office: OfficeId, now: int, actor: str
) -> BackupRecord:
    """Makes and verifies a backup, notes it in the journal, and removes those beyond ``keep``.

    For a thread without an event loop; the store goes on meanwhile.

    Raises:
        BackupRefused: It can't be written, or is not what was written; older backups stay.
        StoreError: The store is damaged or has failed.
    """
    if not plan.folder.is_dir():
        raise BackupRefused(
            plan.folder, "there is no such folder", todo="Mount the disk of the backups, or make it"
        )
    backups = BackupFolder(plan.folder, office)
    copy = store.backup_now(backups.next_file(now), plan.key)
    record = BackupRecord(1, now, copy.path.name, copy.digest, copy.size)

    def note(tx: Transaction) -> None:
        meta.put(tx, meta.BACKUP, BACKUP_RECORD.encode(record))
        detail = f"{copy.path.name} {copy.digest.hex()}".encode()
        journal.append(tx, at=now, actor=actor, action="backup", detail=detail)

    store.submit(note).result()
    backups.remove_beyond(plan.keep)
    return record


def newest_backup(snapshot: Snapshot) -> BackupRecord | None:
    """The newest verified backup of the store; ``None``: there was none yet."""
    stored = meta.get(snapshot, meta.BACKUP)
    return None if stored is None else BACKUP_RECORD.decode(stored)


def unsaved_since(snapshot: Snapshot) -> int:
    """From when on nothing is in a backup: the newest one, or the office's setting up; Unix ms."""
    newest = newest_backup(snapshot)
    if newest is not None:
        return newest.at
    made = [identity.added_at for identity in identities.all_of(snapshot)]
    return min(made, default=0)


class BackupFolder:
    """The backups of one office in a folder, by the numbers in their names.

    Numbers, because a clock that was set back would make the newest look like the oldest.

    Args:
        folder: The folder.
        office: The office.
    """

    def __init__(self, folder: Path, office: OfficeId) -> None:
        self._folder = folder
        self._office = office
        self._name = re.compile(
            rf"{re.escape(office)}\.(\d{{6,}})\.\d{{8}}T\d{{6}}Z{re.escape(BACKUP_SUFFIX)}"
        )

    def files(self) -> list[Path]:
        """The backups, the oldest first."""
        numbered = []
        for path in self._folder.iterdir():
            match = self._name.fullmatch(path.name)
            if match is not None:
                numbered.append((int(match[1]), path))
        return [path for _, path in sorted(numbered)]

    def next_file(self, now: int) -> Path:
        """The name of the next backup."""
        files = self.files()
        last = self._name.fullmatch(files[-1].name) if files else None
        number = 1 + (int(last[1]) if last is not None else 0)
        moment = local(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        return self._folder / f"{self._office}.{number:06}.{moment}{BACKUP_SUFFIX}"

    def remove_beyond(self, keep: int) -> None:
        """Removes the oldest backups until so many are left."""
        for path in self.files()[:-keep]:
            path.unlink(missing_ok=True)


class Backups:
    """The backups of a running agent: on request, and by a plan.

    Args:
        office: The office.
        store: Its store.
        clock: Its clock.
        metrics: Where the age of the newest backup is shown.
        plan: Where they go; ``None``: nothing was configured, and none can be made.
    """

    def __init__(
        self,
        office: OfficeId,
        store: Store,
        clock: Clock,
        metrics: Metrics,
        plan: BackupPlan | None,
    ) -> None:
        self._office = office
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._plan = plan
        self._turn = asyncio.Lock()

    async def make(self, actor: str) -> BackupRecord:
        """Makes one backup; those that are asked for at once are made one after the other.

        Raises:
            BackupRefused: As ``make_backup``, or no folder was configured.
        """
        if self._plan is None:
            raise BackupRefused(
                self._store.path,
                "the agent's configuration has no section [backup]",
                todo="Add it with a folder and a key, and start the agent again: docs/keys.md",
            )
        async with self._turn:
            now = self._clock.now_ms()
            made = await asyncio.to_thread(
                make_backup, self._store, self._plan, self._office, now, actor
            )
        get_logger().info("backup made and verified", path=made.file, size=made.size)
        return made

    async def run(self) -> None:
        """Shows the age of the newest backup, and makes the next one when it is due."""
        while True:
            due = await self._show_age()
            pause_s = _LOOK_EVERY_S
            if due and not await self._make_due():
                pause_s = _AFTER_FAILURE_S
            await asyncio.sleep(pause_s)

    async def _show_age(self) -> bool:
        since = await self._store.read(unsaved_since)
        age_s = (self._clock.now_ms() - since) / 1000
        self._metrics.backup_age_seconds.set(max(0.0, age_s))
        if self._plan is None or not self._plan.every_s:
            return False
        # A clock that was set back must not put the next backup off.
        return age_s < 0 or age_s >= self._plan.every_s

    async def _make_due(self) -> bool:
        try:
            await self.make(PROGRAM)
        except BackupRefused as refused:
            self._metrics.backups_failed.inc()
            get_logger().error("alarm", reason=f"no backup was made: {refused}")
            return False
        await self._show_age()
        return True
