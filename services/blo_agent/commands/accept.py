"""Accepts a command: decides, seals, and puts the event into the outbox (docs/architecture.md, "What each hop promises", officer → agent).

One job of the store's thread: decide, seal, and put the journal entry, the grants and the final
bytes on disk. When the caller has its answer, the event can no longer be lost.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from blo_agent.files.enclose import FileFault, FileMismatch, enclosed_files, name_files
from blo_agent.office.access_log import note_authors
from blo_agent.office.key_grants import grant_content_key, grant_summary_key
from blo_agent.office.keyring import month_of
from blo_agent.office.link_state import LinkState, PendingEvent
from blo_agent.office.state import NoIdentity, Office
from blo_agent.shredding.delete import what_is_left
from blo_agent.store.connection import Transaction
from blo_agent.store.errors import ActionRefused
from blo_agent.store.tables import case_agencies, journal, outbox
from blo_agent.store.tables.files import FileRow
from blo_domain.business_dates import check_date
from blo_domain.cases import decide
from blo_domain.commands import ChannelRules, Command, content_of
from blo_domain.errors import RefusalReason, Refused
from blo_domain.people.agencies import agencies_named
from blo_log.topics import exchange_topic
from blo_schemas.bodies.attachments import attachments_of
from blo_schemas.bodies.steps import Assignment
from blo_schemas.content import CONTENT, WITHOUT_CONTENT, Content
from blo_schemas.errors import WireError
from blo_schemas.hashes import leaf_hash
from blo_schemas.ids import CaseId, EventId, LinkId
from blo_schemas.summary import SUMMARY, Step, Summary
from blo_sealing.errors import TooLargeToSeal
from blo_sealing.keys import SYMMETRIC_KEY_SIZE, ContentKey, SummaryKey
from blo_sealing.seal_event import Author, SealedEvent, seal_event, seal_event_without_content


class AgentRefusal(StrEnum):
    """Why the agent itself refuses a command; the others are ``blo_domain``'s reasons."""

    UNKNOWN_LINK = "unknown_link"
    NOT_A_PARTY = "not_a_party"
    HALTED = "halted"
    REREADING = "rereading"
    CASE_IS_NAMED = "case_is_named"
    NO_AGREEMENT = "no_agreement"
    NO_IDENTITY = "no_identity"
    KEY_MISSING = "key_missing"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    SHREDDED = "shredded"
    FILE_NOT_READY = "file_not_ready"
    FILE_OF_ANOTHER_CASE = "file_of_another_case"
    FILE_DIFFERS = "file_differs"
    NOT_SHREDDED_YET = "not_shredded_yet"


_FILE_REFUSALS: Final = {
    FileFault.NOT_READY: AgentRefusal.FILE_NOT_READY,
    FileFault.ANOTHER_CASE: AgentRefusal.FILE_OF_ANOTHER_CASE,
    FileFault.DIFFERS: AgentRefusal.FILE_DIFFERS,
}


class OfficeCommand(msgspec.Struct, frozen=True):
    """A command of an officer, with its link and case.

    Attributes:
        link: On which link.
        case: To which case; ``None`` opens one.
        command: The step and what it says.
        actor: Who wants it, for the journal.
    """

    link: LinkId
    case: CaseId | None
    command: Command
    actor: str


class Accepted(msgspec.Struct, frozen=True):
    """A command that is on disk and will be sent.

    Attributes:
        event: The event's id.
        case: Its case.
        oseq: Its number in the office's chain on the link.
        expected_version: The case's version that it was decided on.
    """

    event: EventId
    case: CaseId
    oseq: int
    expected_version: int


class CommandRefused(ActionRefused):
    """A command was not accepted."""

    reasons = (AgentRefusal, RefusalReason)


def accept(office: Office, wanted: OfficeCommand, now: int, tx: Transaction) -> Accepted:
    """Decide a command, seal its event and put it on disk.

    Args:
        office: Who acts.
        wanted: The command.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.

    Raises:
        CommandRefused: It can't be done; nothing was written.
    """
    state = _writable_link(office, wanted.link)
    command = wanted.command
    summary, content = _decide(office, state, wanted, now)
    enclosed = _enclosed(wanted, summary.step, content, tx)
    try:
        author = office.author(state.link, now)
    except NoIdentity as missing:
        raise _refused(AgentRefusal.NO_IDENTITY, str(missing)) from missing
    content_key = None
    if content is None:
        _check_shredded(state, wanted.case, tx)
    else:
        content_key = _content_key(office, state, wanted.case)
    month = month_of(now)
    known_key = office.keyring.of(state.link).own_summary_key(month)
    summary_key = known_key or SummaryKey(office.random(SYMMETRIC_KEY_SIZE))
    sealed = _seal(
        office, author, state, wanted.case, now, summary_key, summary, content_key, content
    )
    if known_key is None:
        grant_summary_key(office, state, summary_key, month, now, tx)
    if command.step is Step.OPEN and content_key is not None:
        grant_content_key(office, state, content_key, now, tx)
    if content is not None:
        case = sealed.header.case_id
        note_authors(
            tx, wanted.actor, content.dispatch, summary.step, state.link, case, sealed.id, now
        )
    accepted = _put(office, state, wanted.actor, sealed, summary, now, tx)
    name_files(enclosed, accepted.case, now, tx)
    if isinstance(command.body, Assignment):
        case_agencies.add(tx, state.link, accepted.case, agencies_named(command.body.agency))
    return accepted


