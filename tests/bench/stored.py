"""A store with many cases: what a start on it costs, and how large it is beside its topic.

``python -m tests.bench.stored CASES FOLDER`` prints the figures for so many cases. The store is
filled by the agent's own jobs, some 2,000 records each; only the grants of the cases' keys, which
would be sealed and opened one by one, are replaced by putting the keys into the store.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from blo_agent.inbound.apply_batch import take
from blo_agent.office.batch import Batch, BatchResult
from blo_agent.office.state import Office
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import keys
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from blo_schemas.codec import encode
from blo_schemas.event import LogRecord
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import KeyId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import seal_event
from tests.agents.world import LINK, NOW, A, B
from tests.bench.report import BY_NAME, Measurement
from tests.bench.samples import Ground, kib_content
from tests.bench.timing import Effort

_BATCH: Final = 2_000
_ABREAST: Final = 50
_LONGEST_PAGE_MS: Final = 100
_ONE_OPEN_IN: Final = 20
_LONGEST_JOB_MS: Final = 50
"""So long a report may take the store's thread."""
_REQUEST: Final[dict[str, object]] = {
    "subject": "(fictional) Nguyen Van A",
    "questions": ["Is the person known?"],
    "purpose": "fictional",
}
_STEPS: Final[tuple[tuple[Step, dict[str, object]], ...]] = (
    (Step.OPEN, _REQUEST),
    (Step.URGE, {}),
    (Step.WITHDRAW, {}),
)


T = TypeVar("T")


class StoreSize(msgspec.Struct, frozen=True):
    """How large a store has become.

    Attributes:
        cases: Cases in it.
        events: Events in it.
        topic_bytes: Bytes of their values on the topic.
        store_bytes: Bytes of its file.
    """

    cases: int
    events: int
    topic_bytes: int
    store_bytes: int


class StartCost(msgspec.Struct, frozen=True):
    """What a start has cost.

    Attributes:
        seconds: Processor time from opening the file until the agent could take commands.
        mebibytes: Memory of the program then, its code and libraries included.
        idle_mebibytes: The same before the file was opened.
    """

    seconds: float
    mebibytes: float
    idle_mebibytes: float


class StoreMaker:
    """Fills the store of office B with cases that office A has opened.

    Args:
        folder: Where the store is made.
    """

    def __init__(self, folder: Path) -> None:
        self._ground = Ground()
        self._ground.world.folder = folder
        self._chain = LinkChain(LINK, self._ground.trust, TrustHeads())
        self._summary_key = SummaryKey.generate(os.urandom)
        self._made: list[ContentKey] = []
        self._bytes = 0

    def fill(self, cases: int) -> StoreSize:
        """Take in so many cases; one in twenty stays open."""
        world = self._ground.world
        with world.store(B) as store:
            office = Office(B, world.pins, os.urandom)
            store.submit(lambda tx: office.load(tx, NOW, BatchResult())).result()
            documents = [encode(document) for document in world.documents]
            self._apply(store, office, Batch(documents=documents))
            store.submit(self._put_summary_key).result()
            store.submit(lambda tx: office.load(tx, NOW, BatchResult())).result()
            values = self._values(cases)
            while records := list(islice(self._records(values), _BATCH)):
                self._put_content_keys(store, office)
                self._apply(store, office, Batch(records={LINK: records}))
            store.checkpoint_now()
        path = world.folder / f"{B}.db"
        self._write_pins(world.folder)
        return StoreSize(cases, self._chain.size, self._bytes, path.stat().st_size)

    def _write_pins(self, folder: Path) -> None:
        pins = {country: pin.hex() for country, pin in self._ground.world.pins.items()}
        (folder / "pins.json").write_text(json.dumps(pins))

    def _apply(self, store: Store, office: Office, batch: Batch) -> None:
        result = store.submit(lambda tx: take(office, batch, NOW, tx)).result()
        assert not result.alarms, result.alarms[:3]
        assert all(seen.verdict.reason is None for seen in result.seen), result.seen[:3]

    def _put_summary_key(self, tx: Transaction) -> None:
        key = self._summary_key
        keys.put(
            tx,
            keys.StoredKey(LINK, KeyId(key.id), KeyPurpose.SUMMARY, key.secret, A, None, None),
        )

    def _put_content_keys(self, store: Store, office: Office) -> None:
        made, self._made = self._made, []

        def put(tx: Transaction) -> None:
            for key in made:
                row = keys.StoredKey(
                    LINK, KeyId(key.id), KeyPurpose.CONTENT, key.secret, A, None, key.id
                )
                keys.put(tx, row)
                office.keyring.of(LINK).add_content(key)

        store.submit(put).result()

    def _records(self, values: Iterator[bytes]) -> Iterator[LogRecord]:
        for value in values:
            record = LogRecord(self._chain.size, NOW + self._chain.size, value)
            assert self._chain.admit(record).verdict is None
            self._bytes += len(value)
            yield record

    def _values(self, cases: int) -> Iterator[bytes]:
        kind = Kind.VERIFICATION_REQUEST
        contents = [kib_content(kind, step, fields) for step, fields in _STEPS]
        for begun in range(0, cases, _ABREAST):
            abreast = [ContentKey.generate(os.urandom) for _ in range(min(_ABREAST, cases - begun))]
            self._made.extend(abreast)
            for version, (step, _) in enumerate(_STEPS):
                summary = Summary(SUMMARY_VERSION, kind, step, Urgency.ROUTINE, version)
                for number, content_key in enumerate(abreast, begun):
                    if step is Step.WITHDRAW and number % _ONE_OPEN_IN == 0:
                        continue
                    yield seal_event(
                        self._ground.authors[A],
                        self._chain.next_place(A),
                        at=NOW,
                        content_key=content_key,
                        summary_key=self._summary_key,
                        summary=summary,
                        content=contents[version],
                        random=os.urandom,
                    ).value


