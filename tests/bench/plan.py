"""Which measurements there are, and which of them need the real Kafka."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tests.bench.auditing import (
    measure_audit_amortised,
    measure_audit_full,
    measure_audit_memory,
)
from tests.bench.proving import measure_proof_check
from tests.bench.reading import measure_read_chained, measure_read_full
from tests.bench.report import Measurement
from tests.bench.sealing import measure_open, measure_seal, measure_wire_size
from tests.bench.timing import Effort

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent.parent

COMPUTING: Final[dict[str, Callable[[Effort], Measurement]]] = {
    "seal": measure_seal,
    "open": measure_open,
    "wire_size": measure_wire_size,
    "read_full": measure_read_full,
    "read_chained": measure_read_chained,
    "proof_check": measure_proof_check,
    "audit_amortised": measure_audit_amortised,
    "audit_full": measure_audit_full,
    "audit_memory": measure_audit_memory,
}
"""What needs no broker."""

ON_KAFKA: Final = ("agent_append", "submit_to_opened", "event_to_quorum")
"""What needs one."""


def measure_all(
    names: Sequence[str], effort: Effort
) -> Iterator[tuple[str, Callable[[], Measurement]]]:
    """The measurements with these names, to be taken in this order, before the next is asked for.

    Processor-bound ones come first, before there is a broker that would disturb them.
    """
    for name, measure in COMPUTING.items():
        if name in names:
            yield name, partial(measure, effort)
    if not set(ON_KAFKA) & set(names):
        return
    from blo_log.broker import EmbeddedBroker, find_kafka
    from tests.bench.appending import measure_append
    from tests.bench.delivering import measure_delivery
    from tests.bench.witnessing import measure_quorum

    measures = {
        "agent_append": measure_append,
        "submit_to_opened": measure_delivery,
        "event_to_quorum": measure_quorum,
    }
    libraries = find_kafka(PROJECT_ROOT, os.environ)
    for name in ON_KAFKA:
        if name not in names:
            continue
        with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
            folder = Path(scratch)
            with EmbeddedBroker.start(folder / "broker", libraries) as broker:
                yield name, partial(measures[name], effort, broker.bootstrap, folder)


__all__ = ["COMPUTING", "ON_KAFKA", "measure_all"]
