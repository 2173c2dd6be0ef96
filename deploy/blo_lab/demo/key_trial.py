"""What a processor's keys can open, tried out on all that lies on Kafka.

It shows what can be shown from outside: which keys were granted, and that nothing which a
processor was given or can derive opens a body. That nobody hands it a key by another way, no trial
can show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blo_domain.trust import TrustedDirectory
from blo_lab.demo.plain import PlainLink
from blo_log.port import ConsumedRecord
from blo_projection.granted_keys import GrantedKeys, month_of
from blo_schemas.event import Envelope, Header
from blo_schemas.grants import CASE_GRANT, GRANT, Grant, KeyPurpose, is_case_grant_key
from blo_schemas.ids import CertificateTag, KeyId
from blo_sealing.errors import SealingError
from blo_sealing.event_parts import EventPart, derive_part_key, open_with_part_key
from blo_sealing.grants import grant_info
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import NodeKeys
from blo_sealing.outputs import processor_summary_key


@dataclass(frozen=True)
class Opening:
    """What was tried with a processor's keys, and what opened.

    Attributes:
        keys: Summary keys that it holds: granted ones and its own.
        content_granted: Content keys that were granted to it.
        grants: Grants of content keys to others.
        grants_opened: How many of them opened with its private keys.
        summaries: Summaries.
        summaries_opened: How many opened.
        bodies: Bodies.
        bodies_opened: How many opened with any key that it holds.
    """

    keys: int = 0
    content_granted: int = 0
    grants: int = 0
    grants_opened: int = 0
    summaries: int = 0
    summaries_opened: int = 0
    bodies: int = 0
    bodies_opened: int = 0

    def __add__(self, other: Opening) -> Opening:
        return Opening(
            self.keys + other.keys,
            self.content_granted + other.content_granted,
            self.grants + other.grants,
            self.grants_opened + other.grants_opened,
            self.summaries + other.summaries,
            self.summaries_opened + other.summaries_opened,
            self.bodies + other.bodies,
            self.bodies_opened + other.bodies_opened,
        )


def try_to_open(
    plain: PlainLink,
    keys: Iterable[ConsumedRecord],
    processor: ProgramIdentity,
    directory: TrustedDirectory,
) -> Opening:
    """Tries everything that a processor has on everything of a link.

    Args:
        plain: The link.
        keys: The records of its partition of ``blo.keys``.
        processor: The processor, with its private keys.
        directory: Its certificates.
    """
    stored = list(keys)
    granted = GrantedKeys(plain.link, processor)
    for one in stored:
        granted.take(one, directory)
    grants = [grant for grant in _grants(stored) if grant.link == plain.link]
    content = [grant for grant in grants if grant.purpose is KeyPurpose.CONTENT]
    others = [grant for grant in content if grant.recipient != processor.subject]
    own = [
        held
        for certified in directory.certificates(processor.subject)
        if (held := processor.keys_of(directory, CertificateTag(certified.tag))) is not None
    ]
    secrets = {*_granted(grants, granted), *_own(plain, own)}
    records = [
        (one.header, one.envelope)
        for one in plain.folded
        if one.header is not None and one.envelope is not None
    ]
    return Opening(
        keys=len(secrets),
        content_granted=len(content) - len(others),
        grants=len(others),
        grants_opened=sum(_unseals(grant, own) for grant in others),
        summaries=len(records),
        summaries_opened=sum(_opens(EventPart.SUMMARY, plain, *one, secrets) for one in records),
        bodies=len(records),
        bodies_opened=sum(_opens(EventPart.CONTENT, plain, *one, secrets) for one in records),
    )


def _grants(stored: Iterable[ConsumedRecord]) -> Iterator[Grant]:
    for record in stored:
        if record.value is None:
            continue
        if not is_case_grant_key(record.key or b""):
            yield GRANT.decode(record.value)
            continue
        granted = CASE_GRANT.decode(record.value)
        for entry in granted.entries:
            grant = granted.grant_to(entry.recipient)
            assert grant is not None
            yield grant


def _granted(grants: Iterable[Grant], held: GrantedKeys) -> Iterator[bytes]:
    for grant in grants:
        key = held.summary_key(KeyId(grant.key))
        if key is not None:
            yield key.secret


def _own(plain: PlainLink, held: Iterable[NodeKeys]) -> Iterator[bytes]:
    months = {month_of(one.log_time) for one in plain.folded}
    for keys in held:
        for month in months:
            yield processor_summary_key(keys, plain.link, month).secret


def _unseals(grant: Grant, held: Iterable[NodeKeys]) -> bool:
    for keys in held:
        for opens in (keys.kem.unseal, keys.kem.unwrap):
            try:
                opens(grant.sealed, grant_info(grant))
            except SealingError:
                continue
            return True
    return False


def _opens(
    part: EventPart, plain: PlainLink, header: Header, envelope: Envelope, secrets: Iterable[bytes]
) -> bool:
    for secret in secrets:
        key = derive_part_key(part, plain.link, header, secret)
        try:
            open_with_part_key(part, plain.link, envelope, key)
        except SealingError:
            continue
        return True
    return False
