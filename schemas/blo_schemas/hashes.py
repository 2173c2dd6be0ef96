"""Every hash of the wire format in one place (``docs/wire-format.md``).

Each input begins with a label of its own, so that no bytes can mean two things. Only SHA-256 is
used, from the standard library; keys and signatures are floor 3's.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from typing import Final

from blo_schemas.ids import (
    HASH_SIZE,
    TAG_SIZE,
    CaseId,
    CertificateTag,
    Digest,
    DocumentId,
    EventId,
    KeyId,
    LinkId,
    OfficeId,
)

_LEAF: Final = sha256(b"\0")
_EVENT: Final = b"blo/event/v1\0"
LOG_LABEL: Final = b"blo/log/v1\0"
_PAYLOAD: Final = b"blo/payload/v1\0"
_DOCUMENT: Final = b"blo/document/v1\0"
_HEAD: Final = b"blo/head/v1\0"
_HEARTBEAT: Final = b"blo/heartbeat/v1\0"
_OUTPUT: Final = b"blo/output/v1\0"
_ADMISSIONS: Final = b"blo/admissions/v1\0"
_VIEWS: Final = b"blo/views/v2\0"
_VIEW_GROUP: Final = b"blo/view-group/v1\0"
VIEW_GROUPS: Final = 4096
"""In so many groups the cases of a link are hashed for the digest of their views."""

_CONTENT_KEY: Final = b"blo/content-key/v1\0"
_SUMMARY_KEY: Final = b"blo/summary-key/v1\0"
_ALERT: Final = b"blo/alert/v1\0"
_LINK_ALERT: Final = b"blo/link-alert/v1\0"
_CLEARING: Final = b"blo/alert-cleared/v1\0"
_DISCLOSURE: Final = b"blo/disclosure/v1\0"


@lru_cache(maxsize=1024)
def event_context(link: LinkId) -> bytes:
    """The bytes before the header in everything that is signed or hashed of an event."""
    return _EVENT + link.encode() + b"\0"


def event_input(link: LinkId, header: bytes) -> bytes:
    """What an event's signature is over, and its id the hash of."""
    return event_context(link) + header


def event_id(link: LinkId, header: bytes) -> EventId:
    """The event's id, from its link and the exact header bytes."""
    return EventId(sha256(event_context(link) + header).digest())


def payload_hash(summary_ct: bytes, body_ct: bytes) -> Digest:
    """Binds both sealed parts; either can be shown with only the other's hash."""
    return Digest(
        sha256(_PAYLOAD + sha256(summary_ct).digest() + sha256(body_ct).digest()).digest()
    )


def leaf_hash(value: bytes) -> Digest:
    """RFC 6962 §2.1 leaf hash of a record value."""
    # Every record of every log comes here and below: a context that is copied costs less than a new
    # one, its prefix less than a copy of the value behind it, and Digest(…) is a call like any other.
    hashed = _LEAF.copy()
    hashed.update(value)
    return hashed.digest()  # type: ignore[return-value]


def log_origin(link: LinkId) -> Digest:
    """The running hash of an empty log."""
    return Digest(sha256(LOG_LABEL + link.encode()).digest())


def log_hash(previous: bytes, leaf: bytes) -> Digest:
    """The running hash after one more record with the given leaf hash."""
    return sha256(LOG_LABEL + previous + leaf).digest()  # type: ignore[return-value]


def document_input(payload: bytes) -> bytes:
    """What a trust document's signatures are over."""
    return _DOCUMENT + payload


def document_id(payload: bytes) -> DocumentId:
    """A trust document's id; for a root also the fingerprint that nodes pin."""
    return DocumentId(sha256(_DOCUMENT + payload).digest())


def certificate_tag(certificate: DocumentId) -> CertificateTag:
    """The short form of a certificate's id that headers carry."""
    return CertificateTag(certificate[:TAG_SIZE])


def head_input(head: bytes) -> bytes:
    """What a head's signature is over."""
    return _HEAD + head


