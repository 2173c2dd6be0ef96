"""Whatever case ids others write on links of their own, a victim shows and counts its own alike."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blo_agent.api.pages import LARGEST_PAGE, PageRequest
from blo_agent.api.present_alerts import open_alerts
from blo_agent.api.present_cases import case_history, list_cases
from blo_agent.api.queries import CASE_PLACE
from blo_agent.commands.disclose import DisclosureCommand, DisclosureRefused, disclose
from blo_agent.inbound.apply_batch import take
from blo_agent.office.batch import Batch, BatchResult
from blo_agent.office.case_clocks import clocks_of, facts_of, terms_of_link
from blo_agent.office.state import Office
from blo_agent.office.viewer import Viewer, viewer
from blo_agent.reports.cut import compute_report, take_cut
from blo_agent.store.connection import Transaction
from blo_agent.store.facade import Store
from blo_agent.store.tables import alerts, cases
from blo_agent.store.tables.case_lists import CaseFilter, CaseOrder
from blo_domain.deadlines.evaluate import alerts as alerts_of
from blo_domain.reports.annual_report import Period
from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.bundle import DISCLOSURE
from blo_schemas.codec import encode
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.reports import PeriodReport
from tests.agents.processing import PROCESSOR
from tests.agents.shadowing import BELOW, SIDE, Honest, Shadow, a_province, play
from tests.agents.world import LINK, NOW, PROVINCE, A

YEAR = Period(date(2024, 11, 1), date(2025, 10, 31))
LATER = NOW + 90 * 24 * 3600 * 1000
"""When the victim looks; clocks of the open case run until then."""


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Honest:
    async def go() -> Honest:
        cluster = MemoryCluster()
        async with a_province(tmp_path_factory.mktemp("honest"), cluster) as world:
            return await play(world, cluster)

    return asyncio.run(go())


@dataclass(repr=False)
class Victim:
    """An office whose agent does what is asked of it, and nothing by itself."""

    honest: Honest
    office: Office
    store: Store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def takes(self, batch: Batch) -> None:
        self.store.submit(lambda tx: take(self.office, batch, NOW, tx)).result()

    def shows(self) -> dict[str, Any]:
        """All that it shows of the honest link's cases, and what it counts of them."""

        def look(tx: Transaction) -> dict[str, Any]:
            desk, at = self.office.links[LINK], viewer(self.office)
            self._told(tx, at)
            open_here = open_alerts(at, tx, at.links)
            return {
                "open alerts": [one for one in open_here if one.link == LINK],
                "list": list_cases(
                    at,
                    tx,
                    CaseFilter(links=(LINK,)),
                    CaseOrder.CASE,
                    PageRequest("cases", LINK, CASE_PLACE, LARGEST_PAGE, None),
                    LATER,
                ),
                "cases": [
                    case_history(at, tx, LINK, case, LATER, is_read=True)
                    for case in self.honest.cases
                ],
                "report": self._counted(compute_report(self._cut(tx), tx)),
                "digest": desk.views.digest(),
                "halted": desk.status.halted,
                "unopened": list(desk.unopened),
            }

        shown = self.store.submit(look).result()
        shown["disclosed"] = asyncio.run(self._all_disclosed())
        return shown

    def _told(self, tx: Transaction, at: Viewer) -> None:
        """Keep the alerts of every case, as a processor that reads all links tells them."""
        for link in at.links:
            terms = terms_of_link(at.directory, link)
            for view in cases.iterate(tx, link):
                clocks = clocks_of(facts_of(tx, link, CaseId(view.case)))
                assert clocks is not None
                for alert in alerts_of(clocks, terms, LATER):
                    alerts.put(
                        tx,
                        alerts.StoredAlert(
                            link,
                            alert.id,
                            PROCESSOR,
                            bytes(8),
                            True,
                            0,
                            CaseId(view.case),
                            alert.clears,
                            encode(alert),
                            b"",
                        ),
                    )

    def _cut(self, tx: Transaction) -> Any:
        return take_cut(self.office, tx, YEAR, LATER)

    def _counted(self, report: PeriodReport) -> dict[str, Any]:
        known = {event.event for event in report.events if event.link == LINK}
        return {
            "figures": {
                figure.indicator: [one for one in figure.events if one.event in known]
                for figure in report.figures
            },
            "times": [one for one in report.response_times if one.link == LINK],
            "notes": [one for one in report.notes if one.link == LINK],
            "link": [one for one in report.links if one.link == LINK],
            "totals": {figure.indicator: figure.totals for figure in report.figures}
            if self.office.id == A
            else None,
        }

    async def _all_disclosed(self) -> list[Any]:
        return [await self._disclosed(case) for case in self.honest.cases]

    async def _disclosed(self, case: CaseId) -> Any:
        wanted = DisclosureCommand(
            reason="fictional", recipient="fictional", actor="chief", case=case
        )
        log, desk = MemoryLog(self.honest.cluster), self.office.links[LINK]
        try:
            made = await disclose(self.office, self.store, log, desk, wanted, LATER)
        except DisclosureRefused as refusal:
            return refusal.reason
        finally:
            await log.close()
        return DISCLOSURE.decode(made.signed.disclosure).events, made.closed


