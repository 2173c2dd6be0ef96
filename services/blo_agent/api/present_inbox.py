"""The entries of the inbox as JSON; runs in a reader's thread (docs/inbox.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from blo_agent.api.inbox_sources import Alarm, InboxQuestion, Item
from blo_agent.api.inbox_types import InboxEntry, ReceiptStep
from blo_agent.api.response_types import moment
from blo_agent.inbound.heads import delivery
from blo_agent.office.case_clocks import case_steps, local_text, terms_of_link, zone_of
from blo_agent.office.viewer import StoredLink, Viewer, stored_link
from blo_agent.people.access import answer_of
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases, events, heads
from blo_agent.store.tables.drafts import DraftRow
from blo_agent.store.tables.open_cases import OpenTaskRow
from blo_domain.inbox.entries import InboxKind
from blo_domain.inbox.receipts import CaseStep, ReceiptStage, acknowledged_by, answered_by
from blo_domain.inbox.wording import draft_words, task_words, unread_words
from blo_domain.people.permissions import Action, Permission
from blo_schemas.approvals import DRAFTED_STEP, DraftedStep
from blo_schemas.content import CONTENT, Dispatch
from blo_schemas.heads import HEAD, SIGNED_HEAD, Head
from blo_schemas.ids import CaseId, LinkId, OfficeId
from blo_schemas.instants import local
from blo_schemas.summary import Kind

_NUMBERS_FROM = 4
"""So many of an office's last events in a case are looked at for its number."""


class _Documents(NamedTuple):
    """What the documents of a case say of it."""

    subject: str | None = None
    own_number: str | None = None
    their_number: str | None = None


class _LinkOfInbox:
    """What all entries of one link need."""

    def __init__(self, viewer: Viewer, snapshot: Snapshot, link: LinkId, now: int) -> None:
        self.stored: StoredLink = stored_link(snapshot, link)
        self.zone = zone_of(viewer.id, terms_of_link(viewer.directory, link))
        parties = viewer.directory.link_trust(link).parties(now)
        self.others: tuple[OfficeId, ...] = tuple(sorted(parties - {viewer.id}))
        self.heads: Mapping[OfficeId, Head] = {
            row.office: HEAD.decode(SIGNED_HEAD.decode(row.head).head)
            for row in heads.of_link(snapshot, link)
        }
        roles = {role.link: role.corridor for role in viewer.roles}
        self.corridor: str = roles[link]


