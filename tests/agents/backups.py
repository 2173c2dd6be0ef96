"""An office's store, backed up while its agent runs, and brought back when it has ended."""

from __future__ import annotations

import shutil
from pathlib import Path

from blo_agent.store.keyfile import load_store_key
from tests.agents.world import RunningAgent, World


async def back_up(world: World, agent: RunningAgent, name: str = "backup") -> Path:
    office = agent.agent.office.id
    path = world.folder / f"{office}.{name}"
    await agent.agent.store.backup(path, load_store_key(world.folder / f"{office}.key"))
    return path


def restore(world: World, backup: Path) -> None:
    """Put a backup in the place of the store that it was made of."""
    for suffix in ("", "-wal", "-shm"):
        (world.folder / f"{backup.stem}.db{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, world.folder / f"{backup.stem}.db")
