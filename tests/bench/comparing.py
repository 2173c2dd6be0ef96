"""``python -m tests.bench.comparing FOLDER``: what an agent compares at a start.

The store is one that ``tests.bench.stored`` has filled; a processor's record of each case is put
into it first. In JSON, the processor time of comparing them all, and of the start after that.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import process_time
from typing import Final

import msgspec

from blo_agent.inbound.trust_documents import offset_key
from blo_agent.office.batch import BatchResult
from blo_agent.office.case_clocks import facts_of, record_at
from blo_agent.office.state import Office
from blo_agent.oversight.compare import Comparison, ComparisonTime
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import load_store_key
from blo_agent.store.tables import meta, outputs, records
from blo_log.port import TopicPartition
from blo_log.topics import cases_topic
from blo_schemas.codec import COUNT
from blo_schemas.ids import DocumentId, OfficeId
from blo_schemas.outputs import CASE_RECORD
from tests.agents.world import LINK, NOW, B

_PROCESSOR: Final = OfficeId("processor")


class CompareCost(msgspec.Struct, frozen=True):
    """What comparing has cost.

    Attributes:
        cases: The processor's records.
        all_ms: Processor time of comparing all of them, in milliseconds.
        start_ms: That of a start at which nothing has moved since.
    """

    cases: int
    all_ms: float
    start_ms: float


class _Node:
    """An office on a store, as after a start."""

    def __init__(self, folder: Path) -> None:
        pins = json.loads((folder / "pins.json").read_text())
        roots = {country: DocumentId(bytes.fromhex(pin)) for country, pin in pins.items()}
        self.store = Store(folder / f"{B}.db", load_store_key(folder / f"{B}.key"))
        self.office = Office(B, roots, os.urandom)
        self.store.submit(lambda tx: self.office.load(tx, NOW, BatchResult())).result()

    def put_outputs(self) -> int:
        """Have a processor's record of each case; returns how many there are."""
        state = self.office.links[LINK]
        cases = self.store.submit_read(lambda s: records.cases_from(s, LINK, 0)).result()

        def put(tx: Transaction) -> None:
            for offset, case in enumerate(cases):
                facts = facts_of(tx, LINK, case)
                position = facts[-1].position
                record = record_at(state, facts, position)
                assert record is not None
                value = CASE_RECORD.encode(record)
                row = outputs.ShownCase(LINK, case, _PROCESSOR, offset, position, value, value)
                outputs.put_case(tx, row)

        self.store.submit(put).result()
        partition = TopicPartition(cases_topic(state.corridor), state.partition)
        end = COUNT.encode(len(cases))
        self.store.submit(lambda tx: meta.put(tx, offset_key(partition), end)).result()
        return len(cases)

    def compare(self) -> float:
        """Compare until nothing is left; milliseconds of processor time."""
        comparison = Comparison(self.office, 10)
        moment = ComparisonTime(NOW, 0.0, {}, frozenset({LINK}))
        named = {LINK: frozenset({_PROCESSOR})}
        began = process_time()
        self.store.submit(comparison.load).result()
        more = True
        while more:
            done = self.store.submit(lambda tx: comparison.step(moment, named, tx)).result()
            assert not done.loud
            more = done.more
        return 1000 * (process_time() - began)


def measure(folder: Path) -> CompareCost:
    """Compare everything, start anew, and compare what has moved."""
    node = _Node(folder)
    cases = node.put_outputs()
    all_ms = node.compare()
    node.store.close()
    node = _Node(folder)
    start_ms = node.compare()
    node.store.close()
    return CompareCost(cases, all_ms, start_ms)


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(measure(Path(sys.argv[1]))).decode() + "\n")
