"""The office's certificates: which one it uses, how it asks for the next, and until when it may write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from blo_agent.custody.errors import CustodyRefusal, CustodyRefused
from blo_agent.office.state import Office
from blo_agent.setup import OfficeRequest
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import identities, journal
from blo_domain.trust import Certified, TrustError
from blo_schemas.errors import WireError
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import CertificateTag
from blo_schemas.instants import local
from blo_schemas.trust import DOCUMENT, SIGNED_DOCUMENT, Certificate, SignedDocument
from blo_sealing.keys import NodeKeys


class OwnCertificate(NamedTuple):
    """One of the office's certificates; instants are Unix milliseconds.

    Attributes:
        tag: Its tag.
        not_before: Its first instant.
        ends: The first instant after it, or from which it is revoked.
        has_keys: Whether its private keys are in this store.
        is_used: Whether the office signs with it now.
    """

    tag: CertificateTag
    not_before: int
    ends: int
    has_keys: bool
    is_used: bool


def own_certificates(office: Office, now: int) -> list[OwnCertificate]:
    """All certificates of the office, ended and revoked ones too, in the order they begin."""
    used = office.certificate(now)
    return [
        OwnCertificate(
            certified.tag,
            certified.certificate.not_before,
            certified.ends,
            certified.tag in office.own_tags(),
            used is not None and used.id == certified.id,
        )
        for certified in office.directory.certificates(office.id)
    ]


def covered_until(office: Office, now: int) -> int | None:
    """Until when the office has a valid certificate without a gap, Unix milliseconds.

    ``None``: it has none now, so it can write nothing.
    """
    used = office.certificate(now)
    if used is None:
        return None
    return _covered(
        used.ends,
        (
            certified
            for certified in office.directory.certificates(office.id)
            if certified.tag in office.own_tags()
        ),
    )


def _covered(end: int, certificates: Iterable[Certified]) -> int:
    for certified in sorted(certificates, key=lambda row: row.certificate.not_before):
        if certified.certificate.not_before <= end:
            end = max(end, certified.ends)
    return end


def renew(
    office: Office, now: int, actor: str, tx: Transaction, *, same_keys: bool = False
) -> OfficeRequest:
    """The request for the office's next certificate; the keys of all earlier ones stay.

    New keys that wait for their certificate already are asked for again.

    Args:
        office: The office.
        now: Its clock, Unix milliseconds.
        actor: Who asks, for the journal.
        tx: A transaction of the store.
        same_keys: Whether to certify the keys in use again, and make no new ones.

    Raises:
        CustodyRefused: The keys in use are to be certified, and there are none.
    """
    if same_keys:
        used = office.certificate(now)
        keys = None if used is None else office.node_keys_of(used.tag)
        if keys is None:
            raise CustodyRefused(
                CustodyRefusal.NO_CERTIFICATE, "no valid certificate names a key of this store"
            )
    else:
        keys = _waiting_keys(office, tx) or _new_keys(office, now, tx)
    journal.append(
        tx,
        at=now,
        actor=actor,
        action="ask for a certificate",
        detail=keys.signing.public.hex().encode(),
    )
    return OfficeRequest(office.id, keys.signing.public, keys.kem.public)


def check_next_certificate(office: Office, data: bytes, now: int) -> OwnCertificate:
    """Check a certificate before it is published: it must follow without a gap.

    Args:
        office: The office.
        data: The encoded ``SignedDocument``.
        now: The office's clock, Unix milliseconds.

    Raises:
        CustodyRefused: It does not count, is another's, names keys that are not here, has ended,
            or leaves a time without a valid certificate.
    """
    signed, certificate = _read(data)
    if certificate.subject != office.id:
        raise _unfit(f"it is of {certificate.subject}, and this is {office.id}")
    keys = office.node_keys(certificate.signing_key)
    if keys is None or keys.kem.public != certificate.kem_key:
        raise _unfit(
            "its keys are not in this store; it was made from the request of another node, or of "
            "this one before it was restored. Ask for another: blo agent certificate renew"
        )
    try:
        office.directory.admit(signed)
    except TrustError as error:
        raise _unfit(f"{error.problem}; {error.todo}") from None
    if certificate.not_after <= now:
        raise _unfit(f"it has ended on {local(certificate.not_after).isoformat()}")
    covered = covered_until(office, now)
    if covered is not None and certificate.not_before > covered:
        raise _unfit(
            f"it begins on {local(certificate.not_before).isoformat()}, and the one before ends on "
            f"{local(covered).isoformat()}: nothing could be written in between. Have one made "
            "that begins earlier"
        )
    tag = certificate_tag(document_id(signed.payload))
    return OwnCertificate(
        tag, certificate.not_before, certificate.not_after, has_keys=True, is_used=False
    )


def _read(data: bytes) -> tuple[SignedDocument, Certificate]:
    try:
        signed = SIGNED_DOCUMENT.decode(data)
        document = DOCUMENT.decode(signed.payload)
    except WireError as error:
        raise _unfit(f"it is no trust document ({error})") from None
    if not isinstance(document, Certificate):
        raise _unfit(f"it is a {type(document).__name__.lower()}")
    return signed, document


def _unfit(words: str) -> CustodyRefused:
    return CustodyRefused(
        CustodyRefusal.CERTIFICATE_UNFIT, f"this certificate does not fit: {words}"
    )


def _waiting_keys(office: Office, tx: Transaction) -> NodeKeys | None:
    """The newest keys, if no certificate names them yet."""
    certified = {row.certificate.signing_key for row in office.directory.certificates(office.id)}
    stored = identities.all_of(tx)
    if not stored or stored[-1].public in certified:
        return None
    return NodeKeys.from_bytes(stored[-1].keys)


def _new_keys(office: Office, now: int, tx: Transaction) -> NodeKeys:
    made = NodeKeys.generate(office.random)
    # Behind all others, also where the clock was set back: the newest is the last.
    latest = max((row.added_at for row in identities.all_of(tx)), default=0)
    added_at = max(now, latest + 1)
    identities.put(tx, identities.StoredIdentity(made.signing.public, made.to_bytes(), added_at))
    office.load_identities(tx)
    return made
