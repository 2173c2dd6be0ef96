"""Trust documents that don't count, one for each rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from blo_schemas.ids import LinkId
from blo_schemas.trust import KEM_KEY_SIZE, DatedText, SignedDocument
from tests.unit.trust.documents import (
    CN,
    END,
    LA,
    START,
    VN,
    VN_A,
    VN_B,
    YEAR,
    agreement,
    basis,
    by_root,
    certificate,
    certificate_body,
    entry,
    kem,
    key,
    revocation,
    root,
    root_keys,
)
from tests.vectors.trust_agreement_cases import agreements, contents_of_agreements

RIVAL = LinkId("rival")
SMALL_ORDER = bytes([1]) + bytes(31)
"""The neutral element of the curve."""


class Case(NamedTuple):
    """A document that does not count.

    Attributes:
        name: The vector's name, without its prefix.
        what: The defect, in a sentence.
        last: The document.
        error: The rule that refuses it.
        before: The documents before it; ``None``: both roots and both offices' certificates.
        pinned: Whether ``last`` itself is the pinned root of vn.
    """

    name: str
    what: str
    last: SignedDocument
    error: str
    before: Sequence[SignedDocument] | None = None
    pinned: bool = False


def cases() -> Iterator[Case]:
    """One document for each rule that can refuse one."""
    for made in (_bytes, _roots, _certificates, agreements, contents_of_agreements):
        for case in made():
            yield Case(*case)


_Case = tuple[Any, ...]


def _bytes() -> Iterator[_Case]:
    good, other = certificate(VN_B), certificate(VN_B, not_after=END - 1)
    yield (
        "payload-not-canonical",
        "The payload's map has a longer head than it needs.",
        SignedDocument(b"\xde\x00" + bytes([good.payload[0] & 15]) + good.payload[1:], ()),
        "malformed_document",
    )
    yield (
        "signatures-unsorted",
        "Signatures are sorted by key.",
        SignedDocument(good.payload, good.signatures[::-1]),
        "signatures_not_sorted",
    )
    yield (
        "signature-twice",
        "One key's signature twice does not make a threshold of two.",
        SignedDocument(good.payload, good.signatures[:1] * 2),
        "signed_twice",
    )
    yield (
        "signature-of-other-bytes",
        "The signatures are over another document.",
        SignedDocument(good.payload, other.signatures),
        "bad_signature",
    )
    yield (
        "signature-by-a-stranger",
        "A signature beyond the needed ones, by a key without a say.",
        certificate(VN_B, [*root_keys(VN)[:2], key("stranger")]),
        "unknown_signer",
    )


def _roots() -> Iterator[_Case]:
    weak = (*(one.public for one in root_keys(VN, 2)), SMALL_ORDER)
    double = tuple(root_keys(VN, 2)[place].public for place in (0, 0, 1))
    yield (
        "root-not-pinned",
        "A version 1 that is not the pinned one.",
        root(VN, 1, not_after=END - 1),
        "not_the_pinned_root",
        [root(LA)],
    )
    yield "root-of-another-country", "A country that is not pinned.", root(CN), "country_not_pinned"
    yield (
        "root-pinned-but-unsigned",
        "The pinned version is below its own threshold.",
        root(VN, 1, root_keys(VN)[:1]),
        "threshold_not_met",
        [],
        True,
    )
    yield (
        "root-version-skipped",
        "Version 3 comes without version 2.",
        root(VN, 3),
        "root_version_skipped",
    )
    yield (
        "root-not-signed-by-old",
        "Version 2 has its own signatures only.",
        root(VN, 2, root_keys(VN, 2)[:2]),
        "not_signed_by_old_root",
    )
    yield (
        "root-not-signed-by-itself",
        "Version 2 has the old signatures only.",
        root(VN, 2, root_keys(VN, 1)[:2]),
        "threshold_not_met",
    )
    yield (
        "root-version-twice",
        "Two different versions 2: neither counts.",
        root(VN, 2, not_after=END - 1),
        "root_contradicted",
        [*basis(), root(VN, 2)],
    )
    yield (
        "root-threshold-impossible",
        "Four signatures of three keys.",
        root(VN, 2, threshold=4),
        "impossible_threshold",
    )
    yield "root-key-twice", "One key is listed twice.", root(VN, 2, keys=double), "key_twice"
    yield (
        "root-key-of-small-order",
        "One key is of small order.",
        root(VN, 2, keys=weak),
        "weak_key",
    )
    yield (
        "root-never-valid",
        "It ends when it begins.",
        root(VN, 2, not_before=START, not_after=START),
        "never_valid",
    )


def _certificates() -> Iterator[_Case]:
    foreign = by_root(certificate_body(VN_B, country=LA), LA)
    late = certificate(VN_B, not_before=START + YEAR)
    ended = certificate(VN_B, not_before=END, not_after=END + 1)
    copied = certificate(VN_B, signing_key=key(VN_A).public, not_before=START + 1)
    yield (
        "certificate-below-threshold",
        "One of two signatures.",
        certificate(VN_B, root_keys(VN)[:1]),
        "threshold_not_met",
    )
    yield (
        "certificate-by-wrong-root",
        "Signed by the other country's root.",
        certificate(VN_B, root_keys(LA)[:2]),
        "unknown_signer",
    )
    yield (
        "certificate-of-wrong-country",
        "A subject of vn in a certificate of la.",
        foreign,
        "wrong_country",
    )
    yield (
        "certificate-by-retired-root",
        "It begins when version 2 of the root has taken over.",
        late,
        "root_retired",
        [*basis(), root(VN, 2)],
    )
    yield (
        "certificate-by-expired-root",
        "It begins when the root has expired.",
        ended,
        "root_retired",
    )
    yield (
        "certificate-key-of-small-order",
        "The signing key is of small order.",
        certificate(VN_B, signing_key=SMALL_ORDER),
        "weak_key",
    )
    yield (
        "certificate-without-kem-key",
        "An office that nothing can be granted to.",
        certificate(VN_B, kem_key=None),
        "kem_key_missing",
    )
    yield (
        "certificate-name-with-a-control",
        "A name holds an escape, which would command a terminal.",
        certificate(VN_B, names=(DatedText(text="\x1b[2Jvn-b"),)),
        "hidden_character",
    )
    yield (
        "certificate-name-turned-round",
        "A name holds U+202E, so that it is read from right to left.",
        certificate(VN_B, names=(DatedText(text="vn-b \u202ea-nv"),)),
        "hidden_character",
    )
    yield (
        "entry-level-without-width",
        "A word holds U+2060, which nobody sees.",
        entry(VN_A, level="prov\u2060ince"),
        "hidden_character",
    )
    yield (
        "agreement-marking-with-a-control",
        "A marking that is refused ends in a zero byte.",
        agreement(refused_markings=("Nội bộ\x00",)),
        "hidden_character",
    )
    yield (
        "certificate-kem-key-of-junk",
        "The KEM key is as long as one, and none: its numbers are not reduced (FIPS 203 §7.2).",
        certificate(VN_B, kem_key=b"\xff" * KEM_KEY_SIZE),
        "unusable_kem_key",
    )
    yield (
        "certificate-kem-key-of-small-order",
        "The KEM key's X25519 part is of small order: no secret can be agreed on with it.",
        certificate(VN_B, kem_key=kem(VN_B)[:-32] + bytes(32)),
        "unusable_kem_key",
    )
    yield (
        "certificate-key-of-another",
        "The signing key belongs to another subject.",
        copied,
        "key_of_another",
    )
    yield (
        "certificate-never-valid",
        "It ends when it begins.",
        certificate(VN_B, not_after=START),
        "never_valid",
    )
    yield (
        "revocation-of-unknown",
        "The certificate is not there.",
        revocation(certificate(VN_B), START),
        "unknown_certificate",
    )
    yield (
        "revocation-by-wrong-root",
        "Signed by the other country's root.",
        revocation(certificate(VN_A), START, signers=root_keys(LA)[:2]),
        "unknown_signer",
    )
    yield (
        "entry-version-twice",
        "Two different entries of one version.",
        entry(VN_A, level="district"),
        "entry_contradicted",
        [*basis(), entry(VN_A)],
    )
