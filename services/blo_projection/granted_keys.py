"""The summary keys that a program without a store was granted, and those that it grants to others.

Such a program has no content keys. A grant carries no signature, so a program counts a reader as
served only if it has written the grant itself; after a start it writes all its grants again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from blo_domain.trust import KeyRecipient, TrustedDirectory
from blo_log.port import ConsumedRecord
from blo_schemas.errors import WireError
from blo_schemas.grants import GRANT, Grant, KeyPurpose, grant_record_key
from blo_schemas.ids import TAG_SIZE, CaseId, CertificateTag, KeyId, LinkId
from blo_schemas.instants import local
from blo_schemas.outputs import Output
from blo_sealing.errors import SealingError, UnusableKey
from blo_sealing.grants import open_summary_grant
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.outputs import processor_summary_key

_DAY_MS: Final = 86_400_000


def month_of(at: int) -> str:
    """The calendar month (UTC) of an instant in Unix milliseconds: ``2025-03``."""
    return _month_of_day(at // _DAY_MS)


@lru_cache(maxsize=1024)
def _month_of_day(day: int) -> str:
    return f"{local(day * _DAY_MS):%Y-%m}"


class _WrittenGrant(NamedTuple):
    """A grant that this program has written: the reader's certificate and the value's SHA-256."""

    tag: CertificateTag
    mark: bytes


class GrantedKeys:
    """The summary keys of one link, as ``blo.keys`` brings them; a ``KeySource`` of the fold.

    Args:
        link: The link.
        identity: Whose grants can be opened.

    Attributes:
        ignored: Grants to this program that could not be opened.
    """

    def __init__(self, link: LinkId, identity: ProgramIdentity) -> None:
        self.link = link
        self.ignored = 0
        self._identity = identity
        self._keys: dict[KeyId, SummaryKey] = {}
        self._given: dict[bytes, _WrittenGrant] = {}
        self._overwritten: set[bytes] = set()

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        """The summary key with this id, or ``None`` while it has not been granted."""
        return self._keys.get(key)

    def summary_key_ids(self) -> Collection[KeyId]:
        """The ids of all summary keys that were granted."""
        return self._keys.keys()

    def content_key(self, case: CaseId) -> ContentKey | None:
        """``None``: such a program reads no contents."""
        del case
        return None

    def keys(self) -> Iterator[tuple[bytes, bytes]]:
        """The summary keys that were granted, by id and secret, for an encrypted file."""
        return ((key, granted.secret) for key, granted in self._keys.items())

    def written(self) -> Iterator[tuple[bytes, bytes]]:
        """The own grants that nobody has written over, by record key, for ``load``."""
        return (
            (record_key, given.tag + given.mark)
            for record_key, given in self._given.items()
            if record_key not in self._overwritten
        )

    def load(self, keys: Mapping[bytes, bytes], written: Mapping[bytes, bytes]) -> None:
        """Go on with keys and own grants that this program has stored.

        Args:
            keys: As ``keys`` gave them.
            written: As ``written`` gave them.

        Raises:
            UnusableKey: A secret is no key of its id.
        """
        for name, secret in keys.items():
            key = SummaryKey(secret)
            if key.id != name:
                raise UnusableKey("a stored key has another id")
            self._keys[key.id] = key
        for record_key, value in written.items():
            tag = CertificateTag(value[:TAG_SIZE])
            self._given[record_key] = _WrittenGrant(tag, value[TAG_SIZE:])

    def take(self, stored: ConsumedRecord, directory: TrustedDirectory) -> bool:
        """Takes a record of ``blo.keys``; whether it brought a new key."""
        self._look_for_own(stored)
        if stored.value is None:
            return False
        try:
            grant = GRANT.decode(stored.value)
        except WireError:
            return False
        if grant.link != self.link or grant.purpose is not KeyPurpose.SUMMARY:
            return False
        if grant.recipient != self._identity.subject or KeyId(grant.key) in self._keys:
            return False
        return self._open(grant, directory)

    def was_given(self, key: SummaryKey, reader: KeyRecipient) -> bool:
        """Whether this program has granted an own key to a reader under its present certificate."""
        given = self._given.get(grant_record_key(key.id, reader.subject))
        return given is not None and given.tag == reader.tag

    def mark_granted(self, key: SummaryKey, reader: KeyRecipient, value: bytes) -> None:
        """Note that an own key is being granted, with the record's value."""
        record_key = grant_record_key(key.id, reader.subject)
        self._given[record_key] = _WrittenGrant(reader.tag, sha256(value).digest())
        self._overwritten.discard(record_key)

    @property
    def has_overwritten(self) -> bool:
        """Whether somebody has written over own grants that ``give_overwritten_again`` can mend."""
        return bool(self._overwritten)

    def give_overwritten_again(self) -> int:
        """Forget the own grants that somebody has written over, so that they are made again.

        Another worker of this processor writes its own grants, too: call this so rarely that the
        two do not keep each other busy.

        Returns:
            How many.
        """
        count = len(self._overwritten)
        for record_key in self._overwritten:
            self._given.pop(record_key, None)
        self._overwritten.clear()
        return count

    def _look_for_own(self, stored: ConsumedRecord) -> None:
        given = self._given.get(stored.key or b"")
        if given is None or stored.key is None:
            return
        if sha256(stored.value or b"").digest() == given.mark:
            self._overwritten.discard(stored.key)
        else:
            self._overwritten.add(stored.key)

    def _open(self, grant: Grant, directory: TrustedDirectory) -> bool:
        tag = CertificateTag(grant.recipient_kid)
        keys = self._identity.keys_of(directory, tag)
        if keys is None:
            self.ignored += 1
            return False
        try:
            key = open_summary_grant(grant, self.link, self._identity.subject, tag, keys.kem)
        except SealingError:
            self.ignored += 1
            return False
        self._keys[key.id] = key
        return True


class OutputKeys:
    """The keys of outputs: a processor derives its own; another processor's were granted.

    Args:
        link: The link.
        directory: The own certificates.
        identity: The own private keys.
        granted: What others granted.
    """

    def __init__(
        self,
        link: LinkId,
        directory: TrustedDirectory,
        identity: ProgramIdentity,
        granted: GrantedKeys,
    ) -> None:
        self._link = link
        self._directory = directory
        self._identity = identity
        self._granted = granted
        self._own: dict[KeyId, SummaryKey] = {}

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        """The key with this id, if it was granted or derived."""
        return self._own.get(key) or self._granted.summary_key(key)

    def derive_own_key(self, accepted: Output) -> None:
        """Derive the key of an own output, one that was verified."""
        keys = self._identity.keys_of(self._directory, CertificateTag(accepted.kid))
        if keys is not None:
            key = processor_summary_key(keys, self._link, month_of(accepted.at))
            self._own[key.id] = key
