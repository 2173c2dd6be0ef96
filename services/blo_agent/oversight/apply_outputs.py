"""Takes in processors' outputs: verifies, opens and stores them beside the office's own view.

Nothing here changes what the office knows of a case: a processor can show what it likes, and
``compare`` says whether it is what this office's log gives. Values that are no good are counted
by reason. Those whose key has not come are not kept but read again when it has.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from blo_agent.inbound.trust_documents import offset_key
from blo_agent.office.state import Office
from blo_agent.store.connection import Snapshot, Transaction
from blo_agent.store.tables import alerts, meta, outputs
from blo_domain.processor_outputs import processors_ever, refuse_signer
from blo_log.port import ConsumedRecord, TopicPartition
from blo_projection.errors import OutputRefused
from blo_projection.outputs import OpenedOutput, OutputReader, alert_in, case_in
from blo_runtime.logs import describe, get_logger
from blo_schemas.clocks import Alert
from blo_schemas.codec import COUNT, encode
from blo_schemas.errors import WireError
from blo_schemas.ids import CaseId, CertificateTag, KeyId, LinkId
from blo_schemas.outputs import OUTPUT, SIGNED_OUTPUT, CaseRecord, OutputKind
from blo_sealing.errors import SealingError, WrongKeyCommitment

MOST_KEYS: Final = 60
"""For so many keys of one processor and topic values wait: an honest one makes one a month."""

_LABEL: Final = b"blo/processors-trust/v1\0"


class OutputTopic(NamedTuple):
    """One partition of the processors' topics.

    Attributes:
        partition: Where it lies.
        link: Whose it is.
        kind: What lies there.
    """

    partition: TopicPartition
    link: LinkId
    kind: OutputKind


class OutputBatch(msgspec.Struct):
    """What one poll brought.

    Attributes:
        values: The records by source, in the topic's order.
        offsets: Where each partition is to be read on.
    """

    values: dict[OutputTopic, list[ConsumedRecord]]
    offsets: dict[TopicPartition, int]


class OutputBatchResult(msgspec.Struct):
    """What taking them in has brought.

    Attributes:
        taken: How many were kept, by link and topic.
        ignored: How many were not, by link, topic and reason.
        waiting: How many wait for a key, by link.
        cases: The cases that they are about.
    """

    taken: Counter[tuple[LinkId, str]] = msgspec.field(default_factory=Counter)
    ignored: Counter[tuple[LinkId, str, str]] = msgspec.field(default_factory=Counter)
    waiting: Counter[LinkId] = msgspec.field(default_factory=Counter)
    cases: set[tuple[LinkId, CaseId]] = msgspec.field(default_factory=set)


class _Ignored(Exception):
    """A value that does not count; its text is the reason, of a closed list."""


def take_outputs(
    office: Office, fetched: OutputBatch, now: int, tx: Transaction
) -> OutputBatchResult:
    """Keep what counts; position and values move in one transaction.

    Args:
        office: Who reads.
        fetched: What was read.
        now: The office's clock, Unix milliseconds.
        tx: The transaction that this belongs to.
    """
    taken = OutputBatchResult()
    for partition, offset in fetched.offsets.items():
        meta.put(tx, offset_key(partition), COUNT.encode(offset))
    for source, values in fetched.values.items():
        known_keys = office.keyring.of(source.link)
        reader = OutputReader(source.link, office.directory, known_keys, lambda: now)
        for stored in values:
            try:
                read = _read(office, reader, source, stored)
            except _Ignored as ignored:
                taken.ignored[source.link, source.partition.topic, str(ignored)] += 1
                continue
            if isinstance(read, outputs.WaitingOutput):
                _wait(tx, source, read, taken)
                continue
            opened, body = read
            case = _keep(tx, source, stored, opened, body)
            taken.taken[source.link, source.partition.topic] += 1
            if case is not None:
                taken.cases.add((source.link, case))
    return taken


def begin_reading(office: Office, sources: list[OutputTopic], now: int, tx: Transaction) -> None:
    """Read links from their first output where the trust documents say something new.

    What did not count before may count now, and the reverse. The alerts that are here stay, and
    it is noted which of them count.
    """
    for link in sorted({source.link for source in sources}):
        digest = trust_digest(office, link, now)
        if meta.get(tx, _digest_key(link)) == digest:
            continue
        meta.put(tx, _digest_key(link), digest)
        for kid in alerts.kids(tx, link):
            alerts.set_counts(tx, link, kid, counts=_counts(office, link, kid, now))
        for source in sources:
            if source.link == link:
                read_from(tx, source, 0)


def read_from(tx: Transaction, source: OutputTopic, offset: int) -> None:
    """Have a partition read again from an offset, before or after it was made anew."""
    meta.put(tx, offset_key(source.partition), COUNT.encode(offset))
    for waiting in outputs.waiting_in(tx, *source.partition):
        outputs.stop_waiting(tx, waiting)
    if source.kind is OutputKind.CASE:
        outputs.forget_cases(tx, source.link)
    else:
        alerts.forget_offsets(tx, source.link)


def needs_new_start(
    office: Office, sources: list[OutputTopic], now: int, snapshot: Snapshot
) -> bool:
    """Whether ``begin_reading`` would have something to do."""
    return any(
        meta.get(snapshot, _digest_key(link)) != trust_digest(office, link, now)
        for link in {source.link for source in sources}
    )


def go_back_for_keys(
    office: Office, sources: list[OutputTopic], tx: Transaction
) -> dict[OutputTopic, int]:
    """Read again what waited for keys that have come; from which offsets."""
    back: dict[OutputTopic, int] = {}
    for source in sources:
        arrived = [
            waiting
            for waiting in outputs.waiting_in(tx, *source.partition)
            if office.keyring.of(source.link).summary_key(waiting.key) is not None
        ]
        for waiting in arrived:
            outputs.stop_waiting(tx, waiting)
        if arrived:
            offset = min(waiting.first_offset for waiting in arrived)
            back[source] = min(offset, stored_offset(tx, source.partition))
            meta.put(tx, offset_key(source.partition), COUNT.encode(back[source]))
    return back


def stored_offset(snapshot: Snapshot, partition: TopicPartition) -> int:
    """Where a partition is to be read on."""
    stored = meta.get(snapshot, offset_key(partition))
    return 0 if stored is None else COUNT.decode(stored)


def trust_digest(office: Office, link: LinkId, now: int) -> bytes:
    """Changes whenever it could whose outputs count for a link, or what they should be."""
    directory = office.directory
    certified = [
        (certificate.tag, _counts(office, link, certificate.tag, now))
        for processor in sorted(processors_ever(directory, link))
        for certificate in directory.certificates(processor)
    ]
    content = [directory.digest_for_link(link), [list(certificate) for certificate in certified]]
    return sha256(_LABEL + encode(content)).digest()


def _counts(office: Office, link: LinkId, kid: bytes, now: int) -> bool:
    return refuse_signer(office.directory, link, CertificateTag(kid), now) is None


def _read(
    office: Office, reader: OutputReader, source: OutputTopic, stored: ConsumedRecord
) -> tuple[OpenedOutput, CaseRecord | Alert] | outputs.WaitingOutput:
    """What a value says, or that it waits for its key.

    Raises:
        _Ignored: It does not count.
    """
    if stored.value is None:
        raise _Ignored("no_value")
    try:
        opened = reader.open(stored.value, source.kind)
        body = case_in(opened) if source.kind is OutputKind.CASE else alert_in(opened)
    except WrongKeyCommitment as error:
        return _missing_key(office, source, stored, error)
    except (WireError, SealingError) as error:
        raise _Ignored(error.defect) from error
    except OutputRefused as error:
        raise _Ignored(error.reason.value) from error
    except Exception as error:
        # Whatever a processor signs, it must not stop an office.
        get_logger().error("output not read", link=source.link, error=describe(error))
        raise _Ignored("not_read") from error
    key = body.view.case if isinstance(body, CaseRecord) else body.id
    if stored.key != key:
        raise _Ignored("other_record_key")
    return opened, body


def _missing_key(
    office: Office, source: OutputTopic, stored: ConsumedRecord, error: WrongKeyCommitment
) -> outputs.WaitingOutput:
    output = OUTPUT.decode(SIGNED_OUTPUT.decode(stored.value or b"").output)
    known_keys = office.keyring.of(source.link)
    if output.key is None or known_keys.summary_key(KeyId(output.key)) is not None:
        raise _Ignored(error.defect) from error
    return outputs.WaitingOutput(
        *source.partition, output.processor, KeyId(output.key), stored.offset
    )


def _wait(
    tx: Transaction, source: OutputTopic, waiting: outputs.WaitingOutput, taken: OutputBatchResult
) -> None:
    if outputs.wait(tx, waiting, MOST_KEYS):
        taken.waiting[source.link] += 1
    else:
        taken.ignored[source.link, source.partition.topic, "too_many_keys"] += 1


def _keep(
    tx: Transaction,
    source: OutputTopic,
    stored: ConsumedRecord,
    opened: OpenedOutput,
    body: CaseRecord | Alert,
) -> CaseId | None:
    output, value = opened.output, stored.value or b""
    if isinstance(body, CaseRecord):
        case = CaseId(body.view.case)
        outputs.put_case(
            tx,
            outputs.ShownCase(
                source.link,
                case,
                output.processor,
                stored.offset,
                output.position,
                opened.body,
                value,
            ),
        )
        return case
    about = None if body.case is None else CaseId(body.case)
    alerts.put(
        tx,
        alerts.StoredAlert(
            link=source.link,
            alert_id=body.id,
            processor=output.processor,
            kid=output.kid,
            counts=True,
            offset=stored.offset,
            case=about,
            clears=body.clears,
            alert=opened.body,
            value=value,
        ),
    )
    return about


def _digest_key(link: LinkId) -> str:
    return f"processors-trust/{link}"
