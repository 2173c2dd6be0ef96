"""A fold that is told what a record says does not open it, and concludes the same."""

from __future__ import annotations

from blo_log.fold import ContentState, Folded, LinkFold, Remembered
from blo_schemas.content import Content
from blo_schemas.ids import CaseId, EventId
from blo_schemas.summary import Summary
from blo_schemas.views import CaseView
from blo_sealing.chain import LinkChain
from tests.agents.world import LINK
from tests.bench.samples import Keys, SampleLog


class Views(dict[CaseId, CaseView]):
    def put(self, view: CaseView) -> None:
        self[CaseId(view.case)] = view


def folded(log: SampleLog, keys: Keys, remembered: Remembered | None) -> tuple[list[Folded], Views]:
    views = Views()
    fold = LinkFold(
        LINK,
        LinkChain(LINK, log.ground.trust),
        log.ground.trust,
        views,
        keys,
        read_content=True,
        remembered=remembered,
    )
    return [fold.feed(record) for record in log.records], views


def test_what_is_remembered_is_concluded_as_what_is_opened() -> None:
    log = SampleLog(24, abreast=3)
    opened, views = folded(log, log.keys, None)
    assert all(one.content_state is ContentState.OPENED for one in opened)
    said: dict[EventId, tuple[Summary, Content]] = {
        one.event: (one.summary, one.content)
        for one in opened
        if one.event is not None and one.summary is not None and one.content is not None
    }
    assert folded(log, Keys(), said.get) == (opened, views)
