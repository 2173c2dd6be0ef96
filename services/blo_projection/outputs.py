"""Outputs of stream processors: which count, what is in them, and the newest of each (ADR 6).

Agents, auditors and observers read outputs with this module; processors find their missing outputs
with it. The topic is not believed: a value counts if a certified processor that the link's
agreement names has signed it. Of two values for one case, the higher position counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from blo_domain.processor_outputs import OutputReason, refuse_output
from blo_domain.trust import TrustedDirectory
from blo_projection.errors import OutputRefused
from blo_schemas.clocks import ALERT, Alert
from blo_schemas.codec import Codec
from blo_schemas.hashes import alert_id, clearing_id, link_alert_id
from blo_schemas.ids import CaseId, CertificateTag, Digest, KeyId, LinkId
from blo_schemas.outputs import (
    CASE_RECORD,
    OUTPUT,
    SIGNED_OUTPUT,
    TRAIL_CHECKPOINT,
    TRAIL_ENTRY,
    CaseRecord,
    Output,
    OutputKind,
    SignedOutput,
    TrailCheckpoint,
    TrailEntry,
    TrailState,
)
from blo_sealing.keys import SummaryKey
from blo_sealing.outputs import open_output
from blo_sealing.statements import OUTPUT_STATEMENT

T = TypeVar("T")


class SummaryKeys(Protocol):
    """The summary keys that a reader holds."""

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        """The summary key with this id, or ``None``."""
        ...


class OpenedOutput(msgspec.Struct, frozen=True):
    """A verified output and its plain body."""

    output: Output
    body: bytes


def accept_output(
    signed: SignedOutput, directory: TrustedDirectory, *, link: LinkId, now: int
) -> Output:
    """Decides for every reader whether an output counts for a link.

    The rules are ``blo_domain.processor_outputs.refuse_output``. Nothing is opened.

    Args:
        signed: The decoded value of one of the processors' topics.
        directory: What the trust documents prove.
        link: The link that it is read for.
        now: The reader's time, Unix milliseconds.

    Raises:
        WireError: The output does not decode.
        OutputRefused: It does not count.
        InvalidSignature: It would count, but its signature does not verify.
    """
    claimed = OUTPUT.decode(signed.output)
    reason = refuse_output(directory, link, claimed, now)
    certified = None if reason else directory.certified(link, CertificateTag(claimed.kid))
    if certified is None:
        who = f"a {claimed.kind.word} of {claimed.link} that names {claimed.processor}"
        reason = reason or OutputReason.NOT_A_PROCESSOR
        raise OutputRefused(f"{who}: {reason.replace('_', ' ')}", reason)
    key = certified.certificate.signing_key
    return OUTPUT_STATEMENT.verify(signed.output, signed.signature, key)


class OutputReader:
    """Verifies and opens the outputs about one link.

    Args:
        link: The link.
        directory: What the trust documents prove.
        keys: The reader's summary keys; the trail needs none.
        now: The reader's time, Unix milliseconds: a certificate counts while it is not revoked.
    """

    def __init__(
        self,
        link: LinkId,
        directory: TrustedDirectory,
        keys: SummaryKeys,
        now: Callable[[], int],
    ) -> None:
        self.link = link
        self._directory = directory
        self._keys = keys
        self._now = now

    def open(self, value: bytes, kind: OutputKind | None = None) -> OpenedOutput:
        """Verifies and opens a value.

        Args:
            value: As it lies on the topic.
            kind: What it must be.

        Raises:
            WireError: It does not decode.
            OutputRefused: It does not count for this link, or is of another kind.
            SealingError: The signature is bad, the key is not held, or the body was altered.
        """
        return self.unseal(self.accept(value, kind))

    def accept(self, value: bytes, kind: OutputKind | None = None) -> Output:
        """Verifies a value, and opens nothing; raises as ``open``, but for the key and the body."""
        output = accept_output(
            SIGNED_OUTPUT.decode(value), self._directory, link=self.link, now=self._now()
        )
        if kind is not None and output.kind is not kind:
            raise OutputRefused(f"it is a {output.kind.word}", OutputReason.OTHER_KIND)
        return output

    def unseal(self, accepted: Output) -> OpenedOutput:
        """Opens what ``accept`` has verified.

        Raises:
            SealingError: The key is not held, or the body was altered.
        """
        named = accepted.key
        key = None if named is None else self._keys.summary_key(KeyId(named))
        return OpenedOutput(accepted, open_output(accepted, key))

    def case(self, value: bytes) -> CaseRecord:
        """The record in a value of ``blo.cases``; raises as ``open``."""
        return case_in(self.open(value, OutputKind.CASE))

    def alert(self, value: bytes) -> Alert:
        """The alert or clearing in a value of ``blo.alerts``; raises as ``open``."""
        return alert_in(self.open(value, OutputKind.ALERT))

    def trail(self, value: bytes) -> TrailEntry | TrailCheckpoint:
        """The entry or checkpoint in a value of ``blo.trail``; raises as ``open``."""
        opened = self.open(value)
        if opened.output.kind is OutputKind.CHECKPOINT:
            return _body(opened, TRAIL_CHECKPOINT)
        if opened.output.kind is OutputKind.TRAIL:
            return _body(opened, TRAIL_ENTRY)
        raise OutputRefused(
            f"it is a {opened.output.kind.word}, not of the trail", OutputReason.OTHER_KIND
        )


class CasesRead:
    """The newest record of each case, from values in any order."""

    def __init__(self) -> None:
        self.records: dict[CaseId, CaseRecord] = {}

    def take(self, record: CaseRecord) -> None:
        """Keep a record unless a newer one is known."""
        case = CaseId(record.view.case)
        newest = self.records.get(case)
        if newest is None or newest.view.position < record.view.position:
            self.records[case] = record


class AlertsRead:
    """Each alert and each clearing once, from values in the topic's order."""

    def __init__(self) -> None:
        self.records: dict[bytes, Alert] = {}

    def take(self, alert: Alert) -> None:
        """Keep an alert or clearing; the last one of an id counts."""
        self.records[alert.id] = alert

    def standing(self) -> tuple[Alert, ...]:
        """The alerts that nothing clears."""
        alerts = self.records.values()
        cleared = {alert.clears for alert in alerts}
        return tuple(alert for alert in alerts if alert.clears is None and alert.id not in cleared)


