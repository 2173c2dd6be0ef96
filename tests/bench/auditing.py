"""``audit_amortised``, ``audit_full`` and ``audit_memory``: replaying a link's log.

``python -m tests.bench.auditing EVENTS FOLDER`` replays a log of any length from a file, in both
modes, and prints times and the peak of memory; it takes minutes for a million.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import Final

import msgspec

from blo_audit.findings.findings import Findings
from blo_audit.replay.claims import Claim, ClaimKind
from blo_audit.replay.link import LinkAudit
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.run import Replay
from blo_audit.replay.signatures import Mode, VerifyAhead
from blo_audit.spill_files import SpillFolder
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from tests.agents.world import LINK, A, B
from tests.bench.reading import bare_verification
from tests.bench.recorded import PLACE, Recorded, write
from tests.bench.report import BY_NAME, Measurement
from tests.bench.samples import SampleLog
from tests.bench.timing import Effort

_SEED: Final = bytes(16)
_TURN: Final = 512
"""A multiple of what the Merkle tree merges at once, so that each turn does its share of it."""


class _Audit:
    """A log that is audited in turns, each timed."""

    def __init__(self, log: SampleLog, mode: Mode) -> None:
        self.log = log
        self.mode = mode
        chain = LinkChain(LINK, log.ground.trust, TrustHeads())
        for record in log.records:
            chain.admit(record)
        self.claims = [
            Claim(
                kind=ClaimKind.HEAD,
                signers=(office,),
                size=chain.size,
                log_hash=chain.log_hash,
                tree_root=chain.tree_root(),
                at=log.records[-1].log_time,
            )
            for office in (A, B)
        ]

    def best(self, turn: int, ahead: VerifyAhead | None) -> float:
        """Processor seconds a record, of all threads, in the fastest turn of one replay."""
        clock = thread_time if ahead is None else process_time
        spill_folder, findings = SpillFolder(), Findings(LINK)
        audit = LinkAudit(
            PLACE,
            self.log.ground.directory,
            self.claims,
            AuditOptions(mode=self.mode, seed=_SEED),
            spill_folder,
            findings,
            ahead=ahead,
        )
        times: list[float] = []
        records = self.log.records
        for at in range(0, len(records), turn):
            part = records[at : at + turn]
            began = clock()
            audit.take(part)
            took = (clock() - began) / len(part)
            # A shorter turn at the end would do less than its share.
            if len(part) == turn or not times:
                times.append(took)
        audit.finish()
        spill_folder.close()
        assert not [*findings, *audit.of_records]
        return max(min(times), 1e-9)


def measure_audit_amortised(effort: Effort) -> Measurement:
    """The chains, the heads, the clocks, and one signature in 256, on one core."""
    log = SampleLog(effort.records * 10)
    audit = _Audit(log, Mode.AMORTISED)
    turns = max(1, effort.reads // 10)
    ours = min(audit.best(_TURN, None) for _ in range(turns))

    def digest() -> float:
        began = thread_time()
        for record in log.records:
            sha256(record.value).digest()
        return max(thread_time() - began, 1e-9) / len(log.records)

    bare = min(digest() for _ in range(turns))
    return BY_NAME["audit_amortised"].measured(1 / ours, 1 / bare)


def measure_audit_full(effort: Effort) -> Measurement:
    """The same with every signature and sealed part, on all cores; per core."""
    log = SampleLog(effort.records * 10)
    audit = _Audit(log, Mode.FULL)
    turns = max(1, effort.reads // 20)
    ahead = VerifyAhead()
    try:
        ours = min(audit.best(2000, ahead) for _ in range(turns))
    finally:
        ahead.close()

    return BY_NAME["audit_full"].measured(1 / ours, bare_verification(turns * 4))


def measure_audit_memory(effort: Effort) -> Measurement:
    """The peak of a program that replays ten times as much, against one that replays less."""
    few = effort.records * 50
    with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
        small, large = Path(scratch) / "small", Path(scratch) / "large"
        write(small, few)
        write(large, few * 10)
        peaks = [replayed(path, Mode.AMORTISED).peak_mb for path in (large, small)]
    return BY_NAME["audit_memory"].measured(*peaks)


class Replayed(msgspec.Struct):
    """What a replay in a program of its own took.

    Attributes:
        seconds: By the clock.
        processor_s: Of all cores.
        peak_mb: The most memory that the program ever held, in MiB.
        clean: Whether nothing was wrong.
    """

    seconds: float
    processor_s: float
    peak_mb: float
    clean: bool


def replayed(path: Path, mode: Mode) -> Replayed:
    """Replay a file in a program of its own."""
    command = [sys.executable, "-m", "tests.bench.auditing", "--replay", str(path), str(mode)]
    done = subprocess.run(command, check=True, capture_output=True)
    return msgspec.json.decode(done.stdout, type=Replayed)


def _replay(path: Path, mode: Mode) -> Replayed:
    source = Recorded(path)
    began, worked = perf_counter(), process_time()
    audit = Replay(source, source.pins, AuditOptions(mode=mode, seed=_SEED))
    report = asyncio.run(audit.run())
    # Not getrusage's: that one remembers what the program's parent held.
    status = Path("/proc/self/status").read_text().split()
    peak = int(status[status.index("VmHWM:") + 1]) / 1024
    return Replayed(perf_counter() - began, process_time() - worked, peak, report.clean)


def main(arguments: Sequence[str]) -> None:
    """Replay a log of a given length, or one that is there."""
    if arguments[0] == "--replay":
        found = _replay(Path(arguments[1]), Mode(arguments[2]))
        sys.stdout.buffer.write(msgspec.json.encode(found))
        return
    count = int(arguments[0])
    path = Path(arguments[1]) / f"log-{count}"
    if not path.exists():
        write(path, count)
    for mode in (Mode.AMORTISED, Mode.FULL):
        one = replayed(path, mode)
        sys.stdout.write(
            f"{count:,} events, {mode}: {one.seconds:.1f} s, {one.processor_s:.1f} processor "
            f"seconds, peak {one.peak_mb:.0f} MiB, {count / one.seconds:,.0f}/s by the clock, "
            f"{count / one.processor_s:,.0f}/s per core, clean {one.clean}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

__all__ = [
    "Replayed",
    "measure_audit_amortised",
    "measure_audit_full",
    "measure_audit_memory",
    "replayed",
]
