"""The API's operations on reports: their jobs in order, and their journal entries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial

from blo_agent.agent import Agent
from blo_agent.reports import lifecycle
from blo_agent.reports.cut import (
    TakenCut,
    changed_trust,
    compute_report,
    missing_contents,
    same_cut,
    take_cut,
)
from blo_agent.reports.errors import ReportRefusal, ReportRefused
from blo_agent.reports.lifecycle import ReportAction
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import journal
from blo_domain.reports.annual_report import Period
from blo_domain.reports.difference import ReportComparison, difference
from blo_schemas.codec import encode
from blo_schemas.errors import TooLarge
from blo_schemas.ids import LinkId
from blo_schemas.reports import PeriodReport, ReportAct, check_size, to_json

Step = Callable[[Transaction, int], ReportAction]


async def compute(agent: Agent, first: date, last: date, actor: str) -> ReportAction:
    """Compute a report as of now, and keep it.

    Raises:
        ReportRefused: A link is in doubt; the refusal is in the journal.
    """
    period = Period(first, last)

    async def work() -> ReportAction:
        report = await _computed(agent, lambda tx, now: take_cut(agent.office, tx, period, now))
        draft = await asyncio.to_thread(lifecycle.draft_of, report)
        return await _job(agent, lambda tx, now: lifecycle.file(draft, actor, now, tx))

    return await _or_note(agent, actor, ReportAct.COMPUTE, b"", work)


async def act(agent: Agent, digest: bytes, wanted: ReportAct, actor: str) -> ReportAction:
    """Take a further step with a report.

    Raises:
        ReportRefused: It is not to be taken; the refusal is in the journal.
    """
    steps: dict[ReportAct, Step] = {
        ReportAct.REVIEW: lambda tx, now: lifecycle.review(digest, actor, now, tx),
        ReportAct.SIGN: lambda tx, now: lifecycle.sign(digest, actor, now, tx),
    }

    async def freeze() -> ReportAction:
        report = await agent.store.read(partial(lifecycle.checked, digest))
        return await _job(
            agent, lambda tx, now: lifecycle.freeze(agent.office, digest, report, actor, now, tx)
        )

    async def work() -> ReportAction:
        return await (_job(agent, steps[wanted]) if wanted in steps else freeze())

    return await _or_note(agent, actor, wanted, digest, work)


async def export(agent: Agent, digest: bytes, actor: str) -> bytes:
    """The file of a report; that it was taken out is in the journal.

    Raises:
        ReportRefused: There is none.
    """

    def job(tx: Transaction, now: int) -> ReportAction:
        filed = lifecycle.find(tx, digest)
        journal.append(tx, at=now, actor=actor, action="report export", detail=digest)
        return filed

    filed = await _job(agent, job)
    return await asyncio.to_thread(lambda: to_json(filed.signed or filed.report))


async def compare(agent: Agent, digest: bytes, actor: str) -> ReportComparison:
    """Compute a frozen report anew at its cut, and once more as of now.

    Raises:
        ReportRefused: It is not frozen, or a link is in doubt.
    """

    def job(tx: Transaction, now: int) -> ReportAction:
        filed = lifecycle.find(tx, digest)
        if not filed.is_frozen:
            raise ReportRefused(
                ReportRefusal.NOT_FROZEN, "it is not frozen; only a frozen report is reproduced"
            )
        journal.append(tx, at=now, actor=actor, action="report compare", detail=digest)
        return filed

    filed = await _job(agent, job)
    old = await asyncio.to_thread(lambda: filed.report)
    why_not = await _why_not(agent, old)
    period = Period(old.first, old.last)
    new = await _computed(agent, lambda tx, now: take_cut(agent.office, tx, period, now))
    return ReportComparison(not why_not, why_not, difference(old, new))


async def _why_not(agent: Agent, old: PeriodReport) -> list[str]:
    """Why a report is not reproduced byte for byte; nothing if it is."""
    try:
        again = await _computed(agent, lambda _tx, _now: same_cut(agent.office, old))
    except ReportRefused as refusal:
        if refusal.reason is not ReportRefusal.NOT_THE_LOG:
            raise
        return [refusal.words]
    if encode(again) == encode(old):
        return []
    words = [f"{differing.indicator} differs" for differing in difference(old, again).figures]
    words += [
        f"response times differ: {differing}" for differing in difference(old, again).response_times
    ]

    def missing(snapshot: Snapshot) -> list[tuple[LinkId, int]]:
        return missing_contents(old, snapshot)

    for link, position in await agent.store.read(missing):
        words.append(f"the content of {position} of {link} was shredded since")
    for link in changed_trust(agent.office, old):
        words.append(f"the trust documents of {link} have changed since")
    return words or ["its notes or proofs differ"]


async def _computed(agent: Agent, cut: Callable[[Transaction, int], TakenCut]) -> PeriodReport:
    now = agent.clock.now_ms()
    taken = await agent.store.write(lambda tx: cut(tx, now))

    def query(snapshot: Snapshot) -> PeriodReport:
        report = compute_report(taken, snapshot)
        try:
            check_size(report)
        except TooLarge as error:
            raise ReportRefused(
                ReportRefusal.TOO_LARGE, f"{error}; compute reports of shorter periods"
            ) from None
        return report

    return await agent.store.read(query)


async def _job(agent: Agent, job: Step) -> ReportAction:
    now = agent.clock.now_ms()
    return await agent.store.write(lambda tx: job(tx, now))


async def _or_note(
    agent: Agent,
    actor: str,
    wanted: ReportAct,
    digest: bytes,
    work: Callable[[], Awaitable[ReportAction]],
) -> ReportAction:
    try:
        return await work()
    except ReportRefused as refusal:
        now = agent.clock.now_ms()
        detail = digest + refusal.reason.encode()

        def note(tx: Transaction) -> None:
            journal.append(
                tx, at=now, actor=actor, action=f"refused report {wanted}", detail=detail
            )

        await agent.store.write(note)
        raise
