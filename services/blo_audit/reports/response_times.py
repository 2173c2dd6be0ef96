"""Response times of the links that an observer may watch, from summaries alone (docs/domain.md §8).

A ministry compares offices without reading what they write: it holds the summary keys that the
agreements grant it, and no content key. Nothing here asks for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blo_audit.replay.sources import LogSource, SourcePartition
from blo_domain.cases import SubmittedStep
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.responses import Responses, Window, responses
from blo_domain.deadlines.terms import Terms, terms_of
from blo_domain.trust import LinkTrustRules, TrustedDirectory
from blo_log.directory import DirectoryFeed
from blo_log.port import Log
from blo_projection.case_views import CaseViews
from blo_projection.fold import KeySource, LinkFold
from blo_projection.granted_keys import GrantedKeys
from blo_projection.link_chain import LinkChain
from blo_schemas.clocks import ClockView
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, CorridorId, LinkId
from blo_schemas.trust import Agreement
from blo_schemas.verdicts import Outcome
from blo_sealing.identity import ProgramIdentity


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """One link's response times.

    Attributes:
        link: The link.
        size: How many records were read.
        waiting: How many of them could not be judged, because their summary key was not granted;
            their clocks are not among the rows.
        rows: Per office and clock.
    """

    link: LinkId
    size: int
    waiting: int
    rows: tuple[Responses, ...]


class ClockFold:
    """The clocks of one link's cases, folded from its records.

    Args:
        link: The link.
        trust: What the trust documents say about it.
        keys: The summary keys.
    """

    def __init__(self, link: LinkId, trust: LinkTrustRules, keys: KeySource) -> None:
        self.link = link
        self.clocks: dict[CaseId, ClockView] = {}
        self._fold = LinkFold(
            link, LinkChain(link, trust), trust, CaseViews(), keys, read_content=False
        )

    @property
    def size(self) -> int:
        """How many records were fed."""
        return self._fold.size

    @property
    def waiting(self) -> int:
        """How many of them wait for a summary key."""
        return self._fold.parked_count()

    def feed(self, record: LogRecord) -> None:
        """Take the next record."""
        folded = self._fold.feed(record)
        header, office, summary = folded.header, folded.office, folded.summary
        if folded.verdict is None or folded.verdict.outcome is not Outcome.ACCEPTED:
            return
        if header is None or summary is None or office is None:
            return
        case = header.case_id
        step = SubmittedStep(case, self.link, office, summary, folded.position, folded.log_time)
        self.clocks[case] = fold_clocks(self.clocks.get(case), step)


async def response_times(
    log: Log,
    feed: DirectoryFeed,
    identity: ProgramIdentity,
    corridors: Iterable[CorridorId],
    period: Window,
    now: int,
) -> list[LinkTimes]:
    """Read the links that somebody may watch, and say how fast their offices respond.

    Args:
        log: The log.
        feed: The trust documents, already read.
        identity: Who watches: an observer, or a processor.
        corridors: Which corridors.
        period: Which clocks count, by their deadline.
        now: The instant at which the clocks are read; records of a later log time do not count.

    Raises:
        LogError: The log could not be read.
    """
    return [
        await _of_link(log, feed.directory, identity, agreement, period, now)
        for corridor in sorted(set(corridors))
        for agreement in watched(feed.directory, identity, corridor)
    ]


def watched(
    directory: TrustedDirectory, identity: ProgramIdentity, corridor: CorridorId
) -> Sequence[Agreement]:
    """The newest agreements of the links that somebody may watch."""
    return [
        agreement
        for agreement in directory.newest_agreements(corridor)
        if identity.subject in (*agreement.observers, *agreement.processors)
    ]


async def _of_link(
    log: Log,
    directory: TrustedDirectory,
    identity: ProgramIdentity,
    agreement: Agreement,
    period: Window,
    now: int,
) -> LinkTimes:
    link = agreement.link
    source, place = LogSource(log), SourcePartition(link, agreement.corridor, agreement.partition)
    granted = GrantedKeys(link, identity)
    for grant in await source.grants(place):
        granted.take(grant, directory)
    fold = ClockFold(link, directory.link_trust(link), granted)
    await _fold(source, place, fold, now)
    rows = responses(fold.clocks.values(), {link: _terms(directory, link)}, period, now)
    return LinkTimes(link, fold.size, fold.waiting, rows)


async def _fold(source: LogSource, place: SourcePartition, fold: ClockFold, now: int) -> None:
    async for batch in source.records(place):
        for record in batch:
            if record.log_time > now:
                # A log is a prefix: what follows the first later record was not seen then.
                return
            fold.feed(record)


def _terms(directory: TrustedDirectory, link: LinkId) -> Terms:
    return terms_of(
        (period.agreement, period.start, period.end) for period in directory.terms(link)
    )
