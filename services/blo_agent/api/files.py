"""Handlers of files: resumable uploads, what is known of a file, its bytes, wanting and deleting.

A file is addressed by its id on this node, which belongs to one link and one case. Whoever takes a
file out is in the access log before its first byte is given.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import quote

from litestar import Request, Response, delete, get, head, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter
from litestar.response import Stream

from blo_agent.agent import Agent
from blo_agent.api.access_notes import write_noted
from blo_agent.api.file_types import (
    FileAnswer,
    FileRequest,
    dispatch_of,
    export_name,
    file_answer,
    known_file,
)
from blo_agent.api.idempotency import MAY_RETRY, AnsweredBefore, RetriedRequest, again
from blo_agent.api.identity import acting_name, actions, actor_of
from blo_agent.api.parse import known_link, read_id
from blo_agent.api.request_errors import BadRequest, RequestRefusal, RequestRefused
from blo_agent.api.request_types import EmptyRequest
from blo_agent.files import upload
from blo_agent.files.errors import FileRefusal, FileRefused
from blo_agent.files.forget import let_go
from blo_agent.office.access_log import note_file
from blo_agent.office.link_status import is_withheld
from blo_agent.people.access import Actor, check_case, sees_case, sees_link
from blo_agent.people.errors import PeopleRefusal, refused
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import cases as stored_cases
from blo_agent.store.tables import files, shredded
from blo_agent.store.tables.files import READABLE, FileRow, FileState
from blo_domain.people.handling_codes import restrictions
from blo_domain.people.permissions import Action
from blo_schemas.files import CHUNK_SIZE, FILE_ID_SIZE, MAX_FILE_SIZE
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.texts import from_hex

Req = Request[Any, Any, State]

OFFSET: Final = "upload-offset"
LENGTH: Final = "upload-length"
PART_TYPE: Final = "application/offset+octet-stream"
MAX_PART: Final = 8 * 1024 * 1024
"""Bytes of one ``PATCH``; what has arrived of a broken one is kept."""

_BINARY: Final = "application/octet-stream"
_RANGE: Final = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?\Z")
_ON_THE_WAY: Final = frozenset(FileState) - {FileState.SENT, FileState.WHOLE, FileState.LET_GO}


@post("/v1/files", opt={**actions(Action.DRAFT), MAY_RETRY: True})
async def begin_upload(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[FileRequest]
) -> Response[FileAnswer]:
    """Begin an upload: 201, at offset 0."""
    link, actor, now = known_link(agent, wanted.link).link, actor_of(request), agent.clock.now_ms()
    case = None if wanted.case is None else CaseId(from_hex(wanted.case))
    await agent.store.read(lambda snapshot: _check_place(snapshot, actor, link, case))
    name = acting_name(request)
    said = None if wanted.sha256 is None else from_hex(wanted.sha256)
    work = partial(
        upload.begin,
        agent.office.id,
        name,
        link,
        case,
        wanted.name,
        wanted.size,
        said,
        agent.options.files,
        now,
    )
    retried = RetriedRequest(request, await request.body(), name, now)

    try:
        job = retried.job(work, 201, lambda row: file_answer(row.about))
        row = await agent.store.write(job)
    except AnsweredBefore as before:
        return again(before)
    location = {"location": f"/v1/files/{row.about.id.hex()}", OFFSET: "0"}
    return Response(file_answer(row.about), status_code=201, headers=location)


@patch(
    "/v1/files/{file:str}",
    status_code=200,
    request_max_body_size=MAX_PART,
    opt={**actions(Action.DRAFT), "takes_bytes": PART_TYPE},
)
async def append_upload(
    request: Req,
    agent: NamedDependency[Agent],
    file: FromPath[str],
    offset: Annotated[int, HeaderParameter(name="Upload-Offset", ge=0, le=MAX_FILE_SIZE)],
) -> Response[FileAnswer]:
    """Send the next bytes of an upload, at ``Upload-Offset``; with the last ones it is ready."""
    row = await _own_upload(request, agent, file)
    if row.about.state is FileState.UPLOADING:
        row = await _take_body(request, agent, row, offset)
    if row.about.state is FileState.UPLOADING and row.about.done == row.about.size:
        row = await _finish(agent, row)
    return Response(file_answer(row.about), headers=_places(row))


@head("/v1/files/{file:str}", opt=actions(Action.DRAFT, Action.READ_CONTENTS))
async def upload_offset(
    request: Req, agent: NamedDependency[Agent], file: FromPath[str]
) -> Response[None]:
    """Where an upload stands: ``Upload-Offset`` of ``Upload-Length``."""
    row = await _reached(request, agent, file)
    return Response(None, headers=_places(row) | {"cache-control": "no-store"})


@get("/v1/files", opt=actions(Action.DRAFT, Action.READ_CONTENTS))
async def files_on_the_way(request: Req, agent: NamedDependency[Agent]) -> list[FileAnswer]:
    """The files that the actor reaches and that are not yet where they belong, with their progress."""
    actor = actor_of(request)

    def query(snapshot: Snapshot) -> list[FileAnswer]:
        rows = files.in_states(snapshot, _ON_THE_WAY)
        return [known_file(snapshot, row.about) for row in rows if _sees(snapshot, actor, row)]

    return await agent.store.read(query)


@get("/v1/links/{link:str}/cases/{case:str}/files", opt=actions(Action.READ_CONTENTS))
async def files_of_case(
    request: Req, agent: NamedDependency[Agent], link: FromPath[str], case: FromPath[str]
) -> list[FileAnswer]:
    """The files of a case; who sees their names is noted in the journal."""
    known, wanted, actor = known_link(agent, link).link, CaseId(read_id(case)), actor_of(request)

    def query(snapshot: Snapshot) -> list[FileAnswer]:
        _check_place(snapshot, actor, known, wanted)
        if is_withheld(snapshot, known):
            return []
        return [known_file(snapshot, row.about) for row in files.of_case(snapshot, known, wanted)]

    return await agent.store.read(query)


@get("/v1/files/{file:str}/state", opt=actions(Action.DRAFT, Action.READ_CONTENTS))
async def file_state(
    request: Req, agent: NamedDependency[Agent], file: FromPath[str]
) -> FileAnswer:
    """What is known of a file, and how far it has come."""
    row = await _reached(request, agent, file)
    return await agent.store.read(lambda snapshot: known_file(snapshot, row.about))


@get("/v1/files/{file:str}", media_type=_BINARY, opt=actions(Action.READ_CONTENTS))
async def file_contents(
    request: Req,
    agent: NamedDependency[Agent],
    file: FromPath[str],
    wanted_range: Annotated[str | None, HeaderParameter(name="Range")] = None,
    if_range: Annotated[str | None, HeaderParameter(name="If-Range")] = None,
) -> Stream:
    """The bytes of a file, or a range of them; only of one that is whole and was checked.

    The answer is always a download. ``Blo-Handling`` says, percent-encoded, what its documents demand.
    """
    row = await _reached(request, agent, file)
    about, name, now = row.about, acting_name(request), agent.clock.now_ms()
    if about.state not in READABLE:
        words = "" if about.finding is None else f": {about.finding.value.replace('_', ' ')}"
        raise FileRefused(FileRefusal.NOT_HERE, f"this file is {about.state.value}{words}")
    dispatch = await agent.store.read(lambda snapshot: dispatch_of(snapshot, about))
    etag = f'"{(about.sha256 or b"").hex()}"'
    is_same = if_range in (None, etag)
    first, last = _range(wanted_range if is_same else None, about.size)
    is_part = last - first + 1 < about.size
    await write_noted(
        request,
        agent,
        lambda tx: note_file(tx, name, about.link, about.case, about.sha256 or b"", now),
    )
    handling = () if dispatch is None else restrictions([dispatch])
    headers = {
        "content-length": str(last - first + 1),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(export_name(about, dispatch))}",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "accept-ranges": "bytes",
        "etag": etag,
        "blo-handling": quote("; ".join(handling), safe=" ;:,'"),
    }
    if is_part:
        headers["content-range"] = f"bytes {first}-{last}/{about.size}"
    return Stream(
        _bytes_of(agent, row, first, last),
        media_type=_BINARY,
        headers=headers,
        status_code=206 if is_part else 200,
    )


@post("/v1/files/{file:str}/fetch", status_code=202, opt=actions(Action.READ_CONTENTS))
async def fetch_file(
    request: Req,
    agent: NamedDependency[Agent],
    file: FromPath[str],
    wanted: NamedDependency[EmptyRequest],
) -> FileAnswer:
    """Want a file that an event encloses: 202; its state tells when it is whole."""
    row = await _reached(request, agent, file)
    fetched = await agent.files.fetch(row.about.id, acting_name(request)) or row
    return await agent.store.read(lambda snapshot: known_file(snapshot, fetched.about))


@delete("/v1/files/{file:str}", status_code=200, opt=actions(Action.DRAFT, Action.READ_CONTENTS))
async def delete_file(
    request: Req, agent: NamedDependency[Agent], file: FromPath[str]
) -> FileAnswer:
    """Delete an own upload that no step names, or this node's copy of a file that the log has."""
    row = await _reached(request, agent, file)
    if row.about.state in (FileState.UPLOADING, FileState.READY):
        row = await _own_upload(request, agent, file)
    now = agent.clock.now_ms()
    gone = await agent.store.write(lambda tx: let_go(row.about.id, now, tx))
    agent.files.wake()
    return await agent.store.read(lambda snapshot: known_file(snapshot, gone.about))


