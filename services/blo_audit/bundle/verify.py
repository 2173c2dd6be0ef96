"""``blo audit verify``: what a bundle proves to somebody who believes only the pinned roots.

Needs no network and no key, writes nothing, and uses bounded memory whatever the file contains:
all that grows with a bundle is bounded by ``limits``, and stays in memory.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from blo_audit.bundle.basis import (
    base_of,
    claim_values,
    closed_positions,
    find_place,
)
from blo_audit.bundle.disclosures import Disclosures
from blo_audit.bundle.reader import Bundle, open_bundle
from blo_audit.bundle.selection import Selection
from blo_audit.bundle.statement import BundleReport, DisclosureProof, SelectionProof
from blo_audit.findings.findings import Findings, order
from blo_audit.replay.claims import Claim, read_claims
from blo_audit.replay.documents import judge_documents
from blo_audit.replay.link import AuditOptions, LinkAudit
from blo_audit.replay.sources import SourcePartition
from blo_audit.replay.statement import LinkStatement
from blo_audit.replay.verdicts import VerdictFindings
from blo_audit.spill_files import SpillBuffer, SpillFolder
from blo_domain.trust import Pins, TrustedDirectory
from blo_schemas.event import ENVELOPE, HEADER, LogRecord
from blo_schemas.hashes import event_id
from blo_schemas.verdicts import Reason

_ALL: Final = 2**62


class MemoryBuffers(SpillFolder):
    """Keeps in memory what grows with the log: a verifier writes nothing, not even such a file."""

    def buffer(self) -> SpillBuffer:
        """A new one; its window is so large that its file is never used."""
        return SpillBuffer(io.BytesIO(), window=_ALL)


def verify_bundle(path: Path, pins: Pins) -> BundleReport:
    """Verify a bundle.

    Args:
        path: The file.
        pins: The pinned roots; the only thing that is believed.

    Raises:
        BundleError: The file is no bundle, or not a whole one.
        NoTrust: None of the pinned roots is in it.
        NothingToAudit: No agreement that counts names its link.
    """
    with open_bundle(path) as bundle:
        # A file's name may hold bytes that are no text.
        name = path.name.encode(errors="replace").decode()
        return _Verification(bundle, pins, name).run()


class _Verification:
    def __init__(self, bundle: Bundle, pins: Pins, name: str) -> None:
        self._bundle = bundle
        self._name = name
        manifest = bundle.manifest
        self._directory: TrustedDirectory
        self._directory, self._told = judge_documents(bundle.documents, pins, name)
        self._place: SourcePartition = find_place(
            self._directory, pins, manifest.link, manifest.corridor
        )
        self._findings = Findings(manifest.link)
        self._claims: list[Claim] = read_claims(
            claim_values(bundle), self._place, self._directory, self._findings
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
            findings=tuple(sorted([*self._told, *self._findings], key=order)),
        )

    def _whole(self) -> LinkStatement:
        spill_folder = MemoryBuffers()
        audit = LinkAudit(
            self._place, self._directory, self._claims, AuditOptions(), spill_folder, self._findings
        )
        for batch in self._bundle.batches():
            done = 0
            for number, record in enumerate(batch):
                if self._disclosures.wants(record.position):
                    audit.take(batch[done:number])
                    self._disclosed(audit, record)
                    done = number + 1
            audit.take(batch[done:])
        return audit.finish()

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