def start_cost(folder: Path) -> StartCost:
    """What a start on a store costs, in a program of its own; the cheapest of three."""
    command = [sys.executable, "-m", "tests.bench.starting", str(folder)]
    costs = []
    for _ in range(3):
        done = subprocess.run(command, check=True, capture_output=True)
        costs.append(msgspec.json.decode(done.stdout, type=StartCost))
    return min(costs, key=lambda cost: cost.seconds)


def _cost_of(program: str, folder: Path, kind: type[T]) -> T:
    """What a program of this package says of a store."""
    command = [sys.executable, "-m", f"tests.bench.{program}", str(folder)]
    said = subprocess.run(command, check=True, capture_output=True).stdout
    return msgspec.json.decode(said.splitlines()[-1], type=kind)


def measure_store(effort: Effort) -> tuple[Measurement, ...]:
    """Starts, a report and comparing at so many cases against a fourth of them, and the store's bytes."""
    from tests.bench.comparing import CompareCost
    from tests.bench.inbox import PageCost
    from tests.bench.reporting import ReportCost

    sizes, costs, reports = [], [], []
    compared: list[CompareCost] = []
    for cases in (max(1, effort.stored // 4), effort.stored):
        with tempfile.TemporaryDirectory(prefix="blo-bench-") as scratch:
            folder = Path(scratch)
            sizes.append(StoreMaker(folder).fill(cases))
            costs.append(start_cost(folder))
            reports.append(_cost_of("reporting", folder, ReportCost))
            page = _cost_of("inbox", folder, PageCost)
            if not compared:
                # Comparing them all takes a millisecond a case.
                compared.append(_cost_of("comparing", folder, CompareCost))
    few, many = costs
    size, report = sizes[-1], reports[-1]
    return (
        BY_NAME["agent_start"].measured(many.seconds, few.seconds),
        BY_NAME["agent_start_memory"].measured(many.mebibytes, few.mebibytes),
        BY_NAME["store_size"].measured(
            size.store_bytes / size.events, size.topic_bytes / size.events
        ),
        BY_NAME["inbox_page"].measured(page.first, _LONGEST_PAGE_MS),
        BY_NAME["report_job"].measured(report.job_ms, _LONGEST_JOB_MS),
        BY_NAME["report_wait"].measured(report.wait_ms, report.rest_ms),
        BY_NAME["report_memory"].measured(report.mebibytes, reports[0].mebibytes),
        BY_NAME["compare_start"].measured(compared[0].start_ms, compared[0].all_ms),
    )


def main(arguments: Sequence[str]) -> int:
    """Print the figures of a store with as many cases as the arguments say; the exit status."""
    cases, folder = int(arguments[0]), Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    size = StoreMaker(folder).fill(cases)
    cost = start_cost(folder)
    topic, store = size.topic_bytes / size.events, size.store_bytes / size.events
    print(f"cases {size.cases:,}, events {size.events:,}")
    print(f"bytes an event: topic {topic:,.0f}, store {store:,.0f}, ratio {store / topic:.2f}")
    print(f"start: {cost.seconds:.2f} s of processor time, {cost.mebibytes:.0f} MiB")
    print(f"the program before it: {cost.idle_mebibytes:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

__all__ = ["StoreMaker", "measure_store", "start_cost"]