async def _take_body(request: Req, agent: Agent, row: FileRow, offset: int) -> FileRow:
    """Store the body as it comes, a chunk at a time, so that a broken request loses little."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != PART_TYPE:
        raise BadRequest(
            f"content-type: expected {PART_TYPE}",
            parameter="content-type",
            expected=PART_TYPE,
            example=PART_TYPE,
        )
    waiting = bytearray()

    async def store(data: bytes, at: int) -> FileRow:
        now = agent.clock.now_ms()
        return await agent.store.write(partial(upload.append, row.about.id, at, data, now))

    row = await store(b"", offset)
    try:
        async for part in request.stream():
            waiting += part
            while len(waiting) >= CHUNK_SIZE:
                portion = bytes(waiting[:CHUNK_SIZE])
                row = await store(portion, row.about.done)
                del waiting[:CHUNK_SIZE]
    finally:
        if waiting:
            row = await store(bytes(waiting), row.about.done)
    return row


async def _finish(agent: Agent, row: FileRow) -> FileRow:
    """Make an upload whose bytes are all here a file that a step can enclose.

    Raises:
        FileRefused: It has another hash than was said.
    """
    digest = await agent.store.read(lambda snapshot: upload.hash_of(snapshot, row))
    now = agent.clock.now_ms()
    row = await agent.store.write(lambda tx: upload.finish(row.about.id, digest, now, tx))
    if row.about.state is FileState.UPLOADING:
        raise FileRefused(
            FileRefusal.OTHER_HASH, f"what came has the SHA-256 {digest.hex()}; begin anew at 0"
        )
    return row


async def _bytes_of(agent: Agent, row: FileRow, first: int, last: int) -> AsyncIterator[bytes]:
    """The bytes of a file from ``first`` to ``last``, a chunk at a time."""
    for number in range(first // CHUNK_SIZE, last // CHUNK_SIZE + 1):
        piece = await agent.store.read(
            lambda snapshot, number=number: files.piece(snapshot, row.seq, number)  # type: ignore[misc]
        )
        if piece is None:
            # It was shredded, or let go, meanwhile; the reader sees an answer that is cut short.
            raise FileRefused(FileRefusal.NOT_HERE, "the file is gone")
        begin_at = number * CHUNK_SIZE
        yield piece[max(0, first - begin_at) : last + 1 - begin_at]


def _range(wanted: str | None, size: int) -> tuple[int, int]:
    """The first and the last byte that are wanted; all, if the header asks for nothing possible."""
    whole = 0, size - 1
    match = _RANGE.match(wanted or "")
    if match is None:
        return whole
    start, end = match[1], match[2]
    if start is None:
        return whole if end is None or int(end) == 0 else (max(0, size - int(end)), size - 1)
    last = size - 1 if end is None else min(int(end), size - 1)
    return (int(start), last) if int(start) <= last else whole


def _places(row: FileRow) -> dict[str, str]:
    about = row.about
    done = about.done if about.state is FileState.UPLOADING else about.size
    return {OFFSET: str(done), LENGTH: str(about.size)}


async def _own_upload(request: Req, agent: Agent, file: str) -> FileRow:
    """An upload of the actor's own.

    Raises:
        PeopleRefused: It is another's.
    """
    row = await _reached(request, agent, file)
    if row.about.actor != acting_name(request):
        raise refused(PeopleRefusal.NOT_ALLOWED, "somebody else has begun this upload")
    return row


async def _reached(request: Req, agent: Agent, file: str) -> FileRow:
    """A file that the actor reaches.

    Raises:
        FileRefused: There is none of that name, or the store was restored and shows nothing yet.
        PeopleRefused: It belongs to a case that the actor does not reach.
    """
    wanted, actor = read_id(file, "file", FILE_ID_SIZE), actor_of(request)

    def query(snapshot: Snapshot) -> FileRow:
        row = upload.known(snapshot, wanted)
        _check(snapshot, actor, row)
        if is_withheld(snapshot, row.about.link):
            raise FileRefused(
                FileRefusal.NOT_HERE, "the store was restored, and its log is being read; wait"
            )
        return row

    return await agent.store.read(query)


def _check(snapshot: Snapshot, actor: Actor, row: FileRow) -> None:
    about = row.about
    if about.case is not None:
        view = stored_cases.get(snapshot, about.link, about.case)
        kind = None if view is None else view.kind
        check_case(snapshot, actor, about.link, about.case, kind)
    elif not _sees(snapshot, actor, row):
        raise refused(PeopleRefusal.NOT_ALLOWED, "somebody else has uploaded this file")


def _sees(snapshot: Snapshot, actor: Actor, row: FileRow) -> bool:
    about = row.about
    if about.case is None:
        is_person = actor.scope is None and bool(actor.roles)
        return actor.name == about.actor or (is_person and sees_link(actor, about.link))
    view = stored_cases.get(snapshot, about.link, about.case)
    return sees_case(snapshot, actor, about.link, about.case, None if view is None else view.kind)


def _check_place(snapshot: Snapshot, actor: Actor, link: LinkId, case: CaseId | None) -> None:
    """Refuse a link or case that the actor does not reach, is not there, or was shredded."""
    if case is None:
        if not sees_link(actor, link):
            raise refused(PeopleRefusal.NOT_ALLOWED, "this link lies beyond the token's scope")
        return
    view = stored_cases.get(snapshot, link, case)
    check_case(snapshot, actor, link, case, None if view is None else view.kind)
    if view is None:
        raise RequestRefused(
            RequestRefusal.UNKNOWN_CASE, f"no case {case.hex()} is known on {link}"
        )
    if shredded.get(snapshot, link, case) is not None:
        raise FileRefused(FileRefusal.NOT_POSSIBLE, "the contents of this case were shredded")


HANDLERS: Final = (
    begin_upload,
    append_upload,
    upload_offset,
    files_on_the_way,
    files_of_case,
    file_state,
    file_contents,
    fetch_file,
    delete_file,
)
