"""Forgetting files: those of shredded cases, and copies that nobody needs here any more."""

from __future__ import annotations

from typing import Final

from blo_agent.files.errors import FileRefusal, FileRefused
from blo_agent.files.upload import known
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import files
from blo_agent.store.tables.files import FileRow, FileState, Withdrawal
from blo_schemas.files import chunk_count
from blo_schemas.ids import CaseId, LinkId, OfficeId

_UPLOADS: Final = frozenset({FileState.UPLOADING, FileState.READY})
_IN_LOG: Final = frozenset({FileState.SENT, FileState.WHOLE, FileState.FETCHING, FileState.FAULTY})


def forget_files(office: OfficeId, link: LinkId, case: CaseId, tx: Transaction) -> None:
    """Delete the files of a shredded case, and have own chunks deleted at the broker.

    A chunk that is under way to the broker just now is deleted there, too, because the same task
    sends chunks and their deletion, one after the other.
    """
    for row in files.of_case(tx, link, case):
        about = row.about
        if about.office == office and about.position is not None:
            files.withdraw(tx, Withdrawal(link, case, about.file, chunk_count(about.size)))
        files.remove(tx, row.seq)


def let_go(file: bytes, now: int, tx: Transaction) -> FileRow:
    """Delete an upload that no step has named, or this node's copy of a file that the log has.

    Args:
        file: The node's name of the file.
        now: The office's clock, Unix milliseconds.
        tx: The transaction.

    Raises:
        FileRefused: There is no such file, or it is still to be sent.
    """
    row = known(tx, file)
    about = row.about
    if about.state in _UPLOADS:
        files.remove(tx, row.seq)
        return row
    if about.state not in _IN_LOG:
        raise FileRefused(
            FileRefusal.NOT_POSSIBLE,
            f"this file is {about.state.value}; there is nothing to let go",
        )
    files.drop_pieces(tx, row.seq)
    about = about._replace(state=FileState.LET_GO, done=0, at=now, finding=None, read_to=None)
    row = FileRow(row.seq, about)
    files.put(tx, row)
    return row
