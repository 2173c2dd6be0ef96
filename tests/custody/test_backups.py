"""Backups of a running agent: verified, numbered, kept so many, told of when they fail or are old."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.custody.backups import BackupFolder, BackupPlan, Backups, make_backup, newest_backup
from blo_agent.store.errors import BackupRefused
from blo_agent.store.facade import Store
from blo_agent.store.tables import identities, journal
from blo_runtime.clock import ManualClock
from blo_runtime.metrics import Metrics
from blo_schemas.ids import OfficeId
from tests.unit.store.conftest import KEY
from tests.unit.store.journal_chain import verify_journal

OFFICE = OfficeId("vn-a")
BACKUP_KEY = bytes(32)
DAY_MS = 86_400_000
T0 = 1_750_000_000_000


@pytest.fixture
def plan(tmp_path: Path) -> BackupPlan:
    (tmp_path / "backups").mkdir()
    return BackupPlan(tmp_path / "backups", BACKUP_KEY, every_s=86_400, keep=3)


def opened(path: Path) -> Store:
    return Store(path, KEY)


def metric(metrics: Metrics, name: str) -> float:
    value = metrics.registry.get_sample_value(name)
    assert value is not None
    return value


def test_a_backup_is_noted_in_the_journal_and_remembered(tmp_path: Path, plan: BackupPlan) -> None:
    with opened(tmp_path / "office.db") as store:
        made = make_backup(store, plan, OFFICE, T0, "an operator")
        assert store.submit_read(newest_backup).result() == made
        (entry,) = store.submit_read(lambda snapshot: list(journal.entries(snapshot))).result()
        assert (entry.actor, entry.action) == ("an operator", "backup")
        assert entry.detail.decode() == f"{made.file} {made.digest.hex()}"
    assert made.file == "vn-a.000001.20250615T150640Z.blobackup"
    with Store(plan.folder / made.file, BACKUP_KEY) as copy:
        copy.submit_read(verify_journal).result()


def test_only_the_newest_are_kept_also_when_the_clock_was_set_back(
    tmp_path: Path, plan: BackupPlan
) -> None:
    other = plan.folder / "vn-a.000009.notes"
    other.write_text("not a backup")
    foreign = plan.folder / "vn-b.000001.20250615T150640Z.blobackup"
    foreign.write_text("another office's")
    with opened(tmp_path / "office.db") as store:
        made = [
            make_backup(store, plan, OFFICE, T0 - day * DAY_MS, "operator").file for day in range(5)
        ]
    assert [path.name for path in BackupFolder(plan.folder, OFFICE).files()] == made[-3:]
    assert other.exists()
    assert foreign.exists()


def test_a_disk_that_is_not_there_is_told_and_costs_no_older_backup(
    tmp_path: Path, plan: BackupPlan
) -> None:
    with opened(tmp_path / "office.db") as store:
        kept = make_backup(store, plan, OFFICE, T0, "operator")
        plan.folder.rename(tmp_path / "away")
        with pytest.raises(BackupRefused, match="Mount the disk"):
            make_backup(store, plan, OFFICE, T0 + 1, "operator")
        assert not plan.folder.exists(), "nothing is written where the disk should be"
        assert store.submit_read(newest_backup).result() == kept


def agent_backups(
    store: Store, plan: BackupPlan | None, clock: ManualClock
) -> tuple[Backups, Metrics]:
    metrics = Metrics()
    return Backups(OFFICE, store, clock, metrics, plan), metrics


async def test_the_age_counts_from_the_setting_up_and_then_from_each_backup(
    tmp_path: Path, plan: BackupPlan
) -> None:
    clock = ManualClock(T0)
    with opened(tmp_path / "office.db") as store:
        identity = identities.StoredIdentity(bytes(32), b"", T0 - 5000)
        await store.write(lambda tx: identities.put(tx, identity))
        backups, metrics = agent_backups(store, plan, clock)
        assert not await backups._show_age()
        assert metric(metrics, "blo_backup_age_seconds") == 5
        clock.set(T0 + DAY_MS)
        assert await backups._show_age(), "it is due"
        assert await backups._make_due()
        assert metric(metrics, "blo_backup_age_seconds") == 0
        clock.set(T0 + DAY_MS + 7000)
        assert not await backups._show_age()
        assert metric(metrics, "blo_backup_age_seconds") == 7
        clock.set(T0, backwards=True)
        assert await backups._show_age(), "a clock that was set back puts no backup off"


async def test_a_backup_that_fails_is_counted_and_ends_nothing(
    tmp_path: Path, plan: BackupPlan
) -> None:
    with opened(tmp_path / "office.db") as store:
        backups, metrics = agent_backups(store, plan, ManualClock(T0))
        plan.folder.rmdir()
        assert not await backups._make_due()
        assert metric(metrics, "blo_backups_failed_total") == 1
        await store.write(lambda tx: journal.append(tx, at=1, actor="x", action="goes on"))
        backups, _ = agent_backups(store, None, ManualClock(T0))
        with pytest.raises(BackupRefused, match=r"\[backup\]"):
            await backups.make("operator")
