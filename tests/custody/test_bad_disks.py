"""A disk that is full or can't be written, a clock that was set back: words, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.store.connection import failure_of, open_connection
from blo_agent.store.facade import Store
from blo_log.memory import MemoryCluster, MemoryLog
from blo_runtime.clock import ManualClock
from tests.agents.started import begin, opened_case
from tests.agents.world import LINK, NOW, YEAR_MS, A, B, World, all_read
from tests.unit.store.conftest import KEY
from tests.unit.store.test_generation import names, put

_FILLED = """
import resource, signal, sys
from pathlib import Path
from blo_agent.store.errors import StoreError
from blo_agent.store.facade import Store
from blo_agent.store.tables import meta

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
number = 0
try:
    with Store(Path(sys.argv[1]), bytes(range(32))) as store:
        while True:
            store.submit(lambda tx: meta.put(tx, f"n{number:04}", bytes(50_000))).result()
            print(number, flush=True)
            number += 1
except StoreError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""

_UNWRITABLE = """
import os, sys
from pathlib import Path
from blo_agent.store.errors import StoreError
from blo_agent.store.facade import Store

if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
try:
    Store(Path(sys.argv[1]), bytes(range(32)))
except StoreError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""


def run(script: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, str(path)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_a_disk_that_takes_no_more_ends_the_store_with_words_and_all_that_was_answered(
    tmp_path: Path,
) -> None:
    path = tmp_path / "office.db"
    for _ in range(2):
        done = run(_FILLED, path)
        assert done.returncode == 2, done.stderr
        assert "Check its disk" in done.stderr or "Make room" in done.stderr
        assert "Traceback" not in done.stderr
        answered = done.stdout.split()
        with Store(path, KEY) as store:
            assert len(names(store)) >= len(answered)


def test_a_full_disk_is_called_full(tmp_path: Path) -> None:
    path = tmp_path / "office.db"
    with Store(path, KEY) as store:
        store.submit(put("n1")).result()
    connection = open_connection(path, KEY)
    connection.pragma("max_page_count", connection.pragma("page_count"))
    with pytest.raises(Exception, match="full") as full:
        connection.execute("INSERT INTO meta VALUES ('n2', zeroblob(500000))")
    connection.close()
    assert "Make room on its disk" in str(failure_of(path, full.value))
    with Store(path, KEY) as store:
        assert names(store) == ["n1"]


def test_a_store_that_can_not_be_written_is_told_in_words() -> None:
    folder = Path(tempfile.mkdtemp(prefix="blo-unwritable-"))
    try:
        with Store(folder / "office.db", KEY) as store:
            store.submit(put("n1")).result()
        before = {path.name: path.read_bytes() for path in folder.glob("office.db*")}
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        done = run(_UNWRITABLE, folder / "office.db")
        assert done.returncode == 2, done.stderr
        assert "Let the program's user write" in done.stderr
        assert {path.name: path.read_bytes() for path in folder.glob("office.db*")} == before
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


async def test_a_clock_that_was_set_back_loses_nothing(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    cluster = MemoryCluster(lambda: NOW)
    async with World(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.clock = clock
        world.certify(A, not_before=NOW - 5_000)
        world.certify(B)
        world.agree(LINK, (A, B), effective_from=NOW - 4_000)
        a, b = await begin(world, A, B)
        await opened_case(a, [b])
        clock.set(NOW - 1_000, backwards=True)
        await opened_case(a, [b])
        # Before its certificate begins: refused with words, and what was accepted stays.
        clock.set(NOW - YEAR_MS // 2, backwards=True)
        with pytest.raises(CommandRefused, match=r"certificate|agreement"):
            await a.open()
        await a.kill()
        a = await world.agent(A)
        await a.read(2)
        clock.set(NOW + 1_000)
        await opened_case(a, [b])
        await all_read([a, b], 3)
        assert {outcome for outcome, _, _ in await b.verdicts()} == {"accepted"}