def _enclosed(
    wanted: OfficeCommand, step: Step, content: Content | None, tx: Transaction
) -> list[FileRow]:
    """The files that a step encloses, which must be those of this node."""
    if content is None:
        return []
    try:
        named = attachments_of(wanted.command.kind, step, content)
        return enclosed_files(wanted.link, wanted.case, named, tx)
    except FileMismatch as mismatch:
        raise _refused(_FILE_REFUSALS[mismatch.fault], str(mismatch)) from mismatch


def _seal(
    office: Office,
    author: Author,
    state: LinkState,
    case: CaseId | None,
    now: int,
    summary_key: SummaryKey,
    summary: Summary,
    content_key: ContentKey | None,
    content: Content | None,
) -> SealedEvent:
    """Seal at the office's next place, with content if there is one."""
    if content_key is None or content is None:
        if case is None:
            raise ValueError("a case is opened with a content")
        return seal_event_without_content(
            author,
            state.next_place(),
            at=now,
            case=case,
            summary_key=summary_key,
            summary=summary,
            random=office.random,
        )
    try:
        return seal_event(
            author,
            state.next_place(),
            at=now,
            content_key=content_key,
            summary_key=summary_key,
            summary=summary,
            content=content,
            random=office.random,
        )
    except TooLargeToSeal as error:
        raise _refused(
            AgentRefusal.TOO_LARGE, f"the exchange document is too large: {error}"
        ) from error


def _check_shredded(state: LinkState, case: CaseId | None, tx: Transaction) -> None:
    """An office signs that it has deleted only what is nowhere in its store any more."""
    left = None if case is None else what_is_left(state, case, tx)
    if left is not None:
        raise _refused(AgentRefusal.NOT_SHREDDED_YET, left)


def _decide(
    office: Office, state: LinkState, wanted: OfficeCommand, now: int
) -> tuple[Summary, Content | None]:
    agreement = office.directory.agreement(state.link, now)
    if agreement is None:
        why = "; ".join(office.refused_agreements(state.link))
        words = f"no agreement is in force on {state.link} now"
        raise _refused(AgentRefusal.NO_AGREEMENT, f"{words}: {why}" if why else words)
    view = None if wanted.case is None else state.view(wanted.case)
    if wanted.command.step is Step.OPEN and wanted.case is not None and view is None:
        raise _refused(
            AgentRefusal.CASE_IS_NAMED, "a new case gets its id from the agent; name none"
        )
    try:
        check_date(wanted.command, office.id, agreement.policy, now)
        rules = ChannelRules.of(agreement)
        summary = decide(view, wanted.command, agreement.offices, office.id, rules)
    except Refused as refusal:
        raise CommandRefused(refusal.reason, refusal.words) from refusal
    bare = wanted.command.step in WITHOUT_CONTENT
    content = None if bare else content_of(wanted.command)
    try:
        # Once it is signed, what no reader can decode would be refused by all of them.
        SUMMARY.decode(SUMMARY.encode(summary))
        if content is not None:
            CONTENT.decode(CONTENT.encode(content))
    except (WireError, OverflowError) as error:
        raise _refused(AgentRefusal.MALFORMED, f"nobody could read this: {error}") from error
    return summary, content


def _writable_link(office: Office, link: LinkId) -> LinkState:
    state = office.links.get(link)
    if state is None:
        known = ", ".join(sorted(office.links)) or "none"
        why = "".join(f"; {words}" for words in office.refused_agreements(link))
        raise _refused(
            AgentRefusal.UNKNOWN_LINK,
            f"{office.id} has no link {link}; its links are: {known}{why}",
        )
    if not state.status.is_party:
        raise _refused(
            AgentRefusal.NOT_A_PARTY,
            f"{office.id} reads {link} as a superior and appends nothing there",
        )
    if state.status.halted is not None:
        raise _refused(AgentRefusal.HALTED, state.status.halted)
    if state.is_behind:
        raise _refused(
            AgentRefusal.REREADING,
            f"the log of {link} is being read again: {state.size} of {state.status.rereads_to} "
            "records; try again when that is done",
        )
    return state


def _content_key(office: Office, state: LinkState, case: CaseId | None) -> ContentKey:
    if case is None:
        return ContentKey(office.random(SYMMETRIC_KEY_SIZE))
    if case in state.shredded:
        raise _refused(
            AgentRefusal.SHREDDED,
            "the key and the contents of this case were deleted here, as all offices of the link "
            "had agreed, so nothing can be written in it; open a new case",
        )
    key = office.keyring.of(state.link).content_key(case)
    if key is None:
        raise _refused(
            AgentRefusal.KEY_MISSING,
            "the key of this case has not arrived yet, so nothing can be written in it; "
            "ask the office that opened it whether its line is up",
        )
    return key


def _put(
    office: Office,
    state: LinkState,
    actor: str,
    sealed: SealedEvent,
    summary: Summary,
    now: int,
    tx: Transaction,
) -> Accepted:
    case = sealed.header.case_id
    number = outbox.add(
        tx,
        outbox.NewRecord(
            exchange_topic(state.corridor),
            state.partition,
            state.link.encode(),
            sealed.value,
            state.link,
            sealed.id,
            sealed.header.oseq,
            case,
            now,
        ),
    )
    journal.append(
        tx,
        at=now,
        actor=actor,
        action=f"submit {summary.step.word}",
        link=state.link,
        case=case,
        detail=sealed.id,
    )
    leaf = leaf_hash(sealed.value)
    state.submit(PendingEvent(number, sealed.id, case, summary, now, leaf))
    return Accepted(sealed.id, case, sealed.header.oseq, summary.expected_version)


def _refused(reason: AgentRefusal, words: str) -> CommandRefused:
    return CommandRefused(reason, words)