def victim_in(folder: Path, honest: Honest, office: OfficeId) -> Victim:
    """The office's agent on the store in a folder; the superior begins with an empty one."""
    kept = honest.world.folder
    honest.world.folder = folder
    try:
        store = honest.world.store(office)
    finally:
        honest.world.folder = kept
    victim = Victim(honest, Office(office, honest.world.pins, os.urandom), store)
    store.submit(lambda tx: victim.office.load(tx, NOW, BatchResult())).result()
    return victim


@contextmanager
def a_folder(honest: Honest, office: OfficeId) -> Iterator[Path]:
    """A folder for a victim's store: A goes on with the one that it has played with."""
    with tempfile.TemporaryDirectory() as name:
        if office == A:
            for path in honest.world.folder.glob(f"{A}.*"):
                shutil.copy(path, name)
        yield Path(name)


class Alone:
    """What each victim shows; no dictionary, because it is too long to be printed."""

    def __init__(self) -> None:
        self.of: dict[OfficeId, dict[str, Any]] = {}


@pytest.fixture(scope="module")
def alone(honest: Honest) -> Alone:
    """What each victim shows in the world without attackers."""
    found = Alone()
    for office in (A, PROVINCE):
        with a_folder(honest, office) as folder, victim_in(folder, honest, office) as victim:
            for batch in honest_batches(honest, office):
                victim.takes(batch)
            found.of[office] = victim.shows()
            assert found.of[office]["open alerts"], "the open request is long overdue"
    return found


def honest_batches(honest: Honest, office: OfficeId) -> list[Batch]:
    """What a victim has still to read of the honest link: A has read it all."""
    batches = [Batch(documents=honest.documents)]
    if office != A:
        batches += [Batch(grants=honest.grants), Batch(records={LINK: honest.records})]
    return batches


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_victim_shows_and_counts_its_cases_as_in_the_world_without_attackers(
    honest: Honest, alone: Alone, seed: int
) -> None:
    dice = Random(seed)
    office, link = dice.choice(((A, SIDE), (PROVINCE, BELOW)))
    shadow = Shadow(honest, honest.world.directory(), link, office)
    for _ in range(dice.randint(1, 20)):
        shadow.act(dice)
    documents, *batches = honest_batches(honest, office)
    batches += [Batch(grants=shadow.grants[::2]), Batch(grants=shadow.grants[1::2])]
    batches += [Batch(records={link: [record]}) for record in shadow.records]
    with a_folder(honest, office) as folder:
        with victim_in(folder, honest, office) as victim:
            for batch in (documents, *in_any_order(dice, batches, link)):
                victim.takes(batch)
            assert victim.shows() == alone.of[office]
        # What is on disk says the same as what was in memory.
        with victim_in(folder, honest, office) as victim:
            assert victim.shows() == alone.of[office]


def in_any_order(dice: Random, batches: list[Batch], link: LinkId) -> list[Batch]:
    """Batches in a drawn order, in which only one link's records follow each other as they do."""
    drawn = dice.sample(batches, len(batches))
    following = iter([batch for batch in batches if link in batch.records])
    return [next(following) if link in batch.records else batch for batch in drawn]
