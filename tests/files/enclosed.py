"""What tests of files share: uploads, steps that enclose them, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from blo_agent.commands.accept import Accepted, OfficeCommand
from blo_agent.files import upload
from blo_agent.files.enclose import attachment_of
from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import files
from blo_agent.store.tables.files import FileRow, FileState, NewFileRow
from blo_domain.commands import Command
from blo_log.memory import MemoryCluster
from blo_log.port import ConsumedRecord
from blo_log.topics import files_topic
from blo_schemas.bodies import body_from_json
from blo_schemas.content import Attachment, Dispatch
from blo_schemas.ids import CaseId, LinkId
from blo_schemas.summary import Kind, Step
from tests.agents.world import ANSWER, CORRIDOR, LINK, REQUEST, RunningAgent

PDF = b"%PDF-1.7\n(fictional)\n" + bytes(3)


def bytes_of(size: int) -> bytes:
    """A file of so many bytes that looks like a document."""
    return (PDF * (size // len(PDF) + 1))[:size]


async def uploaded(
    agent: RunningAgent,
    data: bytes,
    case: CaseId | None = None,
    name: str = "minutes.pdf",
    link: LinkId = LINK,
) -> NewFileRow:
    """A file that an office has uploaded for a case."""
    office, options, now = agent.agent.office.id, agent.agent.options.files, 1
    store = agent.agent.store
    row = await store.write(
        lambda tx: upload.begin(
            office, "officer", link, case, name, len(data), None, options, now, tx
        )
    )
    await store.write(lambda tx: upload.append(row.about.id, 0, data, now, tx))
    digest = await store.read(lambda snapshot: upload.hash_of(snapshot, row))
    done = await store.write(lambda tx: upload.finish(row.about.id, digest, now, tx))
    return done.about


async def opens_with(
    agent: RunningAgent, attachments: Sequence[Attachment], link: LinkId = LINK
) -> Accepted:
    """Opens a case with attachments."""
    kind = Kind.VERIFICATION_REQUEST
    return await _sends(agent, kind, Step.OPEN, None, REQUEST, attachments, link)


async def answers_with(
    agent: RunningAgent, case: CaseId, attachments: Sequence[Attachment]
) -> Accepted:
    """Answers a case with attachments."""
    kind = Kind.VERIFICATION_REQUEST
    return await _sends(agent, kind, Step.ANSWER, case, ANSWER, attachments, LINK)


async def _sends(
    agent: RunningAgent,
    kind: Kind,
    step: Step,
    case: CaseId | None,
    fields: object,
    attachments: Sequence[Attachment],
    link: LinkId,
) -> Accepted:
    command = Command(
        kind=kind,
        step=step,
        on=date(2025, 2, 20),
        body=body_from_json(kind, step, dict(fields)),  # type: ignore[call-overload]
        dispatch=Dispatch(subject="(fictional)", attachments=tuple(attachments)),
    )
    return await agent.agent.submit(OfficeCommand(link, case, command, "officer"))


async def opens_with_file(agent: RunningAgent, data: bytes) -> Accepted:
    """Opens a case with one file."""
    return await opens_with(agent, [attachment_of(await uploaded(agent, data))])


def file_of(agent: RunningAgent, case: CaseId, link: LinkId = LINK) -> FileRow | None:
    """The first file of a case, as an office's store has it."""
    rows = agent.read_store(lambda snapshot: files.of_case(snapshot, link, case))
    return rows[0] if rows else None


async def comes_to(agent: RunningAgent, case: CaseId, *states: FileState) -> FileRow:
    """Waits until the file of a case is in one of these states."""

    def is_there() -> bool:
        row = file_of(agent, case)
        return row is not None and row.about.state in states

    await agent.until(is_there)
    row = file_of(agent, case)
    assert row is not None
    return row


def contents(agent: RunningAgent, row: FileRow) -> bytes:
    """The bytes of a file that an office's store has."""

    def read(snapshot: Snapshot) -> bytes:
        return b"".join(files.pieces(snapshot, row.seq))

    return agent.read_store(read)


def chunks(cluster: MemoryCluster) -> list[ConsumedRecord]:
    """The records in the log of files."""
    return cluster.records(files_topic(CORRIDOR), 0)


def spoil(
    cluster: MemoryCluster, change: Callable[[list[ConsumedRecord]], list[ConsumedRecord]]
) -> None:
    """Have the log of files hold other records."""
    held = cluster.topics[files_topic(CORRIDOR)].partitions[0]
    changed = change(list(held.records))
    held.records[:] = [
        ConsumedRecord(offset, record.timestamp, record.key, record.value)
        for offset, record in enumerate(changed)
    ]
