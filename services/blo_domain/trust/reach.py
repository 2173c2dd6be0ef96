"""How far new trust documents reach back into a link's log.

Two states of a link's trust agree on most records: a new certificate concerns the records that
name it, a new agreement those from its beginning on, a revocation those behind its cut. ``TrustReach``
says which records two states can judge differently; ``LinkTrustRules.reach`` makes it from the
documents alone. ``RecordTraces`` is the little that a fold remembers of its records, so that it can
tell without reading them again whether a change concerns any of them (docs/architecture.md,
"Keys and trust").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from blo_schemas.ids import CertificateTag, OfficeId
from blo_schemas.verdicts import Reason

NOWHERE: Final = 2**63 - 1
"""Later than every log time, behind every position."""

MOST_UNKNOWN_TAGS: Final = 1024
"""So many certificate tags that no document knows are remembered of a link, 8 bytes each."""

_Name = TypeVar("_Name", CertificateTag, OfficeId)
_MISSIGNED: Final = frozenset({Reason.BAD_SIGNATURE, Reason.WRONG_LINK})


@dataclass(frozen=True, slots=True)
class TrustReach:
    """The records of a link that two states of its trust can judge differently.

    A record is concerned if one of the four says so. What is concluded of the records before the
    first one concerned is the same: verdicts, views, alerts, and the facts about the offices.

    Attributes:
        instant: Records from this log time on, Unix milliseconds.
        position: Records from this position on.
        tags: Records that name one of these certificate tags, and that no certificate was known for.
        offices: Records of one of these offices whose signature did not fit the link.
    """

    instant: int = NOWHERE
    position: int = NOWHERE
    tags: frozenset[CertificateTag] = frozenset()
    offices: frozenset[OfficeId] = frozenset()

    @property
    def is_nothing(self) -> bool:
        """Whether no record at all is concerned, of today or later."""
        return self == NOTHING


NOTHING: Final = TrustReach()
EVERYTHING: Final = TrustReach(position=0)


@dataclass(slots=True)
class RecordTraces:
    """What a fold remembers of a link's records, to tell which documents would concern them.

    Its size is bounded: by ``MOST_UNKNOWN_TAGS``, and by the number of the link's offices.

    Attributes:
        latest: The latest log time of a record, Unix milliseconds; 0 before the first.
        unknown: Certificate tags that no document knows, each with the first position that names it.
        unknown_from: The first position whose unknown tag had no room here any more.
        missigned: Offices, each with the first of its records whose signature did not fit the link.
    """

    latest: int = 0
    unknown: dict[CertificateTag, int] = field(default_factory=dict)
    unknown_from: int = NOWHERE
    missigned: dict[OfficeId, int] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether every unknown tag had room."""
        return self.unknown_from == NOWHERE

    def note_rejected(
        self, position: int, reason: Reason, tag: CertificateTag, office: OfficeId | None
    ) -> None:
        """Note a record that the record layer rejects.

        Args:
            position: Its position.
            reason: Why it is rejected.
            tag: The certificate tag in its header.
            office: Who wrote it, if the tag is known.
        """
        if reason is Reason.UNKNOWN_KEY:
            if tag not in self.unknown:
                if len(self.unknown) < MOST_UNKNOWN_TAGS:
                    self.unknown[tag] = position
                else:
                    self.unknown_from = min(self.unknown_from, position)
        elif reason in _MISSIGNED and office is not None:
            self.missigned.setdefault(office, position)

    def spared(self, reach: TrustReach, size: int, latest: int) -> bool:
        """Whether no record of a prefix of the log is concerned.

        Args:
            reach: What has changed.
            size: The number of records in the prefix, at most those that were noted.
            latest: The latest log time in the prefix, Unix milliseconds.
        """
        if size == 0:
            return True
        return latest < reach.instant and size <= min(
            reach.position, self._first_unknown(reach), _first(self.missigned, reach.offices)
        )

    def _first_unknown(self, reach: TrustReach) -> int:
        first = _first(self.unknown, reach.tags)
        return min(first, self.unknown_from) if reach.tags else first


def _first(positions: Mapping[_Name, int], names: frozenset[_Name]) -> int:
    return min((positions[name] for name in names if name in positions), default=NOWHERE)
