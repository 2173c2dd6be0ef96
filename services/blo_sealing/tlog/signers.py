"""The signers of a checkpoint, by the trust documents.

Agreements name no witnesses. So a witness of a link is whoever holds a certificate of role witness
under the root of one of the link's countries: each country answers for its own, and none can make
an office sign anything that the office has not computed itself. An office counts on the links that
it is, was or will be a party to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from blo_domain.trust import Certified, TrustedDirectory
from blo_schemas.ids import LinkId, OfficeId, country_of
from blo_schemas.trust import Role
from blo_sealing.errors import OtherCheckpoint
from blo_sealing.tlog.checkpoints import SignedCheckpoint, link_of
from blo_sealing.tlog.notes import NoteKey, SignatureType

_TYPES = {Role.WITNESS: SignatureType.ED25519, Role.OFFICE: SignatureType.COSIGNATURE}


class CheckpointSigner(msgspec.Struct, frozen=True):
    """An office or witness whose good signature stands under a checkpoint.

    Attributes:
        subject: Who.
        role: ``WITNESS`` or ``OFFICE``.
        time: When, for an office; Unix milliseconds.
        certificates: The certificates that name the key.
    """

    subject: OfficeId
    role: Role
    time: int | None
    certificates: tuple[Certified, ...]

    def counts(self, link: LinkId, size: int, at: int) -> bool:
        """Whether one of the certificates counted on a link, for a tree of a size, at an instant.

        Args:
            link: The link.
            size: The checkpoint's size.
            at: Unix milliseconds.
        """
        return any(certified.counts(link, size, at) for certified in self.certificates)


def signatories(
    signed: SignedCheckpoint, directory: TrustedDirectory
) -> tuple[CheckpointSigner, ...]:
    """Checks all signatures by keys that the directory knows for the checkpoint's link.

    Whether a certificate counted when it was used is left to ``CheckpointSigner.counts``.

    Raises:
        OtherCheckpoint: The origin is not that of a link of the directory.
        InvalidSignature: A line that names a known key is not its signature.
        UnsignedNote: No known key has signed.
    """
    link = known_link(signed, directory)
    names = {OfficeId(line.name) for line in signed.note.signatures}
    certified = _keys(directory, link, names)
    return tuple(
        CheckpointSigner(
            OfficeId(one.key.name),
            Role.OFFICE if one.key.type is SignatureType.COSIGNATURE else Role.WITNESS,
            None if one.time is None else one.time * 1000,
            tuple(certified[one.key]),
        )
        for one in signed.verify(certified)
    )


def known_link(signed: SignedCheckpoint, directory: TrustedDirectory) -> LinkId:
    """The link that a checkpoint is about.

    Raises:
        OtherCheckpoint: The origin is not that of a link of the directory.
    """
    corridor, link = link_of(signed.checkpoint.origin)
    if corridor not in {term.agreement.corridor for term in directory.terms(link)}:
        raise OtherCheckpoint(f"no agreement makes {signed.checkpoint.origin} the log of a link")
    return link


def unknown_signers(signed: SignedCheckpoint, directory: TrustedDirectory) -> tuple[str, ...]:
    """The names on the lines whose keys the directory does not know for the checkpoint's link.

    Raises:
        OtherCheckpoint: The origin is not that of a link of the directory.
    """
    link = known_link(signed, directory)
    lines = signed.note.signatures
    known = {
        (key.name, key.id)
        for key in _keys(directory, link, {OfficeId(line.name) for line in lines})
    }
    return tuple(line.name for line in lines if (line.name, line.key_id) not in known)


def _keys(
    directory: TrustedDirectory, link: LinkId, names: Iterable[OfficeId]
) -> dict[NoteKey, list[Certified]]:
    parties = directory.offices(link)
    countries = {country_of(office) for office in parties}
    known: dict[NoteKey, list[Certified]] = defaultdict(list)
    for name in names:
        for certified in directory.certificates(name):
            certificate = certified.certificate
            kind = _TYPES.get(certificate.role)
            if kind is None or certificate.country not in countries:
                continue
            if certificate.role is Role.WITNESS or name in parties:
                known[NoteKey(name, kind, certificate.signing_key)].append(certified)
    return known
