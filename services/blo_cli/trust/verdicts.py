"""Judging a folder of trust documents, and publishing those that count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from blo_cli.errors import FileUnusable
from blo_cli.trust.files import document_files, read_document
from blo_cli.trust.json_forms import DocumentForm
from blo_domain.trust import (
    DocumentRefusal,
    TrustedDirectory,
    TrustError,
    load_directory,
    read_signed,
    title,
)
from blo_log import Log, ProducerRecord, TopicPartition, read_to_end
from blo_log.topics import DIRECTORY_TOPIC
from blo_schemas.hashes import document_id
from blo_schemas.ids import CountryId, DocumentId
from blo_schemas.trust import (
    DOCUMENT,
    SIGNED_DOCUMENT,
    Agreement,
    Certificate,
    Document,
    OfficeEntry,
    Revocation,
    Root,
    SignedDocument,
)
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature

_LAYERS = (Root, Certificate, Revocation, OfficeEntry, Agreement)
_PLACE = TopicPartition(DIRECTORY_TOPIC, 0)


class DocumentVerdict(NamedTuple):
    """What is to be said of one file.

    Attributes:
        path: The file.
        signed: The document in it, if it is one.
        title: What it is, in words.
        problem: Why it does not count; ``None`` if it does.
        todo: What to do about that.
    """

    path: Path
    signed: SignedDocument | None
    title: str
    problem: str | None = None
    todo: str = ""

    @property
    def line(self) -> str:
        """The verdict in a line."""
        if self.problem is None:
            return f"admitted  {self.path.name}  {self.title}"
        return f"refused   {self.path.name}  {self.title}: {self.problem}; {self.todo}"

    @property
    def form(self) -> DocumentForm:
        """The verdict as JSON has it."""
        return DocumentForm(
            self.path.name, self.title, self.problem is None, self.problem, self.todo
        )


class Judgement(NamedTuple):
    """A folder's documents, and what they prove together."""

    directory: TrustedDirectory
    verdicts: list[DocumentVerdict]

    @property
    def refused(self) -> list[DocumentVerdict]:
        """The files that do not count."""
        return [verdict for verdict in self.verdicts if verdict.problem is not None]


def directory_of(
    pins: Mapping[CountryId, DocumentId], documents: Iterable[SignedDocument]
) -> tuple[TrustedDirectory, tuple[DocumentRefusal, ...]]:
    """What documents prove under pinned roots, with the cryptography that the rules ask for."""
    return load_directory(
        pins,
        documents,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )


def judge(folder: Path, pins: Mapping[CountryId, DocumentId]) -> Judgement:
    """Judges every document of a folder.

    Raises:
        FileUnusable: There are none.
    """
    files: list[tuple[Path, SignedDocument | FileUnusable]] = []
    for path in document_files(folder):
        try:
            files.append((path, read_document(path)))
        except FileUnusable as error:
            files.append((path, error))
    readable = [signed for _, signed in files if isinstance(signed, SignedDocument)]
    directory, refusals = directory_of(pins, readable)
    errors = {refusal.signed: refusal.error for refusal in refusals}
    return Judgement(directory, [_verdict(path, content, errors) for path, content in files])


def _verdict(
    path: Path, content: SignedDocument | FileUnusable, errors: Mapping[SignedDocument, TrustError]
) -> DocumentVerdict:
    if isinstance(content, FileUnusable):
        return DocumentVerdict(path, None, "the file", content.what, content.todo)
    error = errors.get(content)
    if error is not None:
        return DocumentVerdict(path, content, error.title, error.problem, error.todo)
    return DocumentVerdict(path, content, title(DOCUMENT.decode(content.payload)))


async def publish(log: Log, documents: Iterable[SignedDocument]) -> list[Document]:
    """Puts documents on ``blo.directory``, except those that are there already.

    Args:
        log: Where.
        documents: Documents that count.

    Returns:
        Those that were put there, what others rest on first.

    Raises:
        TopicMissing: The topic is not there.
        LogError: Something else could not be read or written.
    """
    present = await published(log)
    missing = [
        (DOCUMENT.decode(signed.payload), signed) for signed in documents if signed not in present
    ]
    missing.sort(key=lambda pair: (_LAYERS.index(type(pair[0])), getattr(pair[0], "version", 0)))
    appender = await log.appender()
    await appender.append(
        [
            ProducerRecord(
                DIRECTORY_TOPIC, 0, document_id(signed.payload), SIGNED_DOCUMENT.encode(signed)
            )
            for _, signed in missing
        ]
    )
    return [document for document, _ in missing]


async def published(log: Log) -> set[SignedDocument]:
    """The documents on ``blo.directory``; what is none is left to the readers to name.

    Raises:
        TopicMissing: The topic is not there.
        LogError: Something else could not be read.
    """
    reader = await log.reader({_PLACE: 0})
    documents = set()
    async for batch in read_to_end(reader):
        for stored in batch.get(_PLACE, ()):
            try:
                documents.add(read_signed(stored.value or b""))
            except TrustError:
                continue
    return documents
