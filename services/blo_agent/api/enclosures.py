"""The files that a command names by their ids, put into its document."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from blo_agent.agent import Agent
from blo_agent.api.request_errors import BadRequest
from blo_agent.files import upload
from blo_agent.files.enclose import FileMismatch, attachment_of
from blo_agent.store.connection import Snapshot
from blo_schemas.content import Attachment, Dispatch
from blo_schemas.files import MAX_FILES
from blo_schemas.texts import from_hex


async def with_files(
    agent: Agent, dispatch: Dispatch | None, named: Sequence[str]
) -> Dispatch | None:
    """The document of a command with the files that its request names.

    Whether they belong to its link and case is checked when the step is sealed, with all else.

    Args:
        agent: The office's agent.
        dispatch: The document as the request has it.
        named: The files' ids in hex.

    Raises:
        BadRequest: It names files and has no document, or has more attachments than there may be,
            or a file is not whole.
        FileRefused: A file is unknown.
    """
    if not named:
        return dispatch
    if dispatch is None:
        raise BadRequest("files travel with a document; send `dispatch`", pointer="/dispatch")
    if len(dispatch.attachments) + len(named) > MAX_FILES:
        raise BadRequest(f"at most {MAX_FILES} attachments with one step", pointer="/files")

    def query(snapshot: Snapshot) -> list[Attachment]:
        return [attachment_of(upload.known(snapshot, from_hex(file)).about) for file in named]

    try:
        enclosed = await agent.store.read(query)
    except FileMismatch as mismatch:
        raise BadRequest(str(mismatch), pointer="/files") from mismatch
    return msgspec.structs.replace(dispatch, attachments=(*dispatch.attachments, *enclosed))
