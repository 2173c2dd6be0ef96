"""One link folded in one go by the pure rules: what everything that is derived must be equal to.

No stream, no worker, no state that was kept: the records from the first to the last, the trust
documents, and the summary keys that were granted to an observer.
"""

from __future__ import annotations

from collections.abc import Iterable

from blo_domain.cases import SubmittedStep
from blo_domain.deadlines.evaluate import alerts
from blo_domain.deadlines.fold import fold_clocks
from blo_domain.deadlines.terms import Terms
from blo_domain.trust import LinkTrustRules
from blo_projection.case_views import CaseViews
from blo_projection.fold import FoldedRecord, KeySource, LinkFold
from blo_projection.link_chain import LinkChain
from blo_schemas.clocks import Alert, ClockView
from blo_schemas.event import Header, LogRecord
from blo_schemas.ids import CaseId, LinkId


class PlainLink:
    """The plain fold of one link.

    Args:
        link: The link.
        trust: What the trust documents say about it.
        keys: The summary keys, all that were ever granted to the reader.
        terms: What was agreed when on deadlines.
        records: The link's log, from its first record.

    Attributes:
        folded: What is concluded of each record, by position.
        views: The cases.
        clocks: What the cases' deadlines need.
        hashes: Running hash and tree root after each record; the nth covers n + 1 records.
        now: The latest log time of any record, Unix milliseconds; 0 without one.
    """

    def __init__(
        self,
        link: LinkId,
        trust: LinkTrustRules,
        keys: KeySource,
        terms: Terms,
        records: Iterable[LogRecord],
    ) -> None:
        self.link = link
        self.folded: list[FoldedRecord] = []
        self.views = CaseViews()
        self.clocks: dict[CaseId, ClockView] = {}
        self.hashes: list[tuple[bytes, bytes]] = []
        self.now = 0
        self._terms = terms
        chain = LinkChain(link, trust)
        fold = LinkFold(link, chain, trust, self.views, keys, read_content=False)
        for record in records:
            self._take(fold.feed(record))
            self.hashes.append((chain.log_hash, chain.tree_root()))
            self.now = max(self.now, record.log_time)

    def alerts(self) -> dict[bytes, Alert]:
        """All alerts and clearings that there are at ``now``, by their ids."""
        every = (alerts(view, self._terms, self.now) for view in self.clocks.values())
        return {alert.id: alert for some in every for alert in some}

    def headers(self) -> list[Header]:
        """The headers of the records that have a readable one."""
        return [one.header for one in self.folded if one.header is not None]

    def _take(self, folded: FoldedRecord) -> None:
        self.folded.append(folded)
        if folded.version == 0:
            return
        assert folded.header is not None
        assert folded.office is not None
        assert folded.summary is not None
        case = folded.header.case_id
        fact = SubmittedStep(
            case, self.link, folded.office, folded.summary, folded.position, folded.log_time
        )
        self.clocks[case] = fold_clocks(self.clocks.get(case), fact)
