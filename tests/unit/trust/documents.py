"""Trust documents for tests, from fixed keys: two countries, two offices, one link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256, shake_256
from typing import Any

from blo_domain.deadlines.policies import four_urgencies
from blo_domain.trust import DocumentRefusal, TrustedDirectory, TrustError
from blo_schemas.hashes import document_id
from blo_schemas.ids import CorridorId, CountryId, DocumentId, LinkId, OfficeId, country_of
from blo_schemas.trust import (
    Agreement,
    Certificate,
    Document,
    OfficeEntry,
    Revocation,
    RevokedFrom,
    Role,
    Root,
    SignedDocument,
)
from blo_sealing.kem import KEM_PRIVATE_SIZE, KemKey, is_usable_kem_key
from blo_sealing.signatures import SigningKey, is_usable_signing_key, verify_signature
from blo_sealing.statements import sign_document

VN, LA, CN = CountryId("vn"), CountryId("la"), CountryId("cn")
VN_A, VN_B, LA_B, LA_C, CN_D = map(OfficeId, ("vn-a", "vn-b", "la-b", "la-c", "cn-d"))
LINK = LinkId("vn-a~la-b")
CORRIDOR = CorridorId("la-vn")

START = 1_700_000_000_000
YEAR = 365 * 24 * 3600 * 1000
END = START + 10 * YEAR


@cache
def key(label: str) -> SigningKey:
    """The signing key that a label stands for."""
    return SigningKey(sha256(b"test key " + label.encode()).digest())


@cache
def kem(label: str) -> bytes:
    """The KEM public key of a fixed private one."""
    return KemKey(shake_256(b"test kem " + label.encode()).digest(KEM_PRIVATE_SIZE)).public


def root_keys(country: CountryId, version: int = 1) -> list[SigningKey]:
    """A root version's three keys."""
    return [key(f"{country} root {version} {number}") for number in range(3)]


def root_body(country: CountryId, version: int = 1, **changes: Any) -> Root:
    """A root with a threshold of two of three keys."""
    fields: dict[str, Any] = {
        "country": country,
        "version": version,
        "keys": tuple(one.public for one in root_keys(country, version)),
        "threshold": 2,
        "not_before": START + (version - 1) * YEAR,
        "not_after": END,
    }
    return Root(**(fields | changes))


def root(
    country: CountryId,
    version: int = 1,
    signers: Iterable[SigningKey] | None = None,
    **changes: Any,
) -> SignedDocument:
    """A root, signed by two of its own keys and two of the version before."""
    if signers is None:
        signers = root_keys(country, version)[:2]
        if version > 1:
            signers = [*signers, *root_keys(country, version - 1)[:2]]
    return sign_document(root_body(country, version, **changes), signers)


def by_root(
    document: Document, country: CountryId, signers: Iterable[SigningKey] | None = None
) -> SignedDocument:
    """A document signed by two of three keys of a country's root version 1."""
    return sign_document(document, root_keys(country)[:2] if signers is None else signers)


def certificate_body(subject: OfficeId, **changes: Any) -> Certificate:
    """An office's certificate, valid for ten years."""
    fields: dict[str, Any] = {
        "country": country_of(subject),
        "subject": subject,
        "role": Role.OFFICE,
        "names": (),
        "signing_key": key(subject).public,
        "kem_key": kem(subject),
        "not_before": START,
        "not_after": END,
    }
    return Certificate(**(fields | changes))


def certificate(
    subject: OfficeId, signers: Iterable[SigningKey] | None = None, **changes: Any
) -> SignedDocument:
    """An office's certificate, signed by its country."""
    return by_root(certificate_body(subject, **changes), country_of(subject), signers)


def entry(
    office: OfficeId, signers: Iterable[SigningKey] | None = None, **changes: Any
) -> SignedDocument:
    """A directory entry, signed by its country."""
    fields: dict[str, Any] = {
        "country": country_of(office),
        "office": office,
        "version": 1,
        "region": "VN-22",
        "level": "branch",
        "names": (),
    }
    return by_root(OfficeEntry(**(fields | changes)), country_of(office), signers)


def revocation(
    revoked: SignedDocument,
    at: int,
    links: Mapping[LinkId, int] | None = None,
    signers: Iterable[SigningKey] | None = None,
    **changes: Any,
) -> SignedDocument:
    """A revocation, signed by the country of the tests' first office."""
    fields: dict[str, Any] = {
        "country": VN,
        "certificate": document_id(revoked.payload),
        "at": at,
        "links": tuple(RevokedFrom(link=link, size=size) for link, size in (links or {}).items()),
        "reason": "the node was stolen",
    }
    body = Revocation(**(fields | changes))
    return by_root(body, body.country, signers)


def agreement_body(**changes: Any) -> Agreement:
    """The agreement of the tests' link."""
    offices = tuple(changes.get("offices", (LA_B, VN_A)))
    fields: dict[str, Any] = {
        "link": LINK,
        "corridor": CORRIDOR,
        "partition": 0,
        "version": 1,
        "offices": offices,
        "policy": four_urgencies(offices) if "policy" not in changes else None,
        "effective_from": START + 1000,
    }
    return Agreement(**(fields | changes))


def agreement(signers: Iterable[SigningKey] | None = None, **changes: Any) -> SignedDocument:
    """An agreement signed by all its offices."""
    body = agreement_body(**changes)
    return sign_document(body, map(key, body.offices) if signers is None else signers)


def pins(*countries: CountryId) -> dict[CountryId, DocumentId]:
    """The fingerprints of the countries' roots."""
    return {country: document_id(root(country).payload) for country in countries}


def empty(*countries: CountryId) -> TrustedDirectory:
    """A directory that has pinned Viet Nam and Laos, or the countries given."""
    return TrustedDirectory(
        pins(*(countries or (VN, LA))),
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )


def basis() -> list[SignedDocument]:
    """Both roots and both offices' certificates."""
    return [root(VN), root(LA), certificate(VN_A), certificate(LA_B)]


def loaded(*documents: SignedDocument) -> TrustedDirectory:
    """A directory of the basis and these documents, none of which is refused."""
    directory, refusals = empty().load([*basis(), *documents])
    assert not refusals, refusals
    return directory


def why(refusals: Iterable[DocumentRefusal], signed: SignedDocument) -> TrustError:
    """Why a document is refused."""
    errors = [refusal.error for refusal in refusals if refusal.signed == signed]
    assert errors, "the document counts"
    return errors[0]


def refusal(signed: SignedDocument, *others: SignedDocument) -> TrustError:
    """Why a document is refused that comes after the basis and the others, which all count."""
    directory = empty().load([*basis(), *others])[0]
    assert not directory.refusals, directory.refusals
    return why(directory.load([signed])[1], signed)
