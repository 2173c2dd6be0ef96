"""``blo audit verify``: what a bundle proves to somebody who believes only the pinned roots.

Needs no network and no key, writes nothing, and uses bounded memory whatever the file contains:
all that grows with a bundle is bounded by ``limits``, and stays in memory.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from blo_audit.bundle.basis import (
    base_of,
    claim_values,
    closed_positions,
    find_place,
)
from blo_audit.bundle.disclosures import Disclosures
from blo_audit.bundle.files import FileProof
from blo_audit.bundle.reader import Bundle, open_bundle
from blo_audit.bundle.selection import Selection
from blo_audit.bundle.statement import BundleReport, DisclosureProof, SelectionProof
from blo_audit.errors import NothingToAudit
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Finding, Findings, order
from blo_audit.replay.claims import Claim, read_claims
from blo_audit.replay.documents import judge_documents, prove_documents
from blo_audit.replay.earlier import EarlierLink, union
from blo_audit.replay.link import LinkAudit
from blo_audit.replay.options import AuditOptions
from blo_audit.replay.sources import SourcePartition
from blo_audit.replay.state_file import EarlierStatement
from blo_audit.replay.statement import LinkStatement
from blo_audit.replay.verdicts import VerdictFindings
from blo_audit.spill_files import SpillBuffer, SpillFolder
from blo_domain.attachments import safe_name
from blo_domain.trust import Pins, TrustedDirectory
from blo_schemas.bundle import Scope
from blo_schemas.event import ENVELOPE, HEADER, LogRecord
from blo_schemas.hashes import event_id
from blo_schemas.verdicts import Reason

_ALL: Final = 2**62


class MemoryBuffers(SpillFolder):
    """Keeps in memory what grows with the log: a verifier writes nothing, not even such a file."""

    def buffer(self) -> SpillBuffer:
        """A new one; its window is so large that its file is never used."""
        return SpillBuffer(io.BytesIO(), window=_ALL)


def verify_bundle(
    path: Path,
    pins: Pins,
    since: EarlierStatement | None = None,
    *,
    simulated_time: bool = False,
) -> BundleReport:
    """Verify a bundle.

    Args:
        path: The file.
        pins: The pinned roots; nothing else is believed but the reader's own statement.
        since: The reader's own statement, behind which the end of a link goes on.
        simulated_time: Whether the log's times are a scenario's; see ``AuditOptions``.

    Raises:
        BundleError: The file is no bundle, or not a whole one.
        NoTrust: None of the pinned roots is in it.
        NothingToAudit: No agreement that counts names its link.
        StatementRefused: The bundle does not go on from the statement.
    """
    with open_bundle(path) as bundle:
        # A file's name may hold bytes that are no text.
        name = path.name.encode(errors="replace").decode()
        options = AuditOptions(simulated_time=simulated_time)
        return _Verification(bundle, pins, name, since, options).run()


class _Verification:
    def __init__(
        self,
        bundle: Bundle,
        pins: Pins,
        name: str,
        since: EarlierStatement | None,
        options: AuditOptions,
    ) -> None:
        self._spill = MemoryBuffers()
        self._bundle = bundle
        self._options = options
        self._name = name
        manifest = bundle.manifest
        self._directory: TrustedDirectory
        self._directory, self._told = judge_documents(bundle.documents, pins, name)
        self._place: SourcePartition = find_place(
            self._directory, pins, manifest.link, manifest.corridor
        )
        self._findings = Findings(manifest.link)
        self._of_records: list[Finding] = []
        self._earlier = self._go_on(since, pins)
        values: Sequence[bytes] = claim_values(bundle)
        if self._earlier is not None:
            values = union(self._earlier.seam.values, values)
        self._claims: list[Claim] = read_claims(
            values,
            self._place,
            self._directory,
            self._findings,
            partial=self._earlier is not None,
        )
        self._disclosures = Disclosures(
            bundle.disclosures,
            self._place,
            self._directory,
            closed_positions(bundle.heads, self._place, self._directory),
            self._findings,
        )

    def run(self) -> BundleReport:
        bundle, disclosures = self._bundle, self._disclosures
        whole = selected = None
        if bundle.manifest.scope.is_selection:
            selected = self._selection()
        else:
            whole = self._whole()
        disclosures.finish()
        files = self._files()
        assert bundle.digest is not None
        return BundleReport(
            name=self._name,
            digest=bundle.digest.hex(),
            manifest=bundle.manifest,
            whole=whole,
            selected=selected,
            disclosing=DisclosureProof(
                opened=disclosures.opened,
                alone=disclosures.alone,
                unshown=disclosures.unshown,
                contents=tuple(disclosures.shown),
            ),
            files=files,
            findings=tuple(sorted([*self._told, *self._findings, *self._of_records], key=order)),
        )

    def _files(self) -> tuple[FileProof, ...]:
        """The files that disclosed events enclose; any other is a finding."""
        proofs = []
        for number, (size, digest) in enumerate(self._bundle.files):
            enclosed = self._disclosures.enclosed.get(digest)
            if enclosed is None:
                self._findings.add(
                    Code.FILE_NOT_ENCLOSED, f"file {number}, of {size} bytes: {digest.hex()}"
                )
                continue
            position, event, attachment = enclosed
            proofs.append(
                FileProof(
                    number=number,
                    position=position,
                    event=event.hex(),
                    name=safe_name(attachment.name),
                    size=size,
                    sha256=digest.hex(),
                )
            )
        return tuple(proofs)

    def _whole(self) -> LinkStatement:
        earlier = self._earlier
        audit = LinkAudit(
            self._place,
            self._directory,
            self._claims,
            self._options,
            self._spill,
            self._findings,
            earlier=earlier,
        )
        for records in self._bundle.batches():
            batch = records if earlier is None else earlier.behind(records)
            done = 0
            for number, record in enumerate(batch):
                if self._disclosures.wants(record.position):
                    audit.take(batch[done:number])
                    self._disclosed(audit, record)
                    done = number + 1
            audit.take(batch[done:])
        statement = audit.finish()
        self._of_records = list(audit.of_records)
        return statement

    def _go_on(self, since: EarlierStatement | None, pins: Pins) -> EarlierLink | None:
        """The reader's statement of the link; only the end of a link needs one, and gets it."""
        manifest = self._bundle.manifest
        if manifest.scope is not Scope.LINK_END:
            return None
        if since is None:
            raise NothingToAudit(
                f"{self._name} has the records of {manifest.link} from {manifest.first:,} on: name "
                "the statement behind which it was cut, with --since"
            )
        state = since.state
        since.check_basis(pins, state.tolerance_ms, state.late_ms)
        self._options = msgspec.structs.replace(
            self._options, tolerance_ms=state.tolerance_ms, late_ms=state.late_ms
        )
        then, _ = prove_documents(since.documents_of(self._bundle.documents), pins)
        earlier = EarlierLink.of(since, self._place, self._spill)
        if earlier is None:
            raise since.refused(f"it says nothing of {manifest.link} at its place")
        problem = earlier.problem(
            manifest.first,
            then.link_trust(manifest.link),
            self._directory.link_trust(manifest.link),
        )
        if problem is not None:
            raise since.refused(problem)
        return earlier

    def _disclosed(self, audit: LinkAudit, record: LogRecord) -> None:
        """Audit a record that is disclosed, and open it if it counts."""
        counted = audit.accepted
        audit.take([record])
        if audit.accepted == counted:
            return
        link = self._place.link
        envelope = ENVELOPE.decode(record.value)
        header = HEADER.decode(envelope.header)
        writer = self._directory.link_trust(link).writer(
            header.certificate_tag, record.position, record.log_time
        )
        assert not isinstance(writer, Reason)
        event = event_id(link, envelope.header)
        self._disclosures.record(record.position, event, writer.office, envelope, header.at)

    def _selection(self) -> SelectionProof:
        manifest = self._bundle.manifest
        base = base_of(self._claims, manifest.size, self._findings)
        selection = Selection(
            manifest,
            base,
            self._directory.link_trust(manifest.link),
            VerdictFindings(manifest.link, self._directory, self._findings),
            self._disclosures,
            self._findings,
        )
        selection.take(self._bundle.proven())
        return SelectionProof(
            size=base.size,
            root=None if base.root is None else base.root.hex(),
            rests_on=None if base.root is None else base.words,
            quorum=bool(base.checkpoint),
            records=manifest.counts.records,
            proven=selection.proven,
            authentic=dict(sorted(selection.authentic.items())),
            first=selection.first,
            last=selection.last,
            log_times=selection.log_times,
        )
