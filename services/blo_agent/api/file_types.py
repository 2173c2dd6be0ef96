"""Files in the office's API, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from blo_agent.api.request_types import Hex32, StrictRequest, Word
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import events
from blo_agent.store.tables.files import FileState, NewFileRow
from blo_domain.people.handling_codes import restrictions
from blo_schemas.content import CONTENT, Dispatch, HandlingCode
from blo_schemas.fields import Line
from blo_schemas.files import CHUNK_SIZE, MAX_FILE_SIZE
from blo_schemas.instants import local

_BY_CHUNKS = (FileState.SENDING, FileState.FETCHING, FileState.FAULTY)
_NONE_YET = (FileState.ANNOUNCED, FileState.LET_GO)


class FileRequest(StrictRequest, frozen=True):
    """Begins an upload.

    Attributes:
        link: On which link a step is to enclose the file.
        name: Its name; folders in it are left out.
        size: Its bytes, 1 to 52,428,800.
        case: The case's id in hex; left out, the step that encloses it opens one.
        sha256: Its SHA-256 in hex, if it is known; another file is refused at the end.
    """

    link: Word
    name: Line
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_FILE_SIZE)]
    case: Hex32 | None = None
    sha256: Hex32 | None = None


class FileAnswer(msgspec.Struct, frozen=True):
    """A file of this node.

    Attributes:
        file: Its id on this node, in hex.
        link: The link.
        case: The case's id in hex; ``None``: it waits for the step that opens one.
        office: Who sends it.
        state: ``uploading``, ``ready``, ``named`` by a step that is on its way, ``sending``, ``sent``;
            or ``announced`` by an event, ``fetching``, ``whole``, ``faulty``, ``let_go``.
        name: Its name.
        media_type: What it is, by its content; of a file that is not whole yet, as its sender says.
        size: Its bytes.
        done: How many of them came, or were sent, or fetched.
        sha256: Its SHA-256 in hex, once it is known.
        position: Log position of the event that encloses it.
        handling: What stands on every view and export of it, in sentences.
        finding: What is wrong with it: ``missing_chunks``, ``wrong_chunks``, ``wrong_hash``.
        by: Who has uploaded it, or wanted it.
        at: When it came to its state.
    """

    file: str
    link: str
    case: str | None
    office: str
    state: str
    name: str
    media_type: str
    size: int
    done: int
    sha256: str | None
    position: int | None
    handling: tuple[str, ...]
    finding: str | None
    by: str
    at: datetime


def known_file(snapshot: Snapshot, about: NewFileRow) -> FileAnswer:
    """The answer about a file, with what the event says that encloses it."""
    return file_answer(about, dispatch_of(snapshot, about))


def file_answer(about: NewFileRow, dispatch: Dispatch | None = None) -> FileAnswer:
    """The answer about a file.

    Args:
        about: The file.
        dispatch: The document that encloses it, if one does.
    """
    return FileAnswer(
        file=about.id.hex(),
        link=about.link,
        case=None if about.case is None else about.case.hex(),
        office=about.office,
        state=about.state.value,
        name=about.name,
        media_type=about.media_type,
        size=about.size,
        done=_done_bytes(about),
        sha256=None if about.sha256 is None else about.sha256.hex(),
        position=about.position,
        handling=() if dispatch is None else restrictions([dispatch]),
        finding=None if about.finding is None else about.finding.value,
        by=about.actor,
        at=local(about.at),
    )


def export_name(about: NewFileRow, dispatch: Dispatch | None) -> str:
    """The name under which a file is given out: its handling code stands before it."""
    if dispatch is None or dispatch.handling is HandlingCode.H0:
        return about.name
    return f"{dispatch.handling} {about.name}"


def dispatch_of(snapshot: Snapshot, about: NewFileRow) -> Dispatch | None:
    """The document that encloses a file; ``None``: none does, or it is closed."""
    if about.position is None:
        return None
    event = events.at_position(snapshot, about.link, about.position)
    return (
        None if event is None or event.content is None else CONTENT.decode(event.content).dispatch
    )


def _done_bytes(about: NewFileRow) -> int:
    if about.state is FileState.UPLOADING:
        return about.done
    if about.state in _BY_CHUNKS:
        return min(about.size, about.done * CHUNK_SIZE)
    return 0 if about.state in _NONE_YET else about.size