class InboxPresenter:
    """Presents the entries of one page.

    Args:
        viewer: The office.
        snapshot: Its store.
        question: What was asked.
    """

    def __init__(self, viewer: Viewer, snapshot: Snapshot, question: InboxQuestion) -> None:
        self._viewer = viewer
        self._snapshot = snapshot
        self._now = question.now
        self._reads = answer_of(question.actor, Action.READ_CONTENTS) is Permission.ALLOWED
        self._links: dict[LinkId, _LinkOfInbox] = {}

    def entry(self, kind: InboxKind, item: Item) -> InboxEntry:
        """One entry."""
        if isinstance(item, Alarm):
            return self._alarm(item)
        if isinstance(item, DraftRow):
            return self._draft(kind, item)
        return self._task(kind, item)

    def _of_link(self, link: LinkId) -> _LinkOfInbox:
        known = self._links.get(link)
        if known is None:
            known = _LinkOfInbox(self._viewer, self._snapshot, link, self._now)
            self._links[link] = known
        return known

    def _alarm(self, alarm: Alarm) -> InboxEntry:
        at = self._of_link(alarm.link)
        return InboxEntry(
            kind=InboxKind.ALARM.value,
            link=alarm.link,
            corridor=at.corridor,
            zone=at.zone,
            owed_by=list(alarm.owed_by),
            is_ours=self._viewer.id in alarm.owed_by,
            since=local(alarm.since),
            receipts=[],
            words=alarm.words,
        )

    def _draft(self, kind: InboxKind, row: DraftRow) -> InboxEntry:
        at = self._of_link(row.link)
        drafted = None if row.drafted is None else DRAFTED_STEP.decode(row.drafted)
        return InboxEntry(
            kind=kind.value,
            link=row.link,
            corridor=at.corridor,
            case=None if row.case is None else row.case.hex(),
            draft=row.id.hex(),
            case_kind=None if drafted is None else drafted.kind.word,
            step=None if drafted is None else drafted.step.word,
            subject=None if drafted is None else self._subject_of(drafted),
            zone=at.zone,
            owed_by=[self._viewer.id],
            is_ours=True,
            since=local(row.changed_at),
            receipts=[],
            words=draft_words(
                None if drafted is None else drafted.step,
                None if drafted is None else drafted.kind,
                row.reason,
                row.state.value,
            ),
        )

    def _subject_of(self, drafted: DraftedStep) -> str | None:
        return drafted.dispatch.subject if self._reads and drafted.dispatch is not None else None

    def _task(self, kind: InboxKind, row: OpenTaskRow) -> InboxEntry:
        at, task, own = self._of_link(row.link), row.task, self._viewer.id
        view = cases.get(self._snapshot, row.link, row.case)
        steps = case_steps(self._snapshot, row.link, row.case)
        due = None if task.due is None else local_text(task.due, at.zone)
        receipts = self._ladder(at, row.kind, steps)
        words = task_words(task, row.kind, own, due, self._now)
        if kind is InboxKind.NOT_OPENED:
            unread = [step.office for step in receipts if step.stage in ("sent", "delivered")]
            words = unread_words(map(OfficeId, unread), own)
        documents = self._documents(at, row.case, steps) if self._reads else _Documents()
        return InboxEntry(
            kind=kind.value,
            link=row.link,
            corridor=at.corridor,
            case=row.case.hex(),
            case_kind=row.kind.word,
            state=None if view is None else view.state.value,
            version=None if view is None else view.version,
            subject=documents.subject,
            own_number=documents.own_number,
            their_number=documents.their_number,
            urgency=row.urgency.word,
            clock=None if task.clock is None else task.clock.value,
            due=moment(task.due),
            due_local=due,
            zone=at.zone,
            late_ms=0 if task.due is None else max(0, self._now - task.due),
            owed_by=list(task.owed_by),
            is_ours=own in task.owed_by,
            since=local(row.since),
            receipts=receipts,
            words=words,
        )

    def _ladder(self, at: _LinkOfInbox, kind: Kind, steps: list[CaseStep]) -> list[ReceiptStep]:
        own = [step for step in steps if step.office == self._viewer.id]
        if not own:
            return []
        last = own[-1]
        delivered, opened = delivery(at.heads, last.position, at.others)
        ladder = []
        for office in at.others:
            stage = ReceiptStage.SENT
            if answered_by(kind, steps, last, office) is not None:
                stage = ReceiptStage.ANSWERED
            elif acknowledged_by(steps, last, office) is not None:
                stage = ReceiptStage.ACKNOWLEDGED
            elif office in opened:
                stage = ReceiptStage.OPENED
            elif office in delivered:
                stage = ReceiptStage.DELIVERED
            ladder.append(ReceiptStep(office, stage.value))
        return ladder

    def _documents(self, at: _LinkOfInbox, case: CaseId, steps: list[CaseStep]) -> _Documents:
        """What the documents of a case say of it; nothing of contents that are not shown."""
        if at.stored.withheld or case in at.stored.shredded or not steps:
            return _Documents()
        opening = self._dispatch(at, steps[0])
        if opening is None:
            return _Documents()
        opener, own = steps[0].office, self._viewer.id
        numbers = {opener: opening.local_number}
        for step in [step for step in reversed(steps) if step.office != opener][:_NUMBERS_FROM]:
            dispatch = self._dispatch(at, step)
            if dispatch is not None and dispatch.local_number is not None:
                numbers.setdefault(step.office, dispatch.local_number)
        theirs = [number for office, number in sorted(numbers.items()) if office != own and number]
        answer = _Documents(opening.subject, numbers.get(own), next(iter(theirs), None))
        if opener == own:
            return answer._replace(their_number=answer.their_number or opening.counterpart_number)
        return answer._replace(own_number=answer.own_number or opening.counterpart_number)

    def _dispatch(self, at: _LinkOfInbox, step: CaseStep) -> Dispatch | None:
        content = events.content_of(self._snapshot, at.stored.link, step.position)
        return None if content is None else CONTENT.decode(content).dispatch
