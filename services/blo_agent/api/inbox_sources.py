"""Where the entries of the inbox come from: open cases, drafts, and what is wrong with links.

Each kind of entry has one source with an order of its own, so a page goes on where the last one
ended without reading what came before.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from blo_agent.drafts.rows import sees_draft
from blo_agent.inbound.heads import opened_below
from blo_agent.office.case_clocks import local_text
from blo_agent.office.viewer import Viewer
from blo_agent.people.access import Actor, answer_of
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import alerts, differences, drafts, halts, heads, open_cases
from blo_agent.store.tables.case_lists import CaseFilter, CasePlace
from blo_agent.store.tables.drafts import DraftRow
from blo_agent.store.tables.open_cases import OpenTaskRow, UnreadFilter
from blo_domain.alert_wording import alert_words
from blo_domain.inbox.entries import OF_DRAFTS, OF_TASKS, READING_TIME_MS, InboxKind
from blo_domain.people.permissions import Action, Permission
from blo_schemas.approvals import DRAFTED_STEP
from blo_schemas.codec import Codec
from blo_schemas.heads import HEAD, SIGNED_HEAD
from blo_schemas.ids import CaseId, LinkId, OfficeId

KINDS: Final = tuple(InboxKind)
_STATES: Final = {kind: state for state, kind in OF_DRAFTS.items()}


class InboxKey(NamedTuple):
    """The place of an entry: the number of its kind, its place within the kind, link, and id."""

    kind: int
    place: int
    link: LinkId
    id: bytes


INBOX_KEY: Final = Codec(InboxKey)


class Alarm(NamedTuple):
    """Something that is wrong with a link.

    Attributes:
        id: Tells it from others of the link.
        link: The link.
        since: Since when, Unix milliseconds.
        owed_by: Who has to act.
        words: For the officer.
    """

    id: bytes
    link: LinkId
    since: int
    owed_by: tuple[OfficeId, ...]
    words: str


Item = OpenTaskRow | DraftRow | Alarm


class InboxQuestion(NamedTuple):
    """What is asked of the inbox.

    Attributes:
        actor: Who asks.
        kinds: Which kinds of entries, in their order.
        cases: Which cases, within what the actor reaches.
        links: The links that the actor reaches and asks for.
        is_about_cases: Whether only entries with a task of a case are asked for.
        now: The instant, Unix milliseconds.
    """

    actor: Actor
    kinds: tuple[InboxKind, ...]
    cases: CaseFilter
    links: tuple[LinkId, ...]
    is_about_cases: bool
    now: int


class InboxReader:
    """Reads the entries of one inbox.

    Args:
        viewer: The office.
        snapshot: Its store.
        question: What is asked.
    """

    def __init__(self, viewer: Viewer, snapshot: Snapshot, question: InboxQuestion) -> None:
        self._viewer = viewer
        self._snapshot = snapshot
        self._question = question

    def items(self, after: InboxKey | None, limit: int) -> list[tuple[InboxKey, Item]]:
        """The next entries, each with its place."""
        items: list[tuple[InboxKey, Item]] = []
        for kind in self._question.kinds:
            number = KINDS.index(kind)
            if after is not None and number < after.kind:
                continue
            behind = after if after is not None and number == after.kind else None
            items.extend(self._of_kind(kind, number, behind, limit - len(items)))
            if len(items) >= limit:
                break
        return items

    def counts(self) -> dict[InboxKind, int]:
        """How many entries there are of each kind that was asked for."""
        question = self._question
        tasks = open_cases.counts(self._snapshot, question.now, question.cases)
        counts = {}
        for kind in question.kinds:
            if kind in tasks:
                counts[kind] = tasks[kind]
            elif kind is InboxKind.NOT_OPENED:
                counts[kind] = sum(
                    open_cases.count_unread(self._snapshot, wanted) for wanted in self._unread()
                )
            else:
                counts[kind] = len(self._others(kind))
        return counts

    def _of_kind(
        self, kind: InboxKind, number: int, after: InboxKey | None, limit: int
    ) -> list[tuple[InboxKey, Item]]:
        question = self._question
        if kind in OF_TASKS:
            place = None
            if after is not None:
                place = CasePlace(after.place, after.link, CaseId(after.id))
            rows = open_cases.of_kind(
                self._snapshot, kind, question.now, question.cases, place, limit
            )
            return [(InboxKey(number, row.place, row.link, row.case), row) for row in rows]
        if kind is InboxKind.NOT_OPENED:
            return self._not_opened(number, after, limit)
        keyed = sorted(
            ((InboxKey(number, *_place(item)), item) for item in self._others(kind)),
            key=lambda pair: pair[0],
        )
        return [pair for pair in keyed if after is None or pair[0] > after][:limit]

    def _not_opened(
        self, number: int, after: InboxKey | None, limit: int
    ) -> list[tuple[InboxKey, Item]]:
        items: list[tuple[InboxKey, Item]] = []
        for wanted in self._unread():
            if after is not None and wanted.link < after.link:
                continue
            behind = CaseId(after.id) if after is not None and wanted.link == after.link else None
            rows = open_cases.unread(self._snapshot, wanted, behind, limit - len(items))
            items.extend((InboxKey(number, 0, row.link, row.case), row) for row in rows)
            if len(items) >= limit:
                break
        return items

    def _unread(self) -> list[UnreadFilter]:
        """What counterparts have not opened, by link."""
        question, wanted = self._question, []
        for link in question.links:
            readers = self._viewer.directory.link_trust(link).parties(question.now)
            bounds = [
                opened_below(head)
                for head in (
                    HEAD.decode(SIGNED_HEAD.decode(row.head).head)
                    for row in heads.of_link(self._snapshot, link)
                    if row.office in readers
                )
            ]
            others = len(readers - {self._viewer.id})
            size = min((below for below, _ in bounds), default=0) if len(bounds) == others else 0
            named = {position for _, positions in bounds for position in positions}
            wanted.append(
                UnreadFilter(
                    link,
                    size,
                    tuple(sorted(position for position in named if position < size)),
                    question.now - READING_TIME_MS,
                    question.cases,
                )
            )
        return wanted

    def _others(self, kind: InboxKind) -> list[Item]:
        """The entries of a kind of which there are few, in no order."""
        if self._question.is_about_cases:
            return []
        if kind is InboxKind.ALARM:
            return [alarm for link in self._question.links for alarm in self._alarms(link)]
        return [*self._drafts(kind)]

    def _alarms(self, link: LinkId) -> list[Alarm]:
        own, snapshot = self._viewer.id, self._snapshot
        alarms = [
            Alarm(b"halt %d" % halt.seq, link, halt.at, (own,), halt.words)
            for halt in halts.standing(snapshot, link)
        ]
        for row in alerts.standing_of_link_itself(snapshot, link):
            alert = row.decoded
            due = None if alert.due is None else local_text(alert.due, "UTC")
            words = alert_words(alert, None, own, due)
            alarms.append(Alarm(row.alert_id, link, alert.since, alert.must_act, words))
        for count in differences.counts(snapshot, link):
            words = (
                f"{count.processor} says something else than this office's log ({count.what}, "
                f"{count.cases} times): call the operator."
            )
            name = sha256(f"{count.processor} {count.what}".encode()).digest()
            alarms.append(Alarm(name, link, count.since, (own,), words))
        return alarms

    def _drafts(self, kind: InboxKind) -> list[DraftRow]:
        question = self._question
        needed = (Action.DRAFT, Action.APPROVE)
        if all(answer_of(question.actor, act) is not Permission.ALLOWED for act in needed):
            return []
        rows = drafts.in_state(self._snapshot, _STATES[kind])
        return [
            row
            for row in rows
            if row.link in question.links
            and _is_of_kinds(row, question.cases)
            and sees_draft(self._snapshot, question.actor, row)
        ]


def _is_of_kinds(row: DraftRow, wanted: CaseFilter) -> bool:
    if wanted.kinds is None:
        return True
    return row.drafted is not None and DRAFTED_STEP.decode(row.drafted).kind in wanted.kinds


def _place(item: Item) -> tuple[int, LinkId, bytes]:
    if isinstance(item, Alarm):
        return item.since, item.link, item.id
    if isinstance(item, DraftRow):
        return item.changed_at, item.link, item.id
    return item.place, item.link, item.case
