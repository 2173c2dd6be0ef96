"""The trust documents of a source, judged under the auditor's pins."""

from __future__ import annotations

from collections.abc import Sequence

from blo_audit.errors import NoTrust
from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_domain.trust import Pins, TrustedDirectory, load_directory
from blo_domain.trust.model import DocumentRefusal
from blo_schemas.trust import SignedDocument
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature


def prove_documents(
    documents: Sequence[SignedDocument], pins: Pins
) -> tuple[TrustedDirectory, Sequence[DocumentRefusal]]:
    """What the documents prove under the pins, and which of them are refused."""
    return load_directory(
        pins,
        documents,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )


def judge_documents(
    documents: Sequence[SignedDocument], pins: Pins, name: str
) -> tuple[TrustedDirectory, Findings]:
    """What the documents prove under the pins; each refused document is a finding.

    Args:
        documents: The documents.
        pins: The pinned roots.
        name: What the source is called, for the error.

    Raises:
        NoTrust: No pinned root is among the documents.
    """
    directory, refusals = prove_documents(documents, pins)
    if not directory.roots:
        raise NoTrust(
            f"{name}: none of the pinned roots is among its {len(documents)} trust documents. "
            "Compare the pinned fingerprints with those that the countries published"
        )
    findings = Findings()
    for refusal in refusals:
        findings.add(Code.DOCUMENT_REFUSED, str(refusal.error))
    return directory, findings
