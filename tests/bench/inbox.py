"""``python -m tests.bench.inbox FOLDER``: ask the inbox of a store, and print what a page costs.

The store is one that ``tests.bench.stored`` has filled. The office's clock stands so that a part of
what is open is overdue.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import msgspec

from blo_agent.api.case_filters import case_filter
from blo_agent.api.inbox_sources import (
    INBOX_KEY,
    KINDS,
    InboxKey,
    InboxQuestion,
    InboxReader,
)
from blo_agent.api.pages import PAGE, PageRequest
from blo_agent.api.present_inbox import InboxPresenter
from blo_agent.office.viewer import ViewedLink, Viewer
from blo_agent.people.access import WHOLE_OFFICE
from blo_agent.store.connection import Snapshot
from blo_agent.store.facade import Store
from blo_agent.store.keyfile import load_store_key
from blo_agent.store.tables import documents
from blo_agent.store.tables.case_lists import CaseFilter
from blo_domain.trust import load_directory
from blo_schemas.ids import DocumentId
from blo_schemas.trust import SIGNED_DOCUMENT
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from tests.agents.world import CORRIDOR, LINK, NOW, B

_ASKED = 30


class PageCost(msgspec.Struct, frozen=True):
    """What pages of the inbox cost, in milliseconds by the clock, the median of some.

    Attributes:
        open: Open cases in the store.
        first: The first page with all counts.
        middle: A page behind half of the entries, with all counts.
        counts: The counts alone.
    """

    open: int
    first: float
    middle: float
    counts: float


class StoredInbox:
    """The inbox of a store, without its agent."""

    def __init__(self, folder: Path) -> None:
        pins = json.loads((folder / "pins.json").read_text())
        self._store = Store(folder / f"{B}.db", load_store_key(folder / f"{B}.key"))
        rows = self._store.submit_read(lambda snapshot: list(documents.iterate(snapshot))).result()
        directory, _ = load_directory(
            {country: DocumentId(bytes.fromhex(pin)) for country, pin in pins.items()},
            [SIGNED_DOCUMENT.decode(row.document) for row in rows],
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        )
        link = ViewedLink(LINK, CORRIDOR, 0, is_party=True, halted=None)
        self._viewer = Viewer(B, directory, (link,))
        self._question = InboxQuestion(
            WHOLE_OFFICE,
            KINDS,
            case_filter(WHOLE_OFFICE, (LINK,), CaseFilter()),
            (LINK,),
            is_about_cases=False,
            now=NOW + 24 * 3600 * 1000,
        )

    def cost(self) -> PageCost:
        """Ask, and say what it cost."""
        with self._store as store:
            counts = store.submit_read(lambda at: self._reader(at).counts()).result()
            size = sum(counts.values())
            keys = store.submit_read(
                lambda at: [key for key, _ in self._reader(at).items(None, size // 2)]
            ).result()
            middle = keys[-1] if keys else None

            def timed(query: Callable[[Snapshot], object]) -> float:
                costs = []
                for _ in range(_ASKED):
                    began = perf_counter()
                    store.submit_read(query).result()
                    costs.append(1000 * (perf_counter() - began))
                return median(costs)

            return PageCost(
                size,
                timed(lambda at: self._page(at, None)),
                timed(lambda at: self._page(at, middle)),
                timed(lambda at: self._reader(at).counts()),
            )

    def _reader(self, snapshot: Snapshot) -> InboxReader:
        return InboxReader(self._viewer, snapshot, self._question)

    def _page(self, snapshot: Snapshot, after: InboxKey | None) -> bytes:
        page = PageRequest("inbox", (), INBOX_KEY, None, None)
        reader = self._reader(snapshot)
        items = reader.items(after, page.limit + 1)
        presenter = InboxPresenter(self._viewer, snapshot, self._question)
        entries = [presenter.entry(KINDS[key.kind], item) for key, item in items[:PAGE]]
        return msgspec.json.encode((entries, reader.counts(), page.next([key for key, _ in items])))


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(StoredInbox(Path(sys.argv[1])).cost()).decode() + "\n")
