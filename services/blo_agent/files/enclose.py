"""Which files a step encloses, when it is sealed and when it is read back.

A step encloses files that were uploaded on its link and for its case. Their chunks are sent when the
log has accepted the step. Whoever else reads the step knows of them from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from blo_agent.office.link_state import PROGRAM
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import files
from blo_agent.store.tables.events import EventRow
from blo_agent.store.tables.files import FileRow, FileState, NewFileRow
from blo_domain.attachments import safe_name
from blo_schemas.bodies.attachments import attachments_of
from blo_schemas.content import CONTENT, Attachment, EnclosedFile
from blo_schemas.files import MAX_FILES
from blo_schemas.ids import CaseId, FileId, LinkId, OfficeId

_WHOLE_HERE: Final = frozenset(
    {FileState.READY, FileState.NAMED, FileState.SENDING, FileState.SENT, FileState.LET_GO}
)


class FileFault(StrEnum):
    """Why a step can't enclose a file."""

    NOT_READY = "not ready"
    ANOTHER_CASE = "another case"
    DIFFERS = "differs"


class FileMismatch(Exception):
    """A step names a file that it can't enclose; ``str()`` is for the person.

    Attributes:
        fault: Why.
    """

    def __init__(self, fault: FileFault, words: str) -> None:
        super().__init__(words)
        self.fault = fault


def attachment_of(about: NewFileRow) -> Attachment:
    """How a step names a file of this node.

    Raises:
        FileMismatch: The file is not whole yet.
    """
    if about.sha256 is None or about.state not in _WHOLE_HERE:
        raise FileMismatch(
            FileFault.NOT_READY,
            f"“{about.name}” is not here whole: it is {about.state.value}",
        )
    return Attachment(
        name=about.name,
        size=about.size,
        sha256=about.sha256,
        file=EnclosedFile(id=about.file, media_type=about.media_type),
    )


def enclosed_files(
    link: LinkId, case: CaseId | None, named: Iterable[Attachment], tx: Transaction
) -> list[FileRow]:
    """The files that a step encloses; whatever comes another way is passed over.

    Args:
        link: The step's link.
        case: Its case; ``None``: it opens one.
        named: The attachments that it names.
        tx: The transaction.

    Raises:
        FileMismatch: A file is not there or not whole, was uploaded for another case, or is not what
            the step says of it.
    """
    rows = []
    for attachment in named:
        if attachment.file is None:
            continue
        row = files.get(tx, attachment.file.id)
        if row is None or row.about.file != attachment.file.id:
            raise FileMismatch(
                FileFault.NOT_READY, f"“{attachment.name}” was not uploaded here; upload it first"
            )
        if (row.about.link, row.about.case) != (link, case):
            raise FileMismatch(
                FileFault.ANOTHER_CASE,
                f"“{attachment.name}” was uploaded for another case; upload it for this one",
            )
        if attachment_of(row.about) != attachment:
            raise FileMismatch(
                FileFault.DIFFERS,
                f"“{attachment.name}” is not what was uploaded: name, size, type or hash differ",
            )
        rows.append(row)
    return rows


def name_files(rows: Iterable[FileRow], case: CaseId, now: int, tx: Transaction) -> None:
    """Note that a step which is on disk encloses these files."""
    for row in rows:
        if row.about.state is FileState.READY:
            about = row.about._replace(case=case, state=FileState.NAMED, at=now)
            files.put(tx, FileRow(row.seq, about))


def note_files(office: OfficeId, accepted: Sequence[EventRow], tx: Transaction) -> None:
    """Take note of the files that accepted events enclose.

    Own ones are sent from now on. Those of others, and own ones that this store does not have,
    can be fetched. An event says nothing of a file that an earlier one of the case has named.

    Args:
        office: This office.
        accepted: Events that the log has accepted, as far as they are opened.
        tx: The transaction that stores them.
    """
    for event in accepted:
        if event.content is None:
            continue
        named = attachments_of(event.kind, event.step, CONTENT.decode(event.content))
        for attachment in named[: MAX_FILES + 1]:
            if attachment.file is not None:
                _note(office, event, attachment, attachment.file, tx)


def _note(
    office: OfficeId,
    event: EventRow,
    attachment: Attachment,
    enclosed: EnclosedFile,
    tx: Transaction,
) -> None:
    file = FileId(enclosed.id)
    row = files.at_place(tx, event.link, event.case, file)
    if row is not None:
        if event.office == office and row.about.state is FileState.NAMED:
            about = row.about._replace(
                state=FileState.SENDING,
                at=event.log_time,
                position=event.position,
                log_time=event.log_time,
            )
            files.put(tx, FileRow(row.seq, about))
        return
    files.add(
        tx,
        NewFileRow(
            id=files.stored_id(event.link, event.case, file),
            file=file,
            link=event.link,
            case=event.case,
            office=event.office,
            state=FileState.ANNOUNCED,
            name=safe_name(attachment.name),
            media_type=enclosed.media_type,
            size=attachment.size,
            sha256=attachment.sha256,
            done=0,
            actor=PROGRAM,
            at=event.log_time,
            position=event.position,
            log_time=event.log_time,
        ),
    )