class TrailRead:
    """One entry per position, from values in the topic's order.

    Attributes:
        entries: The last entry of each position; one that waits counts less than any other.
        checkpoints: The checkpoints by size.
    """

    def __init__(self) -> None:
        self.entries: dict[int, TrailEntry] = {}
        self.checkpoints: dict[int, TrailCheckpoint] = {}

    def take(self, read: TrailEntry | TrailCheckpoint) -> None:
        """Keep an entry or checkpoint."""
        if isinstance(read, TrailCheckpoint):
            self.checkpoints[read.size] = read
            return
        if read.finality is not TrailState.PENDING or read.position not in self.entries:
            self.entries[read.position] = read

    @property
    def size(self) -> int:
        """How many records from the first have an entry without a gap."""
        size = 0
        while size in self.entries:
            size += 1
        return size


def case_in(opened: OpenedOutput) -> CaseRecord:
    """The case's record in a verified output.

    Raises:
        WireError: The body does not decode.
        OutputRefused: The body is about something else than the output around it says.
    """
    record = _body(opened, CASE_RECORD)
    view, clocks, output = record.view, record.clocks, opened.output
    about = {(part.link, part.case, part.position) for part in (view, clocks)}
    if about != {(output.link, view.case, output.position)}:
        raise OutputRefused("the record is not of this link and position", OutputReason.OTHER_BODY)
    return record


def alert_in(opened: OpenedOutput) -> Alert:
    """The alert or clearing in a verified output; raises as ``case_in``."""
    alert, output = _body(opened, ALERT), opened.output
    if (alert.link, alert.position) != (output.link, output.position):
        raise OutputRefused("the alert is not of this link and position", OutputReason.OTHER_BODY)
    about = _alert_id(alert)
    expected: tuple[bytes | None, bytes | None] = (about, None)
    if about is not None and alert.clears is not None:
        expected = (clearing_id(about), about)
    if about is None or (alert.id, alert.clears) != expected:
        raise OutputRefused("the alert's id is not that of what it says", OutputReason.OTHER_ID)
    return alert


def _alert_id(alert: Alert) -> Digest | None:
    """The id of the alert that it is or clears; ``None``: it is neither about a case nor a link."""
    if alert.case is not None and alert.clock is not None and alert.rung is not None:
        if alert.signal is not None:
            return None
        return alert_id(alert.link, alert.case, alert.clock, alert.rung, alert.round)
    if alert.signal is None or alert.case is not None or len(alert.must_act) != 1:
        return None
    return link_alert_id(alert.link, alert.must_act[0], alert.signal, alert.round)


def _body(opened: OpenedOutput, codec: Codec[T]) -> T:
    return codec.decode(opened.body)
