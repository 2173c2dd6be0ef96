"""A writer that is killed under load: all that it answered is there, and nothing half."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blo_agent.store.facade import Store
from blo_agent.store.tables import outbox
from tests.unit.store.conftest import KEY
from tests.unit.store.journal_chain import verify_journal
from tests.unit.store.samples import LINK

pytestmark = pytest.mark.slow

ROUNDS = 6

WRITER = """
import asyncio, os, sys
from pathlib import Path
from blo_agent.store.facade import Store
from blo_agent.store.tables import journal, outbox
from tests.unit.store.samples import new_event
from tests.unit.store.journal_chain import verify_journal

def job(tx):
    size = journal.append(tx, at=1, actor="officer", action="submit", detail=bytes(300)).size
    outbox.add(tx, new_event(size))
    return size

async def work(store):
    while True:
        size = await store.write(job)
        os.write(1, b"%d\\n" % size)

async def main():
    store = Store(Path(sys.argv[1]), bytes(range(32)))
    await asyncio.gather(*(work(store) for _ in range(32)))

asyncio.run(main())
"""


def kill_a_writer(path: Path, seconds: float) -> list[int]:
    """Runs a writer, kills it under load, and returns what it had answered."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        env={"PYTHONPATH": ":".join([str(Path(__file__).parents[3]), *sys.path])},
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process, process.stdout as output:
        answered = [int(output.readline())]
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        answered.extend(int(line) for line in output.read().splitlines(keepends=True)[:-1])
    assert process.returncode == -signal.SIGKILL
    return answered


def test_a_killed_writer_loses_nothing_that_it_answered(store_path: Path) -> None:
    dice = random.Random(3)
    before = 0
    for _ in range(ROUNDS):
        answered = kill_a_writer(store_path, dice.uniform(0.02, 0.2))
        assert len(set(answered)) == len(answered)
        with Store(store_path, KEY) as store:
            size = store.submit_read(verify_journal).result(30).size
            waiting = store.submit_read(outbox.counts).result(30)[LINK]
            numbers = store.submit_read(
                lambda snapshot: [r.oseq for r in outbox.pending(snapshot, limit=10**9)]
            ).result(30)
        assert before < max(answered) <= size
        assert waiting.pending == size
        assert numbers == list(range(1, size + 1))
        before = size
