"""Many threads read structs for the first time at once, in a program that must outlive it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from threading import Barrier, Thread
from msgspec import defstruct
from blo_schemas.codec import Codec
from blo_schemas.texts import from_json, from_object

READS = {
    "from_json": lambda kind: from_json(b'{"x":{"x":{}}}', kind),
    "from_object": lambda kind: from_object({"x": {"x": {}}}, kind),
    "codec": lambda kind: Codec(kind).decode(b"\\x81\\xa1x\\x81\\xa1x\\x80"),
}
read = READS[sys.argv[1]]
sys.setswitchinterval(1e-6)
for number in range(40):
    kind = defstruct(f"Leaf{number}", [(f"f{at}", int | None, None) for at in range(20)])
    for depth in range(30):
        rest = [(f"g{at}", list[int] | None, None) for at in range(5)]
        kind = defstruct(f"Node{number}_{depth}", [("x", kind | None, None), *rest],
                         omit_defaults=True)
    together = Barrier(4)
    seen = []

    def first():
        together.wait()
        seen.append(read(kind).x.x)

    threads = [Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
"""


@pytest.mark.parametrize("way", ["from_json", "from_object", "codec"])
def test_threads_that_read_a_struct_first_do_not_end_the_program(
    way: str, project_root: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, way],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(project_root / "schemas")},
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, (done.returncode, done.stderr)
