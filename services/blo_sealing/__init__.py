"""Floor 3: keys, sealing and opening events, grants, signatures, chains, Merkle trees.

The only importer of ``cryptography`` and PyNaCl. ``LinkChain`` (``chain.py``) is where a record of
the log is judged; ``seal_event`` (``seal.py``) is where one is made. Checkpoints and proofs as text
are in ``blo_sealing.tlog``.
"""

from blo_sealing.chain import Admitted, LinkChain, LinkTrust, Writer
from blo_sealing.documents import add_signature, sign_document, verify_document_signature
from blo_sealing.errors import (
    BadSignature,
    DuplicateSignature,
    GrantNotAsAsked,
    GrantNotForYou,
    HeadNotAsAsked,
    MalformedNote,
    OtherCheckpoint,
    PositionError,
    ProofFailed,
    SealingError,
    SnapshotMismatch,
    TooLargeToSeal,
    Unopenable,
    UnsignedNote,
    UnusableKey,
    WrongKeyCommitment,
)
from blo_sealing.grants import (
    Recipient,
    make_grant,
    open_content_grant,
    open_grant,
    open_summary_grant,
)
from blo_sealing.heads import sign_head, verify_head
from blo_sealing.kem import KemKey, check_kem_key
from blo_sealing.keys import ContentKey, NodeKeys, SummaryKey
from blo_sealing.merkle import EMPTY_ROOT, Frontier, node_hash
from blo_sealing.office_chain import OfficeHead
from blo_sealing.parts import (
    Part,
    derive_part_key,
    open_content,
    open_summary,
    open_with_part_key,
    summary_verdict,
)
from blo_sealing.proofs import (
    consistency_proof,
    inclusion_proof,
    tree_root,
)
from blo_sealing.seal import Author, Place, SealedEvent, seal_event
from blo_sealing.signatures import (
    RandomBytes,
    SigningKey,
    check_signing_key,
    fingerprint,
    is_usable_signing_key,
    verify_signature,
)
from blo_sealing.snapshot import ChainRow
from blo_sealing.verifier import verify_consistency, verify_inclusion

__all__ = [
    "EMPTY_ROOT",
    "Admitted",
    "Author",
    "BadSignature",
    "ChainRow",
    "ContentKey",
    "DuplicateSignature",
    "Frontier",
    "GrantNotAsAsked",
    "GrantNotForYou",
    "HeadNotAsAsked",
    "KemKey",
    "LinkChain",
    "LinkTrust",
    "MalformedNote",
    "NodeKeys",
    "OfficeHead",
    "OtherCheckpoint",
    "Part",
    "Place",
    "PositionError",
    "ProofFailed",
    "RandomBytes",
    "Recipient",
    "SealedEvent",
    "SealingError",
    "SigningKey",
    "SnapshotMismatch",
    "SummaryKey",
    "TooLargeToSeal",
    "Unopenable",
    "UnsignedNote",
    "UnusableKey",
    "Writer",
    "WrongKeyCommitment",
    "add_signature",
    "check_kem_key",
    "check_signing_key",
    "consistency_proof",
    "derive_part_key",
    "fingerprint",
    "inclusion_proof",
    "is_usable_signing_key",
    "make_grant",
    "node_hash",
    "open_content",
    "open_content_grant",
    "open_grant",
    "open_summary",
    "open_summary_grant",
    "open_with_part_key",
    "seal_event",
    "sign_document",
    "sign_head",
    "summary_verdict",
    "tree_root",
    "verify_consistency",
    "verify_document_signature",
    "verify_head",
    "verify_inclusion",
    "verify_signature",
]