def heartbeat_input(heartbeat: bytes) -> bytes:
    """What a heartbeat's signature is over."""
    return _HEARTBEAT + heartbeat


def output_input(output: bytes) -> bytes:
    """What a processor's output's signature is over."""
    return _OUTPUT + output


def admissions_origin(link: LinkId) -> Digest:
    """The running hash of admissions of an empty log."""
    return Digest(sha256(_ADMISSIONS + link.encode()).digest())


def admissions_hash(previous: bytes, event: bytes | None, *, signed: bool) -> Digest:
    """The running hash of admissions after one more record.

    Args:
        previous: The hash before.
        event: The event's id, if its writer could be told.
        signed: Whether its signature was checked and is its writer's.
    """
    flag = b"\1" if signed else b"\0"
    return Digest(sha256(_ADMISSIONS + previous + flag + (event or b"")).digest())


def view_group(case: bytes) -> int:
    """The group of a case in the digest of views: the first 12 bits of its id."""
    return case[0] << 4 | case[1] >> 4


def view_group_start(group: int) -> bytes:
    """The lowest id that a case of a group can have; of group 4096 a text behind all ids."""
    return (group << 4).to_bytes(2, "big") if group < VIEW_GROUPS else b"\xff" * (HASH_SIZE + 1)


def view_group_digest(cases: Iterable[tuple[CaseId, bytes]]) -> Digest:
    """The digest of the views of one group.

    Args:
        cases: All cases of the group by ascending id, each with the SHA-256 of its encoded view.
    """
    whole = sha256(_VIEW_GROUP)
    for case, view in cases:
        whole.update(case)
        whole.update(view)
    return Digest(whole.digest())


def views_digest_of_groups(groups: Iterable[tuple[int, bytes]]) -> Digest:
    """The digest of all case views of a link from those of its groups.

    Args:
        groups: The groups that hold a case, ascending, each with its digest.
    """
    whole = sha256(_VIEWS)
    for group, digest in groups:
        whole.update(group.to_bytes(2, "big"))
        whole.update(digest)
    return Digest(whole.digest())


def views_digest(cases: Iterable[tuple[CaseId, bytes]]) -> Digest:
    """The digest of all case views of a link, which heads sign.

    The cases are hashed in groups, so that whoever keeps the groups' digests hashes only those
    groups anew in which a view has changed.

    Args:
        cases: By ascending id, each with the SHA-256 of its encoded view.
    """
    grouped = groupby(cases, key=lambda case: view_group(case[0]))
    return views_digest_of_groups((group, view_group_digest(rows)) for group, rows in grouped)


def content_key_id(key: bytes) -> CaseId:
    """The commitment to a case's content key, which is the case's id."""
    return CaseId(sha256(_CONTENT_KEY + key).digest())


def summary_key_id(key: bytes) -> KeyId:
    """The commitment to a summary key."""
    return KeyId(sha256(_SUMMARY_KEY + key).digest())


def alert_id(link: LinkId, case: bytes, clock: str, rung: str, number: int) -> Digest:
    """The id of an alert about a case: the same whoever computes it, and however often.

    The link is in it, so that an office that opens one case id on two links makes no two alerts
    with one id.
    """
    words = f"{clock}\0{rung}\0".encode()
    return Digest(
        sha256(_ALERT + link.encode() + b"\0" + case + words + number.to_bytes(8, "big")).digest()
    )


def link_alert_id(link: LinkId, office: OfficeId, signal: str, number: int) -> Digest:
    """The id of an alert about an office's part in a link; ``number`` tells occurrences apart."""
    words = f"{link}\0{office}\0{signal}\0".encode()
    return Digest(sha256(_LINK_ALERT + words + number.to_bytes(8, "big")).digest())


def clearing_id(alert: bytes) -> Digest:
    """The id of the record that says that an alert's cause has gone."""
    return Digest(sha256(_CLEARING + alert).digest())


def disclosure_input(disclosure: bytes) -> bytes:
    """What a disclosure's signature is over."""
    return _DISCLOSURE + disclosure
