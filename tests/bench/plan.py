"""Which measurements there are, and which of them need the real Kafka."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Final

from tests.bench.auditing import (
    measure_audit_amortised,
    measure_audit_full,
    measure_audit_memory,
)
from tests.bench.growth import measure_growth
from tests.bench.proving import measure_proof_check
from tests.bench.reading import measure_read_chained, measure_read_full
from tests.bench.report import Measurement
from tests.bench.restarting import measure_resumed
from tests.bench.sealing import measure_open, measure_seal, measure_wire_size
from tests.bench.searching import measure_search
from tests.bench.settling import measure_loop_pause
from tests.bench.single_records import measure_single_records
from tests.bench.sourcing import measure_from_bundle, measure_from_kafka
from tests.bench.stored import measure_store
from tests.bench.talking import measure_talk
from tests.bench.timing import Effort

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent.parent

COMPUTING: Final[dict[str, Callable[[Effort], Measurement]]] = {
    "seal": measure_seal,
    "open": measure_open,
    "wire_size": measure_wire_size,
    "read_full": measure_read_full,
    "read_chained": measure_read_chained,
    "proof_check": measure_proof_check,
    "loop_pause": measure_loop_pause,
    "processors_single": measure_single_records,
    "start_resumed": measure_resumed,
    "audit_amortised": measure_audit_amortised,
    "audit_full": measure_audit_full,
    "audit_memory": measure_audit_memory,
}
"""What needs no broker."""

IN_A_FILE: Final = ("audit_from_bundle", "audit_full_from_bundle")
"""What needs no broker either, measured together."""

IN_TALK: Final = ("quiet_statements", "quiet_grants", "rest_a_day")
"""What two offices and a witness say, measured together."""

IN_A_STORE: Final = (
    *("agent_start", "agent_start_memory", "store_size", "inbox_page"),
    *("report_job", "report_wait", "report_memory", "compare_start"),
)
"""The same, of a store that is filled for it."""

IN_AN_INDEX: Final = ("search", "search_median", "search_size", "search_wait")
"""The same, of a store that is searched."""

GROWING: Final = ("growth_audit", "growth_audit_since", "growth_statement")
"""The same, of a log and one four times as long."""

TOGETHER: Final = (
    ("agent_append",),
    ("submit_to_opened",),
    ("event_beside_file",),
    ("event_to_quorum",),
    ("processors_faust", "processors_getmany", "processors_one_by_one"),
    ("two_workers",),
    ("as_of", "fold_on_assignment"),
    ("append_to_alert",),
    ("links_idle", "links_connections", "links_start"),
    ("audit_from_kafka", "audit_full_from_kafka"),
)
"""What needs a broker, each row one of its own."""
ON_KAFKA: Final = tuple(name for row in TOGETHER for name in row)

_Row = Callable[[Effort, str, Path], Sequence[Measurement]]


def measure_all(
    names: Sequence[str], effort: Effort
) -> Iterator[tuple[str, Callable[[], Measurement]]]:
    """The measurements with these names, to be taken in this order, before the next is asked for.

    Processor-bound ones come first, before there is a broker that would disturb them.
    """
    for name, measure in COMPUTING.items():
        if name in names:
            yield name, partial(measure, effort)
    together = (
        (IN_A_FILE, measure_from_bundle),
        (IN_A_STORE, measure_store),
        (IN_AN_INDEX, measure_search),
        (GROWING, measure_growth),
        (IN_TALK, measure_talk),
    )
    for row, measure_together in together:
        taken = cache(partial(measure_together, effort))
        for name in row:
            if name in names:
                yield name, partial(_one, name, taken)
    if not set(ON_KAFKA) & set(names):
        return
    from blo_lab.broker import EmbeddedBroker, find_kafka

    libraries = find_kafka(PROJECT_ROOT, os.environ)
    for kafka_row, measure_row in zip(TOGETHER, _rows(), strict=True):
        wanted = [name for name in kafka_row if name in names]
        if not wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
            folder = Path(scratch)
            with EmbeddedBroker.start(folder / "broker", libraries) as broker:
                on_kafka = cache(partial(measure_row, effort, broker.bootstrap, folder))
                for name in wanted:
                    yield name, partial(_one, name, on_kafka)


def _rows() -> tuple[_Row, ...]:
    from tests.bench.appending import measure_append
    from tests.bench.beside_a_file import measure_beside_file
    from tests.bench.delivering import measure_delivery
    from tests.bench.idle_links import measure_idle_links
    from tests.bench.processing import (
        measure_alert,
        measure_faust,
        measure_folding,
        measure_two_workers,
    )
    from tests.bench.witnessing import measure_quorum

    return (
        lambda *given: (measure_append(*given),),
        lambda *given: (measure_delivery(*given),),
        lambda *given: (measure_beside_file(*given),),
        lambda *given: (measure_quorum(*given),),
        measure_faust,
        measure_two_workers,
        measure_folding,
        measure_alert,
        measure_idle_links,
        measure_from_kafka,
    )


def _one(name: str, taken: Callable[[], Sequence[Measurement]]) -> Measurement:
    return next(one for one in taken() if one.name == name)


__all__ = ["COMPUTING", "ON_KAFKA", "measure_all"]
